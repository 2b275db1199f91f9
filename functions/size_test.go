package functions

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// megabytes bounds the binary of each function, stripped, so that growth is
// seen: the platform loads it whenever it starts an instance. Raise a number
// only for what the function does more. The product's own target is 13, 17 for
// awscomponent.
var megabytes = map[string]float64{
	"upload":       11.5,
	"message":      11.5,
	"rebuild":      10.5,
	"watch":        10,
	"deadletter":   10.5,
	"awscomponent": 13,
}

// TestBinarySizes: what looks small in the source may not be. A type of the
// ECS client, or a package that calls methods by name as text/template does,
// adds megabytes; sorting one more type with package slices adds 20 KB.
func TestBinarySizes(t *testing.T) {
	programs, err := filepath.Glob("*/main.go")
	require.NoError(t, err)
	require.Len(t, programs, len(megabytes), "each function has a number")
	for _, name := range slices.Sorted(maps.Keys(megabytes)) {
		size, most := megabytesOf(t, name), megabytes[name]
		t.Logf("%-12s %6.2f MB, at most %.1f", name, size, most)
		require.LessOrEqual(t, size, most, "the function %s has grown: see the table", name)
	}
}

// BenchmarkBinarySize prints the size of each function, stripped.
func BenchmarkBinarySize(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(megabytes)) {
		b.Run(name, report(megabytesOf(b, name), megabytes[name], "MB", 0, ""))
	}
}

func megabytesOf(t testing.TB, name string) float64 {
	t.Helper()
	info, err := os.Stat(build(t, "./"+name))
	require.NoError(t, err)
	return float64(info.Size()) / 1e6
}

// build compiles a program as `make build` does and returns its path.
func build(t testing.TB, dir string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), filepath.Base(dir))
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags=nethttpomithttp2", "-ldflags", "-s -w", "-o", out, dir)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	return out
}

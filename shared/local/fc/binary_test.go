package fc_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/fc"
)

// build makes the function versioned, in place of what is there.
func build(t *testing.T, path, version string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", path, "-ldflags", "-X main.version="+version, "./testdata/functions/versioned")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestARebuiltBinaryIsPickedUp(t *testing.T) {
	f := function("versioned")
	f.Command = filepath.Join(t.TempDir(), "versioned")
	f.MaxInstances = 1
	build(t, f.Command, "one")
	w := start(t, []fc.Function{f})
	ask := func() fc.Result { return w.invokeRaw("versioned", nil) }
	require.Equal(t, "one", answer[string](t, ask()))
	require.Equal(t, 1, w.stats("versioned").ColdStarts)

	build(t, f.Command, "two")
	require.Eventually(t, func() bool { return answer[string](t, ask()) == "two" }, patience, 20*time.Millisecond)
	for range 3 {
		require.Equal(t, "two", answer[string](t, ask()))
	}
	require.Equal(t, 2, w.stats("versioned").ColdStarts, "nothing else was started again")
}

// An instance goes on while its binary is away.
func TestAMissingBinaryReplacesNothing(t *testing.T) {
	f := function("versioned")
	f.Command = filepath.Join(t.TempDir(), "versioned")
	build(t, f.Command, "one")
	w := start(t, []fc.Function{f})
	require.Equal(t, "one", answer[string](t, w.invokeRaw("versioned", nil)))
	require.NoError(t, os.Remove(f.Command))
	require.Equal(t, "one", answer[string](t, w.invokeRaw("versioned", nil)))
	require.Equal(t, 1, w.stats("versioned").ColdStarts)
}

// What is at work ends in its own time.
func TestARebuiltBinaryWaitsForWhoIsAtWork(t *testing.T) {
	g := newGate(t)
	f := function("actor")
	f.Command = filepath.Join(t.TempDir(), "actor")
	f.MaxInstances = 1
	text, err := os.ReadFile(filepath.Join(binaries(), "actor"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(f.Command, text, 0o755))
	w := start(t, []fc.Function{f})
	before := answer[int](t, w.invoke(order{Do: "pid"}))
	done := make(chan fc.Result, 1)
	go func() { done <- w.invoke(order{Do: "get", URL: g.URL}) }()
	visit := g.next()
	require.NoError(t, os.Chtimes(f.Command, time.Time{}, time.Now().Add(-time.Hour)))
	next := make(chan int, 1)
	go func() { next <- answer[int](t, w.invoke(order{Do: "pid"})) }()
	visit.leave(200)
	require.Empty(t, take(t, done, "the answer").ErrorType)
	require.NotEqual(t, before, take(t, next, "the next answer"))
}

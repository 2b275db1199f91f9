package buildkit

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/template"
)

// Targets, as ratios.
const (
	targetLint    = 0.25 // of one template of 16 KB, over BuildKit's parse and lint
	targetProcess = 0.20 // of 1,000 of them, whole process, over the same
	targetPerByte = 1.20 // of a template of 1 KB, over one of 16 KB
)

// large is a template near both limits, 127 commands and 16,384 bytes, of what
// images are made with.
const large = "../testdata/large.Dockerfile"

// lint is what is measured: every rule on, shell text parsed.
func lint(text []byte) *template.Template {
	return template.Options{Pedantic: true}.ParseFile("templates/web.Dockerfile", text)
}

// BenchmarkLint judges one template beside BuildKit.
func BenchmarkLint(b *testing.B) {
	text, err := os.ReadFile(large)
	require.NoError(b, err)
	warnings, err := Lint(text)
	require.NoError(b, err)
	require.Zero(b, warnings)
	ours, theirs := sideBySide(func() { lint(text) }, func() { Lint(text) })
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ours/1e3, "µs")
	b.ReportMetric(ours/theirs, "x-buildkit")
	b.ReportMetric(targetLint, "target")
}

// BenchmarkLintPerByte judges the beginnings of the template. The header, which
// is as long for a short template as for a long one, is left out.
func BenchmarkLintPerByte(b *testing.B) {
	text, err := os.ReadFile(large)
	require.NoError(b, err)
	_, text, _ = bytes.Cut(text, []byte("# ---\n# name"))
	_, text, _ = bytes.Cut(text, []byte("# ---\n"))
	for _, size := range []int{1 << 10, 2 << 10, 4 << 10, 8 << 10} {
		part := beginning(text, size)
		short, whole := sideBySide(func() { lint(part) }, func() { lint(text) })
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(short/1e3, "µs")
			b.ReportMetric(short/float64(len(part))/(whole/float64(len(text))), "x-16KB")
			b.ReportMetric(targetPerByte, "target")
		})
	}
}

// beginning cuts a template after the last command that fits.
func beginning(text []byte, size int) []byte {
	if len(text) <= size {
		return text
	}
	for end := size; ; end-- {
		if text[end-1] == '\n' && text[end] >= 'A' && text[end] <= 'Z' {
			return text[:end]
		}
	}
}

// sideBySide times both in turns and returns the fastest round of each, in
// nanoseconds: what a busy machine adds is nobody's.
func sideBySide(us, them func()) (float64, float64) {
	const rounds = 60
	best := [2]float64{math.Inf(1), math.Inf(1)}
	for range rounds {
		for i, f := range []func(){us, them} {
			n, start := 0, time.Now()
			for ; time.Since(start) < 5*time.Millisecond; n++ {
				f()
			}
			best[i] = min(best[i], float64(time.Since(start))/float64(n))
		}
	}
	return best[0], best[1]
}

// BenchmarkLint1000Files runs `imagedrop lint` on 1,000 files beside a program
// that does with BuildKit what it can.
func BenchmarkLint1000Files(b *testing.B) {
	text, err := os.ReadFile(large)
	require.NoError(b, err)
	dir := b.TempDir()
	for i := range 1000 {
		require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("t%04d.Dockerfile", i)), text, 0o644))
	}
	ours := program(b, "../../..", "./shared/cmd/imagedrop")
	theirs := program(b, ".", "./lint")
	const rounds = 20
	best := [2]float64{math.Inf(1), math.Inf(1)}
	for range rounds {
		for i, args := range [][]string{{ours, "lint", dir}, {theirs, dir}} {
			start := time.Now()
			out, err := exec.Command(args[0], args[1:]...).Output()
			require.NoError(b, err)
			best[i] = min(best[i], float64(time.Since(start).Milliseconds()))
			require.GreaterOrEqual(b, bytes.Count(out, []byte("\n")), 1000)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(best[0], "ms")
	b.ReportMetric(best[0]/best[1], "x-buildkit")
	b.ReportMetric(targetProcess, "target")
}

func program(b *testing.B, module, pkg string) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Dir = module
	text, err := cmd.CombinedOutput()
	require.NoError(b, err, "%s", text)
	return out
}

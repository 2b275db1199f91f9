package template

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkLint16KB reads and judges one template at both limits with every
// rule. The module buildkit has the same beside BuildKit.
func BenchmarkLint16KB(b *testing.B) {
	text, err := os.ReadFile("testdata/large.Dockerfile")
	require.NoError(b, err)
	t := Options{Pedantic: true}.ParseFile("templates/web.Dockerfile", text)
	require.Empty(b, t.Findings)
	require.Equal(b, MaxCommands, t.Content.Commands)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Options{Pedantic: true}.ParseFile("templates/web.Dockerfile", text)
	}
}

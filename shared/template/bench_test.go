package template

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// large is a template near both limits, of what images are made with.
const large = "testdata/large.Dockerfile"

func TestLarge(t *testing.T) {
	text, err := os.ReadFile(large)
	require.NoError(t, err)
	got := ParseFile("templates/web.Dockerfile", text)
	require.Empty(t, got.Findings)
	require.Equal(t, MaxCommands, got.Content.Commands)
	require.Greater(t, got.Content.Bytes, MaxContentBytes*95/100)
}

// BenchmarkLint16KB reads and judges one template with every rule. The module
// buildkit has the same beside BuildKit.
func BenchmarkLint16KB(b *testing.B) {
	text, err := os.ReadFile(large)
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Options{Pedantic: true}.ParseFile("templates/web.Dockerfile", text)
	}
}

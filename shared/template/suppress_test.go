package template

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A suppressed error is sent: the service has the last word. What suppresses it
// is not sent, and changes no digest.
func TestSuppressionsAreNotSent(t *testing.T) {
	with := ParseFile("templates/web.Dockerfile", []byte("# ---\n# # ib:ignore IB0209 a group of another form\n# resourceGroupId: web\n# ---\n"+
		"# ib:ignore IB0101 the service knows it\nADD a b\nRUN true && \\\n# ib:ignore IB0009 a gap\n\n true\n"))
	without := ParseFile("templates/web.Dockerfile", []byte("# ---\n# resourceGroupId: web\n# ---\nADD a b\nRUN true && \\\n true\n"))
	require.Empty(t, with.Findings)
	require.False(t, with.HasErrors())
	require.False(t, with.Rejects(TargetAlibaba))
	require.True(t, without.HasErrors())
	require.Equal(t, without.Parameters(), with.Parameters())
	require.Equal(t, Digest(without.Parameters()), Digest(with.Parameters()))
}

// A suppression covers what the scanner takes for its command: two backslashes
// continue nothing.
func TestSuppressionEndsWithItsCommand(t *testing.T) {
	for _, end := range []string{"a", `\\`, `\\\`} {
		got := ParseFile("templates/web.Dockerfile", []byte("# ib:ignore IB0101 the service knows it\nRUN echo "+end+"\nADD a b\n"))
		require.Equal(t, []string{"IB0013", "IB0101"}, ids(got), end)
	}
}

// Findings that are suppressed do not count towards those that are reported,
// and they are bounded all the same.
func TestSuppressedFindingsAreNotLost(t *testing.T) {
	const many = maxAlike + 50
	quiet := strings.Repeat("# ib:ignore IB0101 the service knows it\nADD a b\n", many)
	got := ParseFile("templates/web.Dockerfile", []byte(quiet+"ADD a b\n"))
	require.Contains(t, ids(got), "IB0101")
	require.True(t, got.HasErrors())

	over := "# ib:ignore IB0143 quotes are not needed\nENV" + strings.Repeat(" a=b", maxSuppressed+maxAlike+1) + "\n"
	got = ParseFile("templates/web.Dockerfile", []byte(over))
	require.Len(t, got.Findings, maxAlike)
}

// Suppressions are bounded, too; the first one too many is an error.
func TestTooManySuppressions(t *testing.T) {
	one := "# ib:ignore IB0143 quotes are not needed\nENV a=b\n"
	require.Empty(t, ParseFile("templates/web.Dockerfile", []byte(strings.Repeat(one, 100))).Findings)
	got := ParseFile("templates/web.Dockerfile", []byte(strings.Repeat(one, maxSuppressed+1)))
	require.Contains(t, ids(got), "IB0014")
	require.Contains(t, ids(got), "IB0143")
}

// A suppression is no use only where that is certain.
func TestUnusedSuppressionsOfRulesThatWereNotAsked(t *testing.T) {
	text := "FROM IMAGE:m-bp67acfmxazb4p****\n# ib:ignore IB0132,IB0503 not asked\nRUN true\n"
	require.Empty(t, ParseFile("templates/web.Dockerfile", []byte(text)).Findings)
	asked := Options{Pedantic: true}.ParseFile("templates/web.Dockerfile", []byte(text))
	require.Equal(t, []string{"IB0013"}, ids(asked))

	asked.Join(nil)
	require.Equal(t, []string{"IB0013", "IB0013"}, ids(asked), "every check for target aws is done")
	asked.Join(nil)
	require.Len(t, asked.Findings, 2)
}

func TestJoinLeavesOutWhatIsSuppressed(t *testing.T) {
	read := ParseFile("templates/web.Dockerfile", []byte("# ---\n# targets: [aws]\n# ---\n# ib:ignore IB0503 it restarts on purpose\nRUN true && \\\n exit 194\nRUN exit 194\n"))
	found := func() (out []Finding) {
		for _, c := range read.Commands() {
			out = append(out, c.Finding("IB0503", Warning, Range{0, 4}, "194", "no"))
		}
		return out
	}
	require.Len(t, read.Unsuppressed(found()), 1)
	all := found()
	read.Join(all)
	require.Equal(t, []string{"IB0503"}, ids(read))
	require.Equal(t, 7, read.Findings[0].Line)
	require.Len(t, all, 2)
	require.Equal(t, "IB0503", all[1].Rule, "the caller's list is left alone")
}

func ids(t *Template) (ids []string) {
	for _, f := range t.Findings {
		ids = append(ids, f.Rule)
	}
	return ids
}

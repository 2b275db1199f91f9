package awstoe

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"imagedrop/shared/template"
)

// Pieces of generated templates: names that meet, and values that hurt.
var (
	names   = []string{"A", "B", "C", "PATH_X", "_u"}
	folders = []string{"/ROOT/w", "/ROOT/w/sub", "sub", "../up", ".", "/ROOT/it\\'s", "$D/x", "'/ROOT/q'", "/ROOT/{{d}}", "${NOT_SET:-/ROOT/else}"}
	values  = []string{`""`, `"x"`, `"two  words"`, `'single "$A"'`, `"it's"`, `"$A"`, `"${B}-$A"`, `"${C:-none}"`, `"${A:+set}"`, `a\ b`, `"\$A \"q\" \\"`,
		`"{{ a }}"`, `'{{{b}}}'`, `"$PATH:/x"`, `"é世界🎈"`, `"` +
			"`touch /ROOT/pwned`" + `"`, `"$(touch /ROOT/pwned)"`, `"#;&|<>*?~!"`, `"a"'b'c`, `"\n\t"`, `"%s%d"`, `"$HOME"`}
	runs = []string{
		`echo "$A|$B|$C|$PATH_X|$_u" >> /ROOT/log`, `pwd >> /ROOT/log`, `env | sort > /ROOT/env`, `cd / && export A=leak`, `false; true`,
		`printf '%%s\n' "it's" '"' '\' >> /ROOT/log`, `echo '{{x}}' {{a,b},c} >> /ROOT/log`, `umask 077; touch /ROOT/private`, `[ -n "$A" ]`, `exit 3`,
		`x=$(echo 1); echo $((x+1)) >> /ROOT/log`, "echo a \\\n  # why\n  b >> /ROOT/log", `mkdir -p /ROOT/src && echo s > /ROOT/src/f`,
		`["sh", "-c", "echo \"$0 $A {{x}}\" >> /ROOT/log", "it's"]`, `set -eu; echo ${NOT_SET:-unset} >> /ROOT/log`, `r 2>/dev/null || echo no r >> /ROOT/log`,
		`echo "é世界` + "\u00a0\u0085\u2028" + `" >> /ROOT/log`, `trap 'echo bye >> /ROOT/log' EXIT`,
	}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// generate writes a template that the linter accepts.
func generate(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("ENV D=\"/ROOT/d\"\nWORKDIR /ROOT/a/b\n")
	for range 3 + r.IntN(12) {
		switch r.IntN(12) {
		case 0, 1, 2:
			b.WriteString("ENV")
			for range 1 + r.IntN(3) {
				b.WriteString(" " + pick(r, names) + "=" + pick(r, values))
			}
		case 3:
			b.WriteString("ENV " + pick(r, names) + " " + pick(r, values) + "  tail")
		case 4, 5:
			b.WriteString("WORKDIR " + pick(r, folders))
		case 6:
			b.WriteString("USER " + pick(r, []string{"web", "app", "root"}))
		case 7:
			b.WriteString("ENV D=\"" + pick(r, []string{"/ROOT/d", "/ROOT/d d", "$D/e"}) + "\"\nCOPY /ROOT/src " + pick(r, folders))
		case 8:
			b.WriteString(pick(r, []string{"RESTART", "COPY http://SERVER/files/f " + pick(r, []string{"/ROOT/w", "down"})}))
		default:
			fmt.Fprintf(&b, "RUN %s", strings.ReplaceAll(pick(r, runs), "%%", "%"))
		}
		b.WriteByte('\n')
	}
	return b.String() + "RUN env | sort > /ROOT/end; pwd >> /ROOT/end\n"
}

// TestMeaningOfGeneratedTemplates is TestMeaningIsKept over templates that
// nobody thought of. What is refused has an error finding; nothing else differs.
func TestMeaningOfGeneratedTemplates(t *testing.T) {
	server := newServer(t)
	const count = 60
	var ran atomic.Int32
	t.Run("all", func(t *testing.T) {
		for seed := range uint64(count) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				text := generate(rand.New(rand.NewPCG(4, seed)))
				w := newWorld(t, server)
				if Component(parse(t, w.settle(text))).Document != "" {
					ran.Add(1)
					require.True(t, agrees(t, server, text, false, ""), text)
				}
			})
		}
	})
	require.Greater(t, ran.Load(), int32(count/2))
}

// TestQuotedTextIsOneArgument asks bash itself about any text.
func TestQuotedTextIsOneArgument(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	alphabet := []string{"'", `"`, `\`, "$", "`", "{", "}", "!", "*", "~", "#", " ", "\t", "\n", "é", "世", "🎈", "\u2028", "a", "-", "(", "&", "%", "=", "\x7f", "\x1b"}
	var script strings.Builder
	var want []string
	for range 400 {
		s := ""
		for range r.IntN(14) {
			s += pick(r, alphabet)
		}
		both := word{{text: s}, {name: "EMPTY"}}
		require.NotContains(t, quote(s)+both.shell(), "{{")
		script.WriteString("printf '%s\\0' " + quote(s) + " " + both.shell() + "\n")
		want = append(want, s, s)
	}
	out, err := exec.Command("/bin/bash", "-c", script.String()).Output()
	require.NoError(t, err)
	require.Equal(t, want, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"))
}

// FuzzTranslate: no panic; positions inside the text; a document that Validate
// accepts, that fits, and that reads back as what was written; the same twice.
func FuzzTranslate(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(generate(rand.New(rand.NewPCG(6, seed))))
	}
	f.Add("# ---\n# aws: {components: {ic-1: arn:aws:imagebuilder:us-west-2:aws:component/a/1.0.0}}\n# ---\nFROM IMAGE:m-1\nCOMPONENT ic-1 --a b\nLABEL a=b\nCMD x\n# --- test\nRUN a\n")
	f.Add("# ---\n# aws: {systemdUnit: true}\n# ---\nCMD [\"a\"]\nENTRYPOINT b\nCOPY s3://b/k* /x\nUSER $A\nENV \n")
	f.Fuzz(func(t *testing.T, source string) {
		read := template.ParseFile("templates/x.Dockerfile", []byte(source))
		result := Component(read)
		require.Equal(t, result, Component(template.ParseFile("templates/x.Dockerfile", []byte(source))))
		lines := strings.Count(source, "\n") + 1
		for _, found := range result.Findings {
			require.True(t, found.Line >= 1 && found.Line <= lines && found.Column >= 1, "%+v", found)
		}
		tr := translated(read)
		for _, layout := range layouts {
			doc := layout(tr.phases()).text
			if len(tr.phases()) == 0 || read.HasErrors() || hasErrors(tr.found) {
				continue
			}
			for _, found := range Validate("x.yaml", []byte(doc), "Linux") {
				require.NotEqual(t, template.Error, found.Severity, "%+v\n%s", found, doc)
			}
			requireNames(t, doc)
		}
		require.LessOrEqual(t, len([]rune(result.Document)), MaxInline)
	})
}

// requireNames: each step says which lines it comes from.
func requireNames(t *testing.T, doc string) {
	var back parsed
	require.NoError(t, yaml.Unmarshal([]byte(doc), &back), doc)
	for _, phase := range back.Phases {
		for _, step := range phase.Steps {
			require.Regexp(t, `^L\d{3,}(-L\d{3,})?-[a-z-]+$`, step.Name)
		}
	}
}

// TestTextReadsBack: each way to write a text reads back as that text.
func TestTextReadsBack(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 0))
	alphabet := []string{"'", `"`, `\`, ":", "#", " ", "\t", "\n", "é", "🎈", "\u0085", "\u2028", "\ufeff", "\u00a0", "a", "-", "|", "%", "\x7f", "\x1b", "{", "@"}
	for range 3000 {
		s := ""
		for range 1 + r.IntN(10) {
			s += pick(r, alphabet)
		}
		forms := []string{quoted(s), value(s, "    ")}
		if block, ok := literalBlock(s, "    "); ok {
			forms = append(forms, block)
		}
		for _, form := range forms {
			var back map[string]string
			require.NoError(t, yaml.Unmarshal([]byte("a: "+form+"\nb: x\n"), &back), "%q %s", s, form)
			require.Equal(t, map[string]string{"a": s, "b": "x"}, back, "%q", form)
		}
	}
}

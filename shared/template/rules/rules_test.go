package rules_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/awstoe"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
	"imagedrop/shared/template/rules"
)

var update = flag.Bool("update", false, "write what the pages derive from the table")

func TestEachRuleHasItsPage(t *testing.T) {
	var ids []string
	for _, rule := range template.Rules {
		ids = append(ids, rule.ID)
		require.NotEmpty(t, rules.Page(rule.ID), rule.ID)
	}
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	for _, file := range files {
		require.Contains(t, ids, strings.TrimSuffix(file, ".md"), "a page of no rule")
	}
	require.Empty(t, rules.Page("IB0000"))
}

// TestGist: a sentence or more, as one line, of at most the 1,024 characters that
// code scanning of GitHub takes.
func TestGist(t *testing.T) {
	for i := range template.Rules {
		id := template.Rules[i].ID
		require.Regexp(t, "^[A-Za-z`].{40,}[.:]$", rules.Gist(id), id)
		require.LessOrEqual(t, len(rules.Gist(id)), 1024, id)
	}
	require.Equal(t, "Docker's `<<NAME` is not part of this dialect:", rules.Gist("IB0010")[:46])
	require.Empty(t, rules.Gist("IB0000"))
}

// TestPagesBeginWithTheirRow: title and second paragraph are those of the table.
func TestPagesBeginWithTheirRow(t *testing.T) {
	for i := range template.Rules {
		rule := &template.Rules[i]
		if rules.Page(rule.ID) == "" {
			continue // TestEachRuleHasItsPage
		}
		_, rest, _ := strings.Cut(rules.Page(rule.ID), "\n\n")
		_, body, found := strings.Cut(rest, "\n\n")
		require.True(t, found, rule.ID)
		want := head(rule) + "\n\n" + body
		if *update {
			require.NoError(t, os.WriteFile(rule.ID+".md", []byte(want), 0o644))
			continue
		}
		require.Equal(t, want, rules.Page(rule.ID))
	}
}

// head is what a page derives from the table.
func head(rule *template.Rule) string {
	facts := []string{"Severity: " + string(rule.Severity)}
	if rule.Target != "" {
		facts = append(facts, "target: "+rule.Target)
	}
	if len(rule.Codes) > 0 {
		facts = append(facts, "service code: `"+strings.Join(rule.Codes, "`, `")+"`")
	}
	if rule.Pedantic {
		facts = append(facts, "off unless `--pedantic`")
	}
	if rule.Firm {
		facts = append(facts, "cannot be suppressed")
	}
	return "# " + rule.ID + " " + rule.Doc + "\n\n" + strings.Join(facts, "; ") + "."
}

// TestExamples runs every example: each bad one has the finding, no good one
// has it, nor anything else that is worth a look.
func TestExamples(t *testing.T) {
	for _, rule := range template.Rules {
		if rules.Page(rule.ID) == "" {
			continue // TestEachRuleHasItsPage
		}
		t.Run(rule.ID, func(t *testing.T) {
			prose, bad, good := sections(t, rules.Page(rule.ID))
			require.NotEmpty(t, prose)
			require.NotEmpty(t, bad)
			require.NotEmpty(t, good)
			for _, b := range bad {
				require.Contains(t, idsOf(b.lint(t, rule.ID)), rule.ID, b.text)
			}
			for _, b := range good {
				for _, f := range b.lint(t, rule.ID) {
					require.NotEqual(t, rule.ID, f.Rule, "%d:%d %s\n%s", f.Line, f.Column, f.Message, b.text)
					require.False(t, f.Severity != template.Info, "%d:%d %s %s\n%s", f.Line, f.Column, f.Rule, f.Message, b.text)
				}
			}
		})
	}
}

func idsOf(found []template.Finding) (ids []string) {
	for _, f := range found {
		ids = append(ids, f.Rule)
	}
	return ids
}

// block is a fenced example.
type block struct{ language, text string }

// sections cuts a page into its prose and its examples.
func sections(t *testing.T, page string) (prose string, bad, good []block) {
	t.Helper()
	text, examples, found := strings.Cut(page, "\n## Bad\n")
	require.True(t, found, page)
	worse, better, found := strings.Cut(examples, "\n## Good\n")
	require.True(t, found, page)
	paragraphs := strings.SplitN(text, "\n\n", 3)
	require.Len(t, paragraphs, 3, page)
	return paragraphs[2], blocks(worse), blocks(better)
}

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

func blocks(text string) (out []block) {
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		out = append(out, block{m[1], repeated(m[2])})
	}
	return out
}

// repetition is how an example that must be long says so.
var repetition = regexp.MustCompile(`(?m)^(.*\n)# \.\.\. the line above ([0-9]+) times\n`)

func repeated(text string) string {
	return repetition.ReplaceAllStringFunc(text, func(found string) string {
		m := repetition.FindStringSubmatch(found)
		times, _ := strconv.Atoi(m[2])
		return strings.Repeat(m[1], times)
	})
}

// extensions are the languages of blocks that are files, with their extensions.
var extensions = map[string]string{"dockerfile": ".Dockerfile", "yaml": ".yaml"}

// lint does with an example what a function does with a template or a message
// of that text. The rule of the policy is judged by the strict one.
func (b block) lint(t *testing.T, rule string) []template.Finding {
	t.Helper()
	var read *template.Template
	switch extension := extensions[b.language]; {
	case b.language == "json":
		read = template.ParseMessage([]byte(b.text)).Resolve("", nil)
	case extension != "":
		read = template.Options{Pedantic: isPedantic(rule)}.ParseFile(template.Prefix+"example"+extension, []byte(b.text))
	default:
		require.Fail(t, "a block of an unknown language", "%s: %q", rule, b.language)
	}
	if slices.Contains(read.Targets, template.TargetAWS) && read.AWS().URI == "" {
		read.Join(awstoe.Component(read).Findings)
	}
	if rule == "IB0258" {
		strict, err := imagebuild.ParsePolicy("")
		require.NoError(t, err)
		strict.Check(read, "cn-hangzhou")
	}
	return read.Findings
}

func isPedantic(id string) bool {
	return slices.ContainsFunc(template.Rules, func(r template.Rule) bool { return r.ID == id && r.Pedantic })
}

func TestRepetition(t *testing.T) {
	require.Equal(t, "a\nb\nb\nb\nc\n", repeated("a\nb\n# ... the line above 3 times\nc\n"))
	require.Equal(t, fmt.Sprint([]block{{"yaml", "a\n"}}), fmt.Sprint(blocks("x\n```yaml\na\n```\n")))
}

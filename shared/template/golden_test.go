package template

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files and the schema")

// parseGolden reads one input: .json and .body are message bodies, the rest
// are files. The cases of a pedantic rule are read with those rules on.
func parseGolden(t *testing.T, path string) *Template {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	name := filepath.Base(path)
	o := Options{Pedantic: ruleOf(name[:min(len("IB0000"), len(name))]).Pedantic}
	switch filepath.Ext(path) {
	case ".json", ".body":
		return o.ParseMessage(text).Resolve("", nil)
	default:
		return o.ParseFile(Prefix+name, text)
	}
}

func inputs(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join("testdata", dir, "*"))
	require.NoError(t, err)
	var out []string
	for _, path := range all {
		if filepath.Ext(path) != ".out" {
			out = append(out, path)
		}
	}
	require.NotEmpty(t, out)
	return out
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// TestAccepted: no finding, and the parameters that are sent.
func TestAccepted(t *testing.T) {
	for _, path := range inputs(t, "ok") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			got := parseGolden(t, path)
			require.Empty(t, got.Findings)
			var b strings.Builder
			fmt.Fprintf(&b, "%s %s, %d commands, %d bytes\n", got.Kind, got.Format, got.Content.Commands, got.Content.Bytes)
			if got.Build {
				b.WriteString("then a build\n")
			}
			if got.Kind == Execution {
				fmt.Fprintf(&b, "of ID %q, name %q in %q\n", got.ImagePipelineID, got.PipelineName, got.RegionID)
			}
			if slices.Contains(got.Targets, TargetAWS) {
				fmt.Fprintf(&b, "for %v: %+v\n", got.Targets, got.AWS())
			}
			for _, p := range got.Parameters() {
				fmt.Fprintf(&b, "%s = %q\n", p.Name, p.Value)
			}
			compare(t, path+".out", b.String())
		})
	}
}

// TestFindings: every finding of an input, in order.
func TestFindings(t *testing.T) {
	for _, path := range inputs(t, "err") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			got := parseGolden(t, path)
			var b strings.Builder
			for _, f := range got.Findings {
				fmt.Fprintf(&b, "%s:%d:%d-%d:%d %s %s", f.Path, f.Line, f.Column, f.EndLine, f.EndColumn, f.Severity, f.Rule)
				if f.ServiceCode != "" {
					fmt.Fprintf(&b, " [%s]", f.ServiceCode)
				}
				fmt.Fprintf(&b, " %s\n\thelp: %s\n", f.Message, f.Help)
				requireListed(t, f)
			}
			compare(t, path+".out", b.String())
		})
	}
}

// requireListed: a finding's rule and code stand in the table, and its help
// says something.
func requireListed(t *testing.T, f Finding) {
	t.Helper()
	rule := ruleAt(f.Rule)
	require.NotNil(t, rule, f.Rule)
	require.NotEmpty(t, f.Message)
	require.NotEmpty(t, f.Help, "%s %s", f.Rule, f.Message)
	if f.ServiceCode != "" && !strings.Contains(strings.Join(rule.Codes, " "), "<CMD>") {
		require.Contains(t, rule.Codes, f.ServiceCode, f.Rule)
	}
}

// elsewhere are the rules that no template text alone can break.
var elsewhere = map[string]string{"IB0258": "TestReport: only imagebuild knows the policy"}

// awsKeyRules judge what goes to AWS beside the content.
var awsKeyRules = []string{"IB0506", "IB0507", "IB0508", "IB0509", "IB0517"}

// TestEveryRuleHasCases: testdata/err/<rule>.* breaks it, its twin
// testdata/ok/<rule>.* comes close and does not.
func TestEveryRuleHasCases(t *testing.T) {
	for _, rule := range Rules {
		t.Run(rule.ID, func(t *testing.T) {
			if elsewhere[rule.ID] != "" || strings.HasPrefix(rule.ID, "IB05") && !slices.Contains(awsKeyRules, rule.ID) {
				return // what concerns the content of target aws has its cases in awstoe
			}
			broken := caseOf(t, "err", rule.ID)
			found := false
			for _, f := range parseGolden(t, broken).Findings {
				found = found || f.Rule == rule.ID
			}
			require.True(t, found, "%s does not break %s", broken, rule.ID)
			for _, f := range parseGolden(t, caseOf(t, "ok", rule.ID)).Findings {
				require.NotEqual(t, rule.ID, f.Rule)
			}
		})
	}
}

func caseOf(t *testing.T, dir, rule string) string {
	t.Helper()
	for _, path := range inputs(t, dir) {
		if name := filepath.Base(path); strings.HasPrefix(name, rule+".") {
			return path
		}
	}
	require.Fail(t, "no case", "testdata/%s/%s.*", dir, rule)
	return ""
}

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/template"
	"imagedrop/shared/template/rules"
)

func TestRulesAreListed(t *testing.T) {
	r := imagedrop(t, "rules").requireCode(t, exitDone)
	lines := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
	require.Len(t, lines, len(template.Rules))
	require.Contains(t, lines, "IB0102  error         RUN without argument")
	require.Contains(t, lines, "IB0132  info     off  COMPONENT with an open version")
	require.NotContains(t, r.out, "\x1b")

	var got ruleReport
	require.NoError(t, json.Unmarshal([]byte(imagedrop(t, "rules", "--json").requireCode(t, exitDone).out), &got))
	require.Equal(t, reportVersion, got.Version)
	require.Len(t, got.Rules, len(template.Rules))
	require.Contains(t, got.Rules, ruleInfo{ID: "IB0102", Severity: template.Error, ServiceCodes: []string{"EmptyCommandContent.RUN"}, Summary: "RUN without argument"})
}

func TestARuleIsExplained(t *testing.T) {
	r := imagedrop(t, "rules", "ib0010").requireCode(t, exitDone)
	require.True(t, strings.HasPrefix(r.out, "IB0010 a here-document\n\nSeverity: error; service code: `InvalidCommandContent.<CMD>`; cannot be suppressed.\n"), r.out)
	require.Contains(t, r.out, "\nBad\n\n    RUN cat > /etc/motd <<EOF\n")
	require.NotContains(t, r.out, "```")
	require.NotContains(t, r.out, "\x1b")

	var got ruleReport
	require.NoError(t, json.Unmarshal([]byte(imagedrop(t, "rules", "IB0010", "--json").requireCode(t, exitDone).out), &got))
	require.Len(t, got.Rules, 1)
	require.Equal(t, rules.Page("IB0010"), got.Rules[0].Page)
}

func TestAnUnknownRuleIsUsage(t *testing.T) {
	r := imagedrop(t, "rules", "IB01102").requireCode(t, exitTrouble)
	require.Empty(t, r.out)
	require.Contains(t, r.err, `there is no rule "IB01102"; did you mean IB0102?`)
	require.Contains(t, imagedrop(t, "rules", "everything").requireCode(t, exitTrouble).err, "`imagedrop rules` lists them")
}

// A comment in an example is no heading.
func TestAPageAsText(t *testing.T) {
	const page = "# IB1 a\n\nText `b`.\n\n## Bad\n\n```dockerfile\n# ---\n\nRUN\n```\n"
	require.Equal(t, "IB1 a\n\nText `b`.\n\nBad\n\n    # ---\n\n    RUN\n", printer{}.page(page))
	require.Contains(t, printer{colour: true}.page(page), "\x1b[1mIB1 a\x1b[0m\n")
}

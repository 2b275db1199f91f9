package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"imagedrop/shared/template"
	"imagedrop/shared/template/rules"
)

// ruleReport is what `rules --json` prints: stable, versioned.
type ruleReport struct {
	Version int        `json:"version"`
	Rules   []ruleInfo `json:"rules"`
}

// ruleInfo is a row of the table of rules.
type ruleInfo struct {
	ID           string            `json:"id"`
	Severity     template.Severity `json:"severity"`
	Pedantic     bool              `json:"pedantic"` // off unless asked for
	Firm         bool              `json:"firm"`     // cannot be suppressed
	Target       string            `json:"target"`   // the only target that it concerns, "" for all
	ServiceCodes []string          `json:"serviceCodes"`
	Summary      string            `json:"summary"`
	Page         string            `json:"page,omitempty"` // Markdown; where one rule was asked for
}

func newRules(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rules [ID]",
		Short: "List the rules of lint, or explain one of them",
		Long: `rules lists the rules that lint and the functions judge templates by; with an ID
it prints the rule's page: what it finds, what that costs, and how it is mended.`,
		Example:   "  imagedrop rules\n  imagedrop rules IB0301\n  imagedrop rules --json | jq -r '.rules[].id'",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: ruleIDs(),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listRules(asJSON, s)
			}
			return explainRule(strings.ToUpper(args[0]), asJSON, s)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}

func ruleIDs() (ids []string) {
	for i := range template.Rules {
		ids = append(ids, template.Rules[i].ID)
	}
	return ids
}

func infoOf(r *template.Rule) ruleInfo {
	return ruleInfo{ID: r.ID, Severity: r.Severity, Pedantic: r.Pedantic, Firm: r.Firm, Target: r.Target,
		ServiceCodes: append([]string{}, r.Codes...), Summary: r.Doc}
}

func listRules(asJSON bool, s streams) error {
	p := newPrinter(s.out, asJSON)
	report := ruleReport{Version: reportVersion, Rules: make([]ruleInfo, len(template.Rules))}
	var table strings.Builder
	for i := range template.Rules {
		r := &template.Rules[i]
		report.Rules[i] = infoOf(r)
		off := ""
		if r.Pedantic {
			off = "off"
		}
		fmt.Fprintf(&table, "%s  %s  %-3s  %s\n", r.ID, p.paint(severityColour[r.Severity], fmt.Sprintf("%-7s", r.Severity)), off, r.Doc)
	}
	if asJSON {
		return printJSON(s.out, report)
	}
	_, err := io.WriteString(s.out, table.String())
	return err
}

func explainRule(id string, asJSON bool, s streams) error {
	for i := range template.Rules {
		r := &template.Rules[i]
		if r.ID != id {
			continue
		}
		if asJSON {
			info := infoOf(r)
			info.Page = rules.Page(id)
			return printJSON(s.out, ruleReport{Version: reportVersion, Rules: []ruleInfo{info}})
		}
		_, err := io.WriteString(s.out, newPrinter(s.out, false).page(rules.Page(id)))
		return err
	}
	if near := template.Nearest(id, ruleIDs()); near != "" {
		return fmt.Errorf("there is no rule %q; did you mean %s?", id, near)
	}
	return fmt.Errorf("there is no rule %q; `imagedrop rules` lists them", id)
}

// page shows the little Markdown that pages have, headings and fenced blocks,
// as text: without its marks, examples indented.
func (p printer) page(markdown string) string {
	var text strings.Builder
	example := false
	for line := range strings.Lines(markdown) {
		line = strings.TrimSuffix(line, "\n")
		heading := strings.TrimLeft(line, "#")
		switch {
		case strings.HasPrefix(line, "```"):
			example = !example
			continue
		case example && line != "":
			line = "    " + line
		case !example && heading != line:
			line = p.paint(bold, strings.TrimSpace(heading))
		}
		text.WriteString(line + "\n")
	}
	return text.String()
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"imagedrop/shared/template"
)

// outcome is what the command line reads of an outcome event; the whole event
// stays in raw. Unknown fields and values are somebody's future: ignored.
type outcome struct {
	Subject string `json:"subject"`
	Data    struct {
		Status string `json:"status"`
		Job    struct {
			ID string `json:"id"`
		} `json:"job"`
		Resource struct {
			Kind    string `json:"kind"`
			ID      string `json:"id"`
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"resource"`
		Findings []template.Finding `json:"findings"`
		Reason   *struct {
			Kind    string `json:"kind"`
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"reason"`
		Timings struct {
			TotalMs float64 `json:"totalMs"`
		} `json:"timings"`
	} `json:"data"`
	raw json.RawMessage
}

func readOutcome(raw json.RawMessage) (outcome, error) {
	o := outcome{raw: raw}
	return o, json.Unmarshal(raw, &o)
}

// bad reports whether the outcome is one that a command exits 1 for.
func (o outcome) bad() bool { return o.Data.Status == "rejected" || o.Data.Status == "failed" }

// printer shows outcomes, as text for people or as the events themselves.
type printer struct {
	out    io.Writer
	asJSON bool
	colour bool
}

func newPrinter(out io.Writer, asJSON bool) printer {
	return printer{out: out, asJSON: asJSON, colour: !asJSON && colours(out)}
}

// statusColour is the ANSI colour of each status that has one.
var statusColour = map[string]string{
	"created": "32", "started": "32", "succeeded": "32", "unchanged": "36",
	"skipped": "33", "cancelled": "33", "rejected": "31", "failed": "31",
}

func (p printer) print(o outcome) {
	if p.asJSON {
		fmt.Fprintf(p.out, "%s\n", compact(o.raw))
		return
	}
	d := o.Data
	what := strings.TrimSpace(d.Resource.Name + " " + d.Resource.Version)
	fields := []string{p.paint(statusColour[d.Status], fmt.Sprintf("%-9s", d.Status)), fmt.Sprintf("%-9s", d.Resource.Kind)}
	for _, f := range []string{what, d.Resource.ID, "← " + o.Subject} {
		if f != "" {
			fields = append(fields, f)
		}
	}
	if d.Timings.TotalMs > 0 {
		fields = append(fields, fmt.Sprintf("(%.0f ms)", d.Timings.TotalMs))
	}
	fmt.Fprintln(p.out, strings.Join(fields, "  "))
	if r := d.Reason; r != nil {
		fmt.Fprintf(p.out, "           reason: %s\n", strings.TrimSpace(strings.Join([]string{r.Message, bracket(r.Code)}, " ")))
	}
	for _, f := range d.Findings {
		fmt.Fprintf(p.out, "           %s\n", headline(f, p.paint))
		if f.Help != "" {
			fmt.Fprintf(p.out, "             help: %s\n", f.Help)
		}
	}
}

// paint wraps text in an ANSI colour where the printer has colour.
func (p printer) paint(code, text string) string {
	if !p.colour || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func bracket(code string) string {
	if code == "" {
		return ""
	}
	return "(" + code + ")"
}

// compact puts a JSON document on one line; what is no JSON stays as it is.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// printJSON prints v as one indented document.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// printPlans prints the plans, and then says what could not be planned.
func printPlans(inputs []*planned, f planFlags, s streams) error {
	var failures []error
	rejected, notAsked := false, 0
	for _, in := range inputs {
		switch {
		case errors.Is(in.err, errNotAsked):
			notAsked++
		case in.err != nil:
			failures = append(failures, in.err)
		default:
			rejected = rejected || in.rejected()
		}
	}
	if notAsked > 0 {
		failures = append(failures, fmt.Errorf("%d more: %w", notAsked, errNotAsked))
	}
	show := printPlansText
	if f.asJSON {
		show = func(inputs []*planned, _ bool, w io.Writer) error { return printPlansJSON(inputs, w) }
	}
	if err := show(inputs, f.content, s.out); err != nil {
		return err
	}
	switch {
	case len(failures) > 0:
		return errors.Join(failures...)
	case rejected:
		return errRejected
	}
	return nil
}

// planReport is what `plan` prints for people.
type planReport struct {
	*textReport
	whole bool // texts are shown whole
}

func printPlansText(inputs []*planned, whole bool, w io.Writer) error {
	p := planReport{newTextReport(w), whole}
	counts, n := map[string]int{}, 0
	for _, in := range inputs {
		if in.err != nil {
			continue
		}
		if n++; n > 1 {
			fmt.Fprintln(p.out)
		}
		p.plan(in)
		counts[in.outcome()]++
	}
	if n > 1 {
		fmt.Fprintf(p.out, "\n%d plans: %s\n", n, tally(counts))
	}
	return p.out.Flush()
}

// tally says how many end how, in the order of the statuses.
func tally(counts map[string]int) string {
	var parts []string
	for _, s := range append(slices.Clone(statuses), struct{ name, colour string }{unknown, ""}) {
		if n := counts[s.name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.name))
		}
	}
	return strings.Join(parts, ", ")
}

func (p planReport) plan(in *planned) {
	p.headline(in)
	for _, f := range in.sum().findings {
		p.finding(f)
	}
	if budget := in.budget(); budget != "" {
		fmt.Fprintf(p.out, "  %s\n", budget)
	}
	if in.goesTo(template.TargetAlibaba) {
		p.alibaba(in)
	}
	if in.plan.AWS != nil {
		p.aws(in)
	}
}

// headline says what would become of the input.
func (p planReport) headline(in *planned) {
	colour := ""
	for _, s := range statuses {
		if s.name == in.outcome() {
			colour = s.colour
		}
	}
	what := strings.TrimSpace(string(in.tmpl.Kind) + " " + in.resourceName())
	if in.plan.RegionID != "" && in.goesTo(template.TargetAlibaba) {
		what += " in " + template.CoverSecrets(in.plan.RegionID)
	}
	if in.outcome() != unknown {
		what = p.paint(colour, in.outcome()) + " " + clean(what)
	}
	fmt.Fprintf(p.out, "%s: %s%s\n", clean(in.name), what, in.because())
}

// resourceName names what would be made, with its version where that is known.
func (in *planned) resourceName() string {
	name := in.tmpl.Name
	if in.tmpl.Kind == template.Execution {
		name = "of " + in.tmpl.PipelineName + in.tmpl.ImagePipelineID
	}
	return strings.TrimSpace(template.CoverSecrets(name) + " " + in.plan.Resource.Version)
}

// because says why it would end so.
func (in *planned) because() string {
	switch p := in.plan; {
	case in.isForReference():
		return ": the service would answer " + clean(p.Reason.Code)
	case p.Reason != nil:
		if p.Reason.Code != "" {
			return ": " + clean(p.Reason.Message) + " (" + clean(p.Reason.Code) + ")"
		}
		return ": " + clean(p.Reason.Message)
	case p.Status == imagebuild.Rejected:
		return ""
	case p.Resource.ID != "" && p.Status == imagebuild.Unchanged:
		return ": " + clean(p.Resource.ID) + " is the same"
	case p.Resource.ID != "":
		return ": this job made " + clean(p.Resource.ID) + " before"
	case p.Status == "" && in.goesTo(template.TargetAlibaba):
		return " (no cloud was asked)"
	}
	return ""
}

// isForReference reports a reason that the notices tell.
func (in *planned) isForReference() bool {
	reason := in.plan.Reason
	return reason != nil && reason.Code != "" &&
		slices.ContainsFunc(in.plan.Notices, func(n imagebuild.Notice) bool { return n.Code == reason.Code })
}

func (p planReport) alibaba(in *planned) {
	if in.plan.Help != "" {
		fmt.Fprintf(p.out, "  help: %s\n", clean(in.plan.Help))
	}
	p.notices(in)
	if newest := in.plan.Newest; newest != nil {
		fmt.Fprintf(p.out, "  newest: %s\n", clean(strings.Join(strings.Fields(newest.ID+" "+newest.Version+" of "+newest.CreationTime), " ")))
	}
	if in.isSent() {
		p.request(in.request())
	}
	if in.builds() {
		fmt.Fprintln(p.out, "  then a build of it is started")
	}
	for _, c := range in.changes() {
		fmt.Fprintf(p.out, "  change: %s: %s %s %s\n", clean(c.Parameter), p.paint(red, orNone(c.Before)), "→",
			p.paint(green, orNone(c.After)))
	}
	p.diff(p.out, in.difference())
}

// notices says what stands against references, and what to do about it: errors
// where the service refuses the request for them.
func (p planReport) notices(in *planned) {
	for _, n := range in.plan.Notices {
		severity := p.paint(yellow, string(template.Warning))
		if n.Code != "" && in.isSent() {
			severity = p.paint(red, string(template.Error))
		}
		arrow := ""
		if n.Code != "" {
			arrow = " → " + n.Code
		}
		fmt.Fprintf(p.out, "  %s: COMPONENT %s: %s%s\n", severity, clean(n.Reference), clean(n.Message), arrow)
		fmt.Fprintf(p.out, "    help: %s\n", clean(n.Help))
	}
}

func orNone(value string) string {
	if value == "" {
		return "(none)"
	}
	return clean(value)
}

func (p planReport) aws(in *planned) {
	where := ""
	if region := in.plan.AWS.RegionID; region != "" {
		where = " in " + clean(template.CoverSecrets(region))
	}
	fmt.Fprintf(p.out, "  AWS%s:\n", where)
	p.request(in.awsRequest())
}

// request prints every parameter in order; template text is abbreviated, unless
// it is asked for.
func (p planReport) request(r *planRequest) {
	fmt.Fprintln(p.out, "  "+r.Action)
	width := 0
	for _, parameter := range r.Parameters {
		width = max(width, cells(parameter.Name))
	}
	for _, parameter := range r.Parameters {
		if parameter.Name == "data" || slices.Contains(textParameters, parameter.Name) {
			p.text(parameter, width)
			continue
		}
		fmt.Fprintf(p.out, "    %s  %s\n", pad(parameter.Name, width), clean(parameter.Value))
	}
}

// text prints a text, or how much there is of it.
func (p planReport) text(parameter planParameter, width int) {
	lines := strings.Split(strings.TrimSuffix(parameter.Value, "\n"), "\n")
	fmt.Fprintf(p.out, "    %s  %s\n", pad(parameter.Name, width),
		p.paint(dim, fmt.Sprintf("%s, %d bytes", count(len(lines), "line"), len(parameter.Value))))
	if !p.whole {
		return
	}
	for _, line := range lines {
		fmt.Fprintf(p.out, "      %s\n", expand([]rune(line), 0))
	}
}

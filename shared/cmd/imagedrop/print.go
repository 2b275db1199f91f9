package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
	"github.com/schollz/progressbar/v3"

	"imagedrop/shared/template"
)

// The colours of text on a terminal, as ANSI attributes.
const (
	red, green, yellow, cyan = "31", "32", "33", "36"
	bold, dim                = "1", "2"
)

// statuses are those that are known, in the order of a summary.
var statuses = []struct{ name, colour string }{
	{"created", green}, {"unchanged", cyan}, {"started", green}, {"succeeded", green},
	{"skipped", yellow}, {"cancelled", yellow}, {"rejected", red}, {"failed", red},
}

// severityColour is the colour of each severity.
var severityColour = map[template.Severity]string{template.Error: red, template.Warning: yellow, template.Info: cyan}

// Widths of the columns of an outcome, in cells. Longer texts push the rest; on
// a terminal a name has maxName at most.
const (
	whenWidth   = 11
	statusWidth = 9
	kindWidth   = 9
	nameWidth   = 22
	idWidth     = 25 // of "exec-bp1" and 17 characters
	timeWidth   = 7

	maxName = 40
)

// printer shows outcomes, as text for people or as the events themselves.
type printer struct {
	out    io.Writer
	asJSON bool
	colour bool
	width  int  // of the terminal in cells, 0 where it is none
	asTale bool // below a heading for each job, with times

	told *told
}

// told is what was shown of each job.
type told struct {
	stories map[string]story // by job ID
	last    string           // ID of the job that was shown last
}

// story is what a job came to so far, step by step.
type story []step

type step struct {
	status string
	time   time.Time
}

func newPrinter(out io.Writer, asJSON bool) printer {
	return printer{out: out, asJSON: asJSON, colour: !asJSON && colours(out), width: terminalWidth(out),
		told: &told{stories: map[string]story{}}}
}

// print writes the outcome in one piece. A status that is not known, of a later
// version, is shown without colour.
func (p printer) print(o outcome) {
	if p.asJSON {
		fmt.Fprintf(p.out, "%s\n", compact(o.raw))
		return
	}
	var text strings.Builder
	id := o.Data.Job.ID
	before := p.told.stories[id]
	if p.asTale && (id == "" || id != p.told.last) {
		text.WriteString(p.heading(o, before))
	}
	text.WriteString(p.headline(o, before))
	p.reason(&text, o)
	p.images(&text, o)
	p.findings(&text, o)
	p.told.last, p.told.stories[id] = id, append(before, step{o.Data.Status, o.Time})
	io.WriteString(p.out, text.String())
}

// heading names the job of the lines below it. Where others came between, it
// says what was before.
func (p printer) heading(o outcome, before story) string {
	if len(before) == 0 {
		return strings.TrimSpace(clean(o.source())+"  "+p.paint(dim, clean(prefixed("job ", o.Data.Job.ID)))) + "\n"
	}
	return arrow + clean(o.source()) + "  " + p.paint(dim, before.String()) + "\n"
}

// arrow leads on from an earlier line of the same job.
const arrow = "↳ "

// String tells the story on a line.
func (s story) String() string {
	var steps []string
	for _, step := range s {
		steps = append(steps, clean(step.status)+" "+step.time.Local().Format(time.TimeOnly))
	}
	return strings.Join(steps, " → ")
}

// since returns how long after a step of that status t is, 0 where there was none.
func (s story) since(status string, t time.Time) time.Duration {
	for _, step := range s {
		if step.status == status && !step.time.IsZero() && !t.IsZero() {
			return t.Sub(step.time)
		}
	}
	return 0
}

// headline is the outcome's line. Of a build that ended it shows how long it
// ran, of everything else how long the function worked.
func (p printer) headline(o outcome, before story) string {
	d := o.Data
	colour := ""
	for _, s := range statuses {
		if s.name == d.Status {
			colour = s.colour
		}
	}
	took := d.Timings.TotalMs
	if o.ended() {
		took = float64(before.since("started", o.Time).Milliseconds())
	}
	name := strings.TrimSpace(cmp.Or(d.Resource.Name, d.Resource.ImagePipelineID) + " " + d.Resource.Version)
	if p.width > 0 {
		name = shortened(name, maxName)
	}
	line := strings.Join([]string{
		p.paint(colour, pad(d.Status, statusWidth)), pad(d.Resource.Kind, kindWidth), pad(name, nameWidth),
		pad(d.Resource.ID, idWidth), fmt.Sprintf("%*s", timeWidth, elapsed(took)),
	}, "  ")
	if p.asTale {
		return "  " + p.paint(dim, pad(stamp(o.Time), whenWidth)) + "  " + line + "\n"
	}
	source := clean(o.source())
	if len(before) > 0 {
		source = arrow + source
	}
	return line + "  " + source + "\n"
}

// stamp shows a time where the reader is, and the day where it is another one.
func stamp(t time.Time) string {
	switch now := time.Now(); {
	case t.IsZero():
		return ""
	case t.Local().Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.Local().Format(time.TimeOnly)
	}
	return t.Local().Format("01-02 15:04")
}

// images writes one line for each image that a build made.
func (p printer) images(text *strings.Builder, o outcome) {
	region, id := 0, 0
	for _, i := range o.Data.Resource.Images {
		region, id = max(region, cells(clean(i.RegionID))), max(id, cells(clean(i.ImageID)))
	}
	for _, i := range o.Data.Resource.Images {
		line := "    " + pad(i.RegionID, region) + "  " + pad(i.ImageID, id) + "  " + clean(i.ImageName)
		fmt.Fprintln(text, strings.TrimRight(line, " "))
	}
}

// source says what the outcome answers: the object's key, or the queue, topic or
// timer.
func (o outcome) source() string {
	if o.Data.Job.Key != "" {
		return o.Data.Job.Key
	}
	return o.Subject
}

func (p printer) reason(text *strings.Builder, o outcome) {
	r := o.Data.Reason
	if r == nil {
		return
	}
	var details []string
	for _, d := range []string{r.Code, httpStatus(r.HTTPStatus), prefixed("request ", r.RequestID)} {
		if d != "" {
			details = append(details, clean(d))
		}
	}
	fmt.Fprintf(text, "    %s", clean(cmp.Or(r.Message, r.Kind)))
	if len(details) > 0 {
		fmt.Fprintf(text, " (%s)", strings.Join(details, ", "))
	}
	text.WriteString("\n")
}

func httpStatus(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("HTTP %d", n)
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// findings writes them in columns: place, severity, rule, message, and the help
// below the message.
func (p printer) findings(text *strings.Builder, o outcome) {
	places := make([]string, len(o.Data.Findings))
	width := 0
	for i, f := range o.Data.Findings {
		places[i] = fmt.Sprintf("%d:%d", f.Line, f.Column)
		if f.Path != o.Data.Job.Key && f.Path != "" {
			places[i] = clean(f.Path) + ":" + places[i]
		}
		width = max(width, cells(places[i]))
	}
	for i, f := range o.Data.Findings {
		head := "    " + pad(places[i], width) + "  "
		label := fmt.Sprintf("%-7s  %s  ", f.Severity, f.Rule)
		fmt.Fprintf(text, "%s%s%s\n", head, p.paint(severityColour[f.Severity], label), said(f))
		if f.Help != "" {
			fmt.Fprintf(text, "%s%s\n", strings.Repeat(" ", cells(head+label)), p.paint(dim, "help: "+clean(f.Help)))
		}
	}
	if n := o.Data.FindingsTruncated; n > 0 {
		fmt.Fprintf(text, "    and %d more\n", n)
	}
}

// said is the message of a finding; the code that the service would answer
// stands behind it.
func said(f template.Finding) string {
	if f.ServiceCode == "" {
		return clean(f.Message)
	}
	return clean(f.Message) + " → " + f.ServiceCode
}

// paint wraps text in a colour where the printer has colour.
func (p printer) paint(code, text string) string {
	if !p.colour || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// clean makes text from elsewhere safe for a terminal: names and messages may
// quote what a template says, escape sequences included.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// cleanLines is clean for a text of lines with tabs in it.
func cleanLines(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// pad cleans text and fills it up to that many cells of a terminal.
func pad(text string, width int) string {
	text = clean(text)
	return text + strings.Repeat(" ", max(0, width-cells(text)))
}

// cells is how wide text is on a terminal.
func cells(text string) int { return uniseg.StringWidth(text) }

// shortened cuts out the middle of a text that is wider than that.
func shortened(text string, width int) string {
	text = clean(text)
	if cells(text) <= width {
		return text
	}
	head, tail := []rune(text), []rune(text)
	for cells(string(head)) > (width-1)/2 {
		head = head[:len(head)-1]
	}
	for cells(string(tail)) > width-1-cells(string(head)) {
		tail = tail[1:]
	}
	return string(head) + "…" + string(tail)
}

// elapsed shows milliseconds as a person would say them.
func elapsed(ms float64) string {
	switch {
	case ms <= 0:
		return ""
	case ms < 1:
		return "<1 ms"
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
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

// screen shows outcomes on standard output above a progress bar on standard
// error. The bar is there only on a terminal.
type screen struct {
	printer
	err   io.Writer
	stays bool // what comes after the batch is shown, too

	mu     sync.Mutex
	bar    *progressbar.ProgressBar // nil: none
	builds int                      // under way
}

func newScreen(s streams, asJSON bool) *screen {
	return &screen{printer: newPrinter(s.out, asJSON), err: s.err}
}

func (s *screen) print(o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear() // an error here would be one of the terminal
	}
	s.printer.print(o)
	switch {
	case o.running():
		s.builds++
	case o.ended():
		s.builds--
	}
	if s.bar != nil {
		s.bar.Describe(waitingFor(s.builds))
		_ = s.bar.RenderBlank()
	}
}

// waitingFor says what the progress bar shows. Where somebody else's build ends
// there may be fewer than none.
func waitingFor(builds int) string {
	if builds <= 0 {
		return "outcomes"
	}
	return "outcomes, " + count(builds, "build") + " under way"
}

// progress moves the bar by one task.
func (s *screen) progress() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Add(1)
	}
}

// watch shows the progress of the batch while run runs, and then what came of
// it.
func (s *screen) watch(b *batch, groups [][]task, run func() error) error {
	total := 0
	for _, tasks := range groups {
		total += len(tasks)
	}
	if redraws(s.err) && total > 1 {
		s.mu.Lock()
		s.bar = newBar(s.err, total, waitingFor(0))
		s.mu.Unlock()
	}
	began := time.Now()
	err := run()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Clear()
		s.bar = nil
	}
	if got := b.summary(); got != "" && total > 1 {
		fmt.Fprintf(s.err, "%s in %s\n", got, elapsed(max(1, float64(time.Since(began).Milliseconds()))))
	}
	if b.goOn > 0 {
		later := "`imagedrop results --follow` shows how it ends, --builds waits for it"
		if s.stays {
			later = "it is shown when it ends"
		}
		fmt.Fprintf(s.err, "%s under way: %s\n", count(b.goOn, "build"), later)
	}
	return err
}

package template

import (
	"slices"
	"strings"
)

// SuppressWord begins a comment that suppresses findings of rules, and says why:
//
//	# ib:ignore IB0304,IB0309 the mirror restarts by itself
//
// It covers the command below it with all its lines, inside a continued command
// the next line. In a header (also as `# # ib:ignore`) and in YAML it covers the
// key or entry below it with its value: the next line and those after it that are
// indented deeper. Above everything else in a text it covers the first line, too,
// where findings about the whole text stand.
const SuppressWord = "ib:ignore"

// maxSuppressed bounds the suppressions of a template, and the findings of one
// rule that they suppress; what is beyond is reported. It must neither cost
// without end nor be lost.
const maxSuppressed = 1000

// suppression is one rule of such a comment.
type suppression struct {
	rule     string
	at       span // the rule's ID
	cut      span // what goes when the suppression does
	from, to int  // lines that it covers, from 0, both included
	indent   int  // of the key or entry that it covers
	entry    bool // it covers an entry of a list
	used     bool
}

// readSuppressions adds the suppressions of a text to a report. A malformed one
// is a finding.
func readSuppressions(r *report, src *source, format Format) {
	if !strings.Contains(src.text, "b:") && !strings.Contains(src.text, "B:") {
		return // most texts have no "ib:" in any case, and need not be read line by line
	}
	s := suppressing{report: r, src: src, yaml: format != Dockerfile || sniff(src) == YAML}
	if h, ok := findHeader(src, format); ok {
		s.header = lineRange{h.first + 1, h.last}
	}
	for i := range src.lines {
		s.line(i, src.line(i))
	}
}

// suppressing is the reading of one text.
type suppressing struct {
	report  *report
	src     *source
	header  lineRange      // without its markers
	yaml    bool           // what follows the header
	begun   bool           // something else stands above
	waiting []*suppression // for the line that they cover
	command []*suppression // of the command under way
	values  []*suppression // of the keys and entries under way
	inside  bool           // the line continues a command
}

func (s *suppressing) line(i int, text string) {
	inHeader := i >= s.header.from && i < s.header.to
	if at, ok := suppressionIn(text, inHeader); ok {
		s.comment(i, text, at)
		return
	}
	if saysNothing(text, inHeader) {
		return
	}
	for _, w := range s.waiting {
		w.to = i
		if !s.inside {
			s.command = append(s.command, w)
		}
	}
	for _, c := range s.command {
		c.to = i
	}
	s.entry(i, text, inHeader)
	s.begun, s.waiting = true, nil
	if _, s.inside = cutMark(trimBlanks(text)); !s.inside {
		s.command = nil
	}
}

// entry lets what covers a key or an entry go on while lines are indented deeper.
func (s *suppressing) entry(i int, text string, inHeader bool) {
	if i == s.header.to || !inHeader && !s.yaml {
		s.values = nil
	}
	if !inHeader && !s.yaml {
		return
	}
	if inHeader {
		text = strings.TrimPrefix(skipBlanks(text), "#")
	}
	indent := len(text) - len(strings.TrimLeft(text, " "))
	entry := strings.HasPrefix(text[indent:], "- ")
	s.values = slices.DeleteFunc(s.values, func(e *suppression) bool {
		return e.indent > indent || e.indent == indent && (!entry || e.entry) // a list may stand below its key as it is
	})
	for _, e := range s.values {
		e.to = i
	}
	for _, w := range s.waiting {
		w.indent, w.entry = indent, entry
		s.values = append(s.values, w)
	}
}

// saysNothing reports a line that no suppression is for: a blank one, or a
// comment that is neither a marker nor a line of the header.
func saysNothing(text string, inHeader bool) bool {
	switch kindOfLine(text) {
	case contentLine:
		return false
	case blankLine:
		return true
	}
	if !inHeader {
		return markerOf(text) == noMarker
	}
	body := skipBlanks(skipBlanks(text)[1:])
	return body == "" || body[0] == '#'
}

// suppressionIn finds what is a suppression, or was meant as one, in a line: the
// offset of its first word.
func suppressionIn(text string, inHeader bool) (at int, ok bool) {
	body, isComment := strings.CutPrefix(skipBlanks(text), "#")
	body = skipBlanks(body)
	if inHeader {
		body = skipBlanks(strings.TrimPrefix(body, "#"))
	}
	if !isComment || len(body) < len("ib:") || !strings.EqualFold(body[:len("ib:")], "ib:") {
		return 0, false
	}
	word := firstWord(body)
	return len(text) - len(body), hasPrefixFold(word, SuppressWord) || Nearest(word, []string{SuppressWord}) != ""
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

const suppressHelp = "write `# " + SuppressWord + " IB0304 <reason>`"

// comment reads the rules and the reason of a suppression.
func (s *suppressing) comment(i int, text string, at int) {
	text = trimBlanks(text)
	word := firstWord(text[at:])
	all := s.piece(i, at, len(text))
	if word != SuppressWord {
		meant := s.piece(i, at, at+len(word))
		f := s.report.add("IB0014", meant, "", "this comment is almost a suppression", suppressHelp)
		if Nearest(word, []string{SuppressWord}) != "" {
			f.offer("write "+SuppressWord, change{meant, SuppressWord})
		}
		return
	}
	ids, end := listed(text, at+len(word))
	reason := strings.TrimLeft(text[end:], " \t:-")
	switch next := strings.TrimRight(firstWord(reason), ",:"); {
	case reason == "":
		s.report.add("IB0014", all, "", "a suppression without a reason", "say why behind the rules: `# "+SuppressWord+" IB0304 <reason>`")
	case ruleAt(next) != nil:
		between := s.piece(i, end, len(text)-len(reason))
		f := s.report.add("IB0014", all, "", "a suppression of several rules without commas between them",
			"write `# "+SuppressWord+" IB0304,IB0309 <reason>`")
		if next != trimBlanks(reason) { // else the reason is missing, too
			f.offer("write a comma", change{between, ","})
		}
	default:
		s.entries(i, text, ids)
	}
}

func (s *suppressing) piece(line, start, end int) span {
	return span{src: s.src, start: s.src.lines[line] + start, end: s.src.lines[line] + end}
}

// listed returns the words of a list with commas, and where it ends.
func listed(text string, at int) (ids []piece, end int) {
	for {
		at = len(text) - len(skipBlanks(text[at:]))
		end = at
		for end < len(text) && text[end] != ',' && blank(text[end:]) == 0 {
			end++
		}
		ids = append(ids, piece{at, end})
		next := skipBlanks(text[end:])
		if !strings.HasPrefix(next, ",") {
			return ids, end
		}
		at = len(text) - len(next) + 1
	}
}

// entries adds a suppression of each rule.
func (s *suppressing) entries(line int, text string, ids []piece) {
	for i, id := range ids {
		at, name := s.piece(line, id.start, id.end), strings.TrimSuffix(text[id.start:id.end], ":")
		rule := ruleAt(name)
		switch {
		case name == "":
			s.report.add("IB0014", s.piece(line, strings.Index(text, SuppressWord), len(text)), "",
				"a suppression without a rule", suppressHelp)
		case rule == nil:
			s.report.add("IB0014", at, "", "there is no rule"+named(name), suggestRule(name))
		case rule.Firm:
			s.report.add("IB0014", at, "", name+" cannot be suppressed", "delete the ID, and mend what the rule finds")
		case len(s.report.suppressions) == maxSuppressed:
			s.report.add("IB0014", at, "", "more than 1,000 suppressions", "mend what they suppress")
			return
		default:
			s.add(&suppression{rule: name, at: at, cut: s.cut(line, ids, i), from: line, to: line})
		}
	}
}

func suggestRule(name string) string {
	ids := make([]string, len(Rules))
	for i := range Rules {
		ids[i] = Rules[i].ID
	}
	if near := Nearest(name, ids); near != "" {
		return "did you mean " + near + "?"
	}
	return "write the ID that the finding has"
}

func (s *suppressing) add(entry *suppression) {
	if !s.begun {
		entry.from = 0
	}
	s.waiting = append(s.waiting, entry)
	s.report.suppressions = append(s.report.suppressions, entry)
}

// cut is what goes when one rule of a list does: of the only one the whole line.
func (s *suppressing) cut(line int, ids []piece, i int) span {
	switch {
	case len(ids) == 1:
		return s.src.wholeLine(line)
	case i+1 < len(ids):
		return s.piece(line, ids[i].start, ids[i+1].start)
	}
	return s.piece(line, ids[i-1].end, ids[i].end)
}

// suppressed reports a finding that a comment covers.
func (r *report) suppressed(rule string, at span) bool {
	if len(r.suppressions) == 0 || r.hushed[rule] >= maxSuppressed {
		return false
	}
	line, found := slices.BinarySearch(at.src.lines, at.start)
	if !found {
		line--
	}
	if !covers(r.suppressions, rule, at.src.order, line) {
		return false
	}
	if r.hushed == nil {
		r.hushed = map[string]int{}
	}
	r.hushed[rule]++
	return true
}

// covers finds the suppression of a rule in a line of a source, and notes that
// it is of use.
func covers(list []*suppression, rule string, order, line int) bool {
	for _, s := range list {
		if s.rule == rule && s.at.src.order == order && s.from <= line && line <= s.to {
			s.used = true
			return true
		}
	}
	return false
}

// reportUnused finds suppressions that have suppressed nothing, where that is
// certain: what is for target aws only, other checks may find.
func (l *lint) reportUnused() {
	for _, s := range l.suppressions {
		rule := ruleAt(s.rule)
		if !s.used && rule.Target != TargetAWS && (l.in.options.Pedantic || !rule.Pedantic) && !l.full(s.rule) {
			l.unused(s, l.build)
		}
	}
}

// unused offers to delete a suppression where it is a comment for certain: in a
// block scalar of YAML it is sent.
func (r *report) unused(s *suppression, p *part) {
	f := r.add("IB0013", s.at, "", "nothing here breaks "+s.rule, "delete the ID, and with the last one the comment")
	if p == nil || p.yaml == nil || s.from < p.yaml.from {
		f.offer("delete the suppression", change{at: s.cut})
	}
}

// Unsuppressed returns those findings of a check for another target that no
// comment of the template suppresses.
func (t *Template) Unsuppressed(found []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f Finding) bool {
		order := f.order
		if f.Path == t.path {
			order = t.order
		}
		return covers(t.suppressions, f.Rule, order, f.Line-1)
	})
}

package template

import "strings"

// take makes the lines to last part of the instruction.
func (s *scanner) take(in *instruction, last int) {
	for ; s.line <= last; s.line++ {
		s.out.WriteByte('\n')
		s.out.WriteString(s.src.line(s.line))
		in.end = s.src.lines[s.line] + len(s.src.line(s.line))
	}
}

// skipStray steps over the lines that nobody can have meant as commands: the
// body of a here-document that does not end, or of YAML. Each would make a
// finding of its own, and the one mistake is found already.
func (s *scanner) skipStray(in *instruction) {
	if len(s.part.commands) > MaxCommands {
		return
	}
	last := s.line - 1
	for i := s.line; i < s.end; i++ {
		text := s.src.line(i)
		kind := kindOfLine(text)
		if kind == commentLine && markerOf(text) != noMarker {
			break
		}
		if kind != contentLine {
			continue
		}
		word := firstWord(skipBlanks(text))
		if verbOf(word) != vUnknown || shownCommand(word) != "" || isYAMLRoot(word) {
			break
		}
		last = i
	}
	s.take(in, last)
}

// isYAMLRoot reports a word that begins a YAML component.
func isYAMLRoot(word string) bool { return word == "Tasks:" || word == "Parameters:" }

// spills tells of the last command instead of each line that it was meant to hold
// without a continuation mark. To Image Builder those are commands, and so they are
// here, but for the body of a here-document: that is stepped over.
func (s *scanner) spills() (skipped bool) {
	n := len(s.part.commands)
	if n == 0 || n > MaxCommands {
		return false
	}
	in := &s.part.commands[n-1]
	if in.open || in.heredoc.end > 0 || in.spills || in.stray {
		return false
	}
	if s.strayTo = s.endOfText(in); s.strayTo > 0 {
		in.spills = true
		return false
	}
	in.spills = s.skipParted(in)
	return in.spills
}

// endOfText is the line after those that a quote of the command was meant to hold: it
// ends before the next line that is a command for certain. 0 stands for no such quote.
func (s *scanner) endOfText(in *instruction) int {
	if in.verb&(vRUN|vENV|vLABEL) == 0 {
		return 0
	}
	args := s.part.arguments(in)
	at := unclosedQuote(args)
	if at < 0 || strings.Contains(args[:at], " #") { // in a comment of the shell it is none
		return 0
	}
	end := s.endOfQuote(args[at : at+1])
	if end > 0 && (in.verb != vENV || isStray(s.part.wordsOf(in)[0])) { // else IB0111
		s.report.add("IB0101", s.part.spanIn(in, at, at+1), codeUnknown,
			"a quote that this line does not close: to Image Builder the lines below are commands", helpQuoted)
	}
	return end
}

// skipParted steps over the body of a here-document with a blank behind its mark,
// which is none to Docker.
func (s *scanner) skipParted(in *instruction) bool {
	if in.verb != vRUN || !s.hasAngles(in) {
		return false
	}
	list := s.part.wordsOf(in)
	for i := range len(list) - 1 {
		mark := strings.TrimLeft(list[i].text, "0123456789")
		if (mark == "<<" || mark == "<<-") && s.skipHeredoc(in, withoutQuotes(list[i+1].text), mark == "<<-") {
			s.report.add("IB0101", s.part.spanIn(in, list[i].start, list[i+1].end), codeUnknown,
				"a here-document: to Image Builder the lines below are commands", helpHeredoc)
			return true
		}
	}
	return false
}

const helpQuoted = `end each line but the last with "\", which joins them; for text of several lines write RUN printf '%s\n' a b > file`

// endOfQuote is the line after the one that closes a quote and all that are opened
// behind it, 0 where there is none before the next command or marker.
func (s *scanner) endOfQuote(quote string) int {
	for i := s.line; i < s.end; i++ {
		text := s.src.line(i)
		if isCommandLine(text) {
			return 0
		}
		text = quote + text
		if at := unclosedQuote(text); at >= 0 {
			quote = text[at : at+1]
		} else if _, goesOn := cutMark(trimBlanks(text)); !goesOn {
			return i + 1
		} else {
			quote = ""
		}
	}
	return 0
}

// isCommandLine reports a marker, or a command in upper case, be it one that only
// Docker has.
func isCommandLine(text string) bool {
	switch kindOfLine(text) {
	case blankLine:
		return false
	case commentLine:
		return markerOf(text) != noMarker
	}
	word := firstWord(skipBlanks(text))
	return word == strings.ToUpper(word) && (verbOf(word) != vUnknown || dockerOnly[word] != "")
}

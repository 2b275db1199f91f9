package template

import "strings"

// heredoc looks for a here-document the way Docker defines it: an unquoted
// word `<<NAME` or `<<-NAME`, with digits before it, in RUN, COPY or ADD. It is
// refused (IB0010); its body is stepped over so that it makes no findings.
func (s *scanner) heredoc(in *instruction) {
	if in.verb&(vRUN|vCOPY) == 0 && !strings.EqualFold(in.word, "ADD") {
		return
	}
	if !s.src.has(angleByte) || !s.hasAngles(in) {
		return
	}
	for _, w := range s.part.wordsOf(in) {
		name, dash := heredocName(w.text)
		if name == "" {
			continue
		}
		if in.heredoc.end == 0 {
			in.heredoc = piece{s.part.offset(in, w.start), s.part.offset(in, w.end)}
		}
		if !s.skipHeredoc(in, name, dash) {
			s.skipStray(in)
			return
		}
	}
}

// hasAngles rules most commands out without joining their lines. A pair that
// is parted by a line end is no mark that anyone writes.
func (s *scanner) hasAngles(in *instruction) bool {
	for _, a := range s.part.args(in) {
		if strings.Contains(s.src.text[a.start:a.end], "<<") {
			return true
		}
	}
	return false
}

// skipHeredoc steps over the body and its last line; it answers false where
// there is none. Beyond the limit of commands it does not look.
func (s *scanner) skipHeredoc(in *instruction, name string, dash bool) bool {
	if len(s.part.commands) > MaxCommands {
		return false
	}
	for i := s.line; i < s.end; i++ {
		text := s.src.line(i)
		if text == testMarker {
			return false
		}
		if dash {
			text = strings.TrimLeft(text, "\t")
		}
		if text != name {
			continue
		}
		s.take(in, i)
		return true
	}
	return false
}

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

// heredocName returns the name of `<<NAME`, without quotes.
func heredocName(word string) (name string, dash bool) {
	word = strings.TrimLeft(word, "0123456789")
	name, ok := strings.CutPrefix(word, "<<")
	if !ok {
		return "", false
	}
	name, dash = strings.CutPrefix(name, "-")
	if strings.Contains(name, "<") {
		return "", false
	}
	return strings.Map(func(r rune) rune {
		if r == '"' || r == '\'' || r == '\\' {
			return -1
		}
		return r
	}, name), dash
}

// word is one word of a logical line.
type word struct {
	text       string
	start, end int // in arguments()
}

// appendWords cuts a logical line. Blanks inside quotes and escaped blanks do
// not end a word.
func appendWords(list []word, text string) []word {
	for i := 0; i < len(text); {
		if text[i] == ' ' || text[i] == '\t' {
			i++
			continue
		}
		end := wordEnd(text, i)
		list = append(list, word{text[i:end], i, end})
		i = end
	}
	return list
}

func wordEnd(text string, i int) int {
	var quote byte
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ' ' || c == '\t':
			return i
		}
	}
	return len(text)
}

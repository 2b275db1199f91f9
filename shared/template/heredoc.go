package template

import "strings"

// heredoc looks for a here-document the way Docker defines it: an unquoted
// word `<<NAME` or `<<-NAME`, with digits before it, in RUN, COPY or ADD. It is
// refused (IB0010); its body is stepped over so that it makes no findings.
func (s *scanner) heredoc(in *instruction) {
	if in.verb&(vRUN|vCOPY) == 0 && !strings.EqualFold(in.word, "ADD") {
		return
	}
	text := s.part.arguments(in)
	if !strings.Contains(text, "<<") {
		return
	}
	eachWord(text, func(start, end int) {
		name, dash := heredocName(text[start:end])
		if name == "" {
			return
		}
		if in.heredoc.end == 0 {
			in.heredoc = piece{in.offset(start), in.offset(end)}
		}
		s.skipHeredoc(in, name, dash)
	})
}

// skipHeredoc steps over the body and its last line, if there is one.
func (s *scanner) skipHeredoc(in *instruction, name string, dash bool) {
	for i := s.line; i < s.end; i++ {
		text := s.src.line(i)
		if text == testMarker {
			return
		}
		if dash {
			text = strings.TrimLeft(text, "\t")
		}
		if text != name {
			continue
		}
		for ; s.line <= i; s.line++ {
			s.out.WriteByte('\n')
			s.out.WriteString(s.src.line(s.line))
		}
		in.end = s.src.lines[i] + len(s.src.line(i))
		return
	}
}

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

// eachWord calls f with the bounds of each word of a logical line. Blanks
// inside quotes and escaped blanks do not end a word.
func eachWord(text string, f func(start, end int)) {
	for i := 0; i < len(text); {
		if text[i] == ' ' || text[i] == '\t' {
			i++
			continue
		}
		end := wordEnd(text, i)
		f(i, end)
		i = end
	}
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

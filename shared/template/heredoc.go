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
		if text == TestMarker {
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
	return withoutQuotes(name), dash
}

func withoutQuotes(word string) string {
	return strings.NewReplacer(`"`, "", "'", "", `\`, "").Replace(word)
}

// withPlainDocuments blanks what a shell expands in here-documents. It reads that only
// as it runs the command: a mistake in it is none of the script.
func withPlainDocuments(text string) string {
	if !strings.Contains(text, "<<") {
		return text
	}
	out, lines := []byte(text), strings.SplitAfter(text, "\n")
	final := map[string]int{} // where a line stands for the last time
	for i, line := range lines {
		final[strings.Trim(line, "\t\n")] = i
	}
	end := 0
	for i := 0; i < len(lines); i++ {
		marks := lines[i]
		for end += len(lines[i]); ; {
			name, plain, rest := documentMark(marks)
			if name == "" {
				break
			}
			marks = rest
			for found := final[name] <= i; !found; {
				i++
				found = strings.Trim(lines[i], "\t\n") == name
				if plain {
					blankExpansions(out[end : end+len(lines[i])])
				}
				end += len(lines[i])
			}
		}
	}
	return string(out)
}

// documentMark is the name behind the first << of a line, whether it has no quotes,
// and the rest of the line.
func documentMark(line string) (name string, plain bool, rest string) {
	for {
		_, word, ok := strings.Cut(line, "<<")
		if !ok {
			return "", false, ""
		}
		line = word
		word = strings.TrimLeft(strings.TrimPrefix(word, "-"), " \t")
		if end := strings.IndexAny(word, " \t\r\n;&|)<>"); end >= 0 {
			word = word[:end]
		}
		if name = withoutQuotes(word); name != "" {
			return name, name == word, line
		}
	}
}

func blankExpansions(text []byte) {
	for i, c := range text {
		if c == '$' || c == '`' || c == '\\' {
			text[i] = ' '
		}
	}
}

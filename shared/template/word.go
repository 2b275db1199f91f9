package template

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

// unclosedQuote is the offset of the quote that has no end, -1 for none.
func unclosedQuote(text string) int {
	open := -1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && (open < 0 || text[open] != '\''):
			i++
		case open >= 0:
			if c == text[open] {
				open = -1
			}
		case c == '"' || c == '\'':
			open = i
		}
	}
	return open
}

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
	for i >= 0 && i < len(text) {
		switch text[i] {
		case ' ', '\t':
			return i
		case '\\':
			i += 2
		case '"', '\'':
			i = quoteEnd(text, i)
		default:
			i++
		}
	}
	return len(text)
}

// unclosedQuote is the offset of the quote that has no end, -1 for none.
func unclosedQuote(text string) int {
	for i := 0; i < len(text); {
		switch text[i] {
		case '\\':
			i += 2
		case '"', '\'':
			end := quoteEnd(text, i)
			if end < 0 {
				return i
			}
			i = end
		default:
			i++
		}
	}
	return -1
}

// quoteEnd is what follows the end of the quote that begins at an offset, -1 where it
// has none.
func quoteEnd(text string, at int) int {
	quote := text[at]
	for i := at + 1; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i + 1
		case text[i] == '\\' && quote == '"':
			i++
		}
	}
	return -1
}

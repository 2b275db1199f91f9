package template

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// ClientToken returns the sender's own idempotency key of a message body, ""
// where there is none that can be used. It is what ParseMessage answers, found
// by a way of its own: for a body that no function could work.
func ClientToken(body []byte) string {
	text := newBody(body).text
	if !utf8.ValidString(text) {
		return ""
	}
	token, times := "", 0
	for key, value := range members(text) {
		if key != "clientToken" {
			continue
		}
		token, _ = value.(string)
		times++
	}
	if times != 1 || keyAt("clientToken").problem(token) != "" {
		return ""
	}
	return token
}

// members yields the members of a JSON object as far as it can be read, with
// the first token of each value.
func members(text string) func(yield func(key, value json.Token) bool) {
	return func(yield func(key, value json.Token) bool) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if open, err := d.Token(); err != nil || open != json.Delim('{') {
			return
		}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return
			}
			value, err := d.Token()
			if err != nil || !skipRest(d, value) || !yield(key, value) {
				return
			}
		}
	}
}

// skipRest reads a value to its end; it answers false where there is none, or
// where it is nested deeper than any key's.
func skipRest(d *json.Decoder, first json.Token) bool {
	depth := 0
	for token := first; ; {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 || depth >= maxDepth {
			return depth == 0
		}
		var err error
		if token, err = d.Token(); err != nil {
			return false
		}
	}
}

package template

import (
	"math"
	"strings"
)

// keyForm is the form of an access key or token: a prefix and so many
// characters behind it.
type keyForm struct {
	prefix   string
	min, max int
	alphabet func(byte) bool
	what     string
}

// keyForms are those that nothing else looks like. Sources: the pages of each
// service about its keys and tokens.
var keyForms = []keyForm{
	{"LTAI", 12, 26, isAlphanumeric, "an access key ID of Alibaba Cloud"},
	{"AKIA", 16, 16, isBase32, "an access key ID of AWS"},
	{"ASIA", 16, 16, isBase32, "a temporary access key ID of AWS"},
	{"ghp_", 36, 36, isAlphanumeric, "a token of GitHub"},
	{"gho_", 36, 36, isAlphanumeric, "a token of GitHub"},
	{"ghs_", 36, 36, isAlphanumeric, "a token of GitHub"},
	{"ghu_", 36, 36, isAlphanumeric, "a token of GitHub"},
	{"ghr_", 36, 76, isAlphanumeric, "a token of GitHub"},
	{"github_pat_", 82, 82, isTokenByte, "a token of GitHub"},
	{"glpat-", 20, 300, isTokenByte, "a token of GitLab"},
	{"glrt-", 20, 64, isTokenByte, "a token of GitLab"},
	{"gldt-", 20, 64, isTokenByte, "a token of GitLab"},
	{"glptt-", 40, 40, isAlphanumeric, "a token of GitLab"},
	{"npm_", 36, 36, isAlphanumeric, "a token of npm"},
	{"pypi-AgE", 50, 1000, isTokenByte, "a token of PyPI"},
	{"dckr_pat_", 27, 27, isTokenByte, "a token of Docker"},
	{"hf_", 34, 34, isAlphanumeric, "a token of Hugging Face"},
	{"AIza", 35, 35, isTokenByte, "a key of Google Cloud"},
	{"AKID", 32, 32, isAlphanumeric, "a secret ID of Tencent Cloud"},
	{"dop_v1_", 64, 64, isAlphanumeric, "a token of DigitalOcean"},
	{"xoxb-", 24, 255, isTokenByte, "a token of Slack"},
	{"xoxp-", 24, 255, isTokenByte, "a token of Slack"},
	{"xapp-", 64, 255, isTokenByte, "a token of Slack"},
	{"AGE-SECRET-KEY-1", 58, 58, isBase32, "a key of age"},
	{"tskey-", 20, 100, isTokenByte, "a key of Tailscale"},
	{"rubygems_", 48, 48, isAlphanumeric, "a key of RubyGems"},
	{"sk_live_", 24, 255, isAlphanumeric, "a key of Stripe"},
	{"rk_live_", 24, 255, isAlphanumeric, "a key of Stripe"},
	{"sk-", 32, 48, isAlphanumeric, "an API key of a language model"},
	{"sk-proj-", 40, 255, isTokenByte, "an API key of a language model"},
	{"sk-ant-", 40, 255, isTokenByte, "an API key of a language model"},
	{"SG.", 66, 66, isJWTByte, "an API key of SendGrid"},
	{"hvs.", 24, 300, isTokenByte, "a token of HashiCorp Vault"},
	{"hvb.", 24, 300, isTokenByte, "a token of HashiCorp Vault"},
	{slackAddress, 43, 56, isPathByte, "a webhook address of Slack"},
	{jwtBegin, 30, 4096, isJWTByte, "a JSON web token"},
}

const (
	slackAddress = "https://hooks.slack.com/services/"
	jwtBegin     = "eyJ" // {" in base64
)

func isAlphanumeric(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }
func isBase32(c byte) bool       { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
func isTokenByte(c byte) bool    { return isAlphanumeric(c) || c == '_' || c == '-' }
func isJWTByte(c byte) bool      { return isTokenByte(c) || c == '.' }
func isPathByte(c byte) bool     { return isAlphanumeric(c) || c == '/' }

// shortestKey is the length of the shortest key.
var shortestKey = func() int {
	shortest := math.MaxInt
	for _, form := range keyForms {
		shortest = min(shortest, len(form.prefix)+form.min)
	}
	return shortest
}()

// tokenBytes are those of isTokenByte.
var tokenBytes = func() (set [256]bool) {
	for c := range set {
		set[c] = isTokenByte(byte(c))
	}
	return set
}()

// keyBegins are the first bytes of keys.
var keyBegins = func() (set [256]bool) {
	for _, form := range keyForms {
		set[form.prefix[0]] = true
	}
	return set
}()

// eachKey calls f with the keys in a text. In each stands a run of the bytes of
// tokens that is as long as the shortest key. Of those bytes that are as far apart as
// that, each such run covers one: most of a text is not looked at.
func eachKey(text string, f func(start, end int, what string)) {
	for at := shortestKey - 1; at < len(text); at += shortestKey {
		if !tokenBytes[text[at]] {
			continue
		}
		start := at
		for start > 0 && tokenBytes[text[start-1]] {
			start--
		}
		for at+1 < len(text) && tokenBytes[text[at+1]] {
			at++
		}
		if at+1-start < shortestKey {
			continue
		}
		end, what := keyEnd(text, start)
		if long := longBegin(text, start); end == 0 && long < start {
			start = long
			end, what = keyEnd(text, start)
		}
		if end > 0 {
			f(start, end, what)
			at = max(at, end-1)
		}
	}
}

// longBegin is where a key begins whose prefix does not stand in a run: with the word
// before its dot, or with the web address before its slash.
func longBegin(text string, run int) int {
	if run == 0 {
		return run
	}
	switch text[run-1] {
	case '.':
		begin := run - 1
		for begin > 0 && tokenBytes[text[begin-1]] {
			begin--
		}
		return begin
	case '/':
		const far = 2 * len(slackAddress) // two names stand between it and the run
		from := max(0, run-far)
		if i := strings.LastIndex(text[from:run], slackAddress); i >= 0 && (from+i == 0 || !tokenBytes[text[from+i-1]]) {
			return from + i
		}
	}
	return run
}

// keyEnd is where the key ends that begins at a place, and what it is; 0 where none
// does.
func keyEnd(text string, start int) (end int, what string) {
	if !keyBegins[text[start]] {
		return 0, ""
	}
	for i := range keyForms {
		form := &keyForms[i]
		if !strings.HasPrefix(text[start:], form.prefix) {
			continue
		}
		begin := start + len(form.prefix)
		end := begin
		for end < len(text) && form.alphabet(text[end]) {
			end++
		}
		if body := text[begin:end]; len(body) >= form.min && len(body) <= form.max && !isStandIn(body) &&
			(form.prefix != jwtBegin || strings.Contains(body, "."+jwtBegin)) {
			return end, form.what
		}
	}
	return 0, ""
}

// isStandIn reports a body that stands in the place of a key: with a word that
// says so, or with few different characters.
func isStandIn(body string) bool {
	lower := strings.ToLower(body)
	for _, word := range []string{"your", "placeholder", "redacted", "xxxx"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	different := 0
	for i := range len(body) {
		if strings.IndexByte(body[:i], body[i]) < 0 {
			different++
		}
	}
	return different < 6
}

const (
	pemBegin = "-----BEGIN "
	pemKey   = "PRIVATE KEY"
	pemEnd   = "-----END "
	dashes   = "-----"
	pgpEnd   = " BLOCK" + dashes

	// Source: PuTTY user manual, appendix C, PPK file format; versions 1 to 3.
	ppkBegin = "PuTTY-User-"
	ppkKey   = "Key-File-"    // its capital is rare, and so found faster than that of the whole
	ppkEnd   = "Private-MAC:" // its last line
)

// eachPrivateKey calls f with the first lines of private keys in a text, and with where
// the keys end.
func eachPrivateKey(text string, f func(start, end, last int)) {
	eachPEM(text, f)
	eachPPK(text, f)
}

func eachPEM(text string, f func(start, end, last int)) {
	for at := 0; ; {
		found := strings.Index(text[at:], pemKey)
		if found < 0 {
			return
		}
		end := at + found + len(pemKey)
		switch rest := text[end:]; {
		case strings.HasPrefix(rest, dashes):
			end += len(dashes)
		case strings.HasPrefix(rest, pgpEnd):
			end += len(pgpEnd)
		default:
			at = end
			continue
		}
		start := strings.LastIndex(text[at:end], pemBegin)
		if start >= 0 && end-(at+start) <= len(pemBegin)+len("ENCRYPTED ")+len(pemKey)+len(pgpEnd) {
			f(at+start, end, before(text, end, pemEnd))
		}
		at = end
	}
}

func eachPPK(text string, f func(start, end, last int)) {
	for at := 0; ; {
		found := strings.Index(text[at:], ppkKey)
		if found < 0 {
			return
		}
		start := at + found - len(ppkBegin)
		at += found + len(ppkKey)
		if rest := text[at:]; start >= 0 && strings.HasPrefix(text[start:], ppkBegin) &&
			len(rest) > 1 && rest[0] >= '1' && rest[0] <= '3' && rest[1] == ':' {
			f(start, at+len("3:"), before(text, at, ppkEnd))
		}
	}
}

// before is where a mark stands behind an offset; the end of the text where none does.
func before(text string, from int, mark string) int {
	if i := strings.Index(text[from:], mark); i >= 0 {
		return from + i
	}
	return len(text)
}

// holdsSecret reports a text that no message may repeat.
func holdsSecret(text string) (found bool) {
	eachKey(text, func(int, int, string) { found = true })
	return found
}

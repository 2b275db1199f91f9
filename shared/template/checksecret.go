package template

import (
	"math"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A finding about a secret points at it, and repeats none of it: neither in its
// message nor in its path.

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
		if body := text[begin:end]; len(body) >= form.min && len(body) <= form.max && !isStandIn(body) && (form.prefix != jwtBegin || strings.Contains(body, "."+jwtBegin)) {
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
		if rest := text[at:]; start >= 0 && strings.HasPrefix(text[start:], ppkBegin) && len(rest) > 1 && rest[0] >= '1' && rest[0] <= '3' && rest[1] == ':' {
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

// eachSecretText calls f with the texts of a template: its files whole, comments and all, and what a
// message's keys say beside the content.
func (l *lint) eachSecretText(f func(text string, at place)) {
	for _, src := range [...]*source{l.in.content, l.in.test} {
		if src != nil {
			f(src.text, place{src: src})
		}
	}
	for i := range l.in.messageKeys {
		g := &l.in.messageKeys[i]
		if g.key.Path == "content" || g.key.Path == "testContent" {
			continue
		}
		for _, v := range g.values {
			f(v.text, place{value: v.at})
		}
	}
}

// place is where a text stands: all of a source, or a value that is marked whole.
type place struct {
	src   *source
	value span
}

func (p place) span(start, end int) span {
	if p.src == nil {
		return p.value
	}
	return p.src.span(start, end)
}

func checkAccessKeys(l *lint) {
	l.eachSecretText(func(text string, at place) {
		eachKey(text, func(start, end int, what string) {
			if !l.full("IB0401") && !isExample(text, start, end) {
				l.add("IB0401", at.span(start, end), "", what+" in the text, which whoever may describe the resource can read",
					"delete it, and revoke it: it is known now; let the instance's RAM role give access")
			}
		})
	})
}

// isExample reports a key that documents print, such as those of AWS that end in
// EXAMPLE, where it explains something: in a comment. A command cannot work with it.
func isExample(text string, start, end int) bool {
	line := text[strings.LastIndexByte(text[:start], '\n')+1 : start]
	return kindOfLine(line) == commentLine && strings.Contains(strings.ToLower(text[start:end]), "example")
}

func checkPrivateKeys(l *lint) {
	l.eachSecretText(func(text string, at place) {
		eachPrivateKey(text, func(start, end, last int) {
			if !l.full("IB0402") && !isSought(text[:start]) {
				l.add("IB0402", at.span(start, end), "", "a private key in the text, which whoever may describe the resource can read",
					"delete it, and replace the key pair: it is known now")
				l.extendSecret(at.span(start, last))
			}
		})
	})
}

// isSought reports a text behind which the first line of a key is a pattern: an
// address of sed or awk, or what grep looks for.
func isSought(before string) (sought bool) {
	line := before[strings.LastIndexByte(before, '\n')+1:]
	if strings.HasSuffix(strings.TrimRight(line, "^"), "/") {
		return true
	}
	for _, word := range eachWord(line[strings.LastIndexAny(line, ";|&")+1:]) {
		sought = sought || strings.HasSuffix(word, "grep")
	}
	return sought
}

// checkKeyFiles finds keys that get into the image: each of its instances lets
// their owner in.
func checkKeyFiles(l *lint, s *script) {
	for _, w := range s.writes {
		if isKeyFile(w.to.text) && s.writesText(w) {
			l.addKeyFile(s.span(w.to.at))
		}
	}
	for i := range s.calls {
		k := &s.calls[i]
		if k.tools&tCopy == 0 || k.context.elsewhere {
			continue
		}
		words := k.operands(0)
		switch k.name {
		case "cp", "mv", "install":
			if n := len(words); n > 1 && isKeyFile(words[n-1].text) && words[0].text != "/dev/null" {
				l.addKeyFile(s.span(words[n-1].at))
			}
		case "tee":
			for _, a := range words {
				if isKeyFile(a.text) {
					l.addKeyFile(s.span(a.at))
				}
			}
		}
	}
}

func checkKeyCopy(l *lint, p *part, in *instruction) {
	if list := p.wordsOf(in); len(list) == 2 && (isKeyFile(strings.Trim(list[1].text, `"'`)) || isKeyFile(strings.Trim(list[0].text, `"'`))) {
		l.addKeyFile(p.spanOfWord(in, list[1]))
	}
}

func (l *lint) addKeyFile(at span) {
	l.add("IB0402", at, "", "an SSH key in the image: its owner gets into every instance", "bind a key pair to the instances as they are created")
}

// isKeyFile reports the names of SSH's files that let somebody in.
func isKeyFile(path string) bool {
	name := path[strings.LastIndexByte(path, '/')+1:]
	switch name {
	case "authorized_keys", "authorized_keys2", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519":
		return true
	}
	return false
}

// writesText reports a redirection that puts something into its file: emptying
// it does not.
func (s *script) writesText(w write) bool {
	k := s.main(w.start, w.end)
	if k == nil {
		return false
	}
	switch k.name {
	case "cat":
		return len(k.args) > 0 && k.args[0].text != "/dev/null" || k.context.fed && len(k.args) == 0
	case "echo", "printf":
		for _, a := range k.args {
			if a.text != "" && !strings.HasPrefix(a.text, "-") {
				return true
			}
		}
		return false
	case ":", "true":
		return false
	}
	return true
}

// Words in the name of a variable that say what its value is. Source: BuildKit's
// SecretsUsedInArgOrEnv, less key and auth, which name too much else.
var secretWords = []string{"PASSWORD", "PASSWD", "PWORD", "PWD", "SECRET", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS", "ACCESSKEY", "PASSPHRASE"}

// plainWords say that the value is about a secret, and is none.
var plainWords = []string{"FILE", "PATH", "DIR", "URL", "URI", "NAME", "USER", "TYPE", "TTL", "LENGTH", "SIZE", "EXPIRY", "EXPIRES", "ENABLED", "PUBLIC", "HOST", "PORT",
	"ENDPOINT", "HASH", "POLICY", "ARN", "ID", "MIN", "MAX", "AGE", "DAYS", "COUNT", "LEN", "ISSUER", "COMMAND", "CMD", "PROMPT", "REGION",
	"SECONDS", "MINUTES", "HOURS", "EXPIRE", "EXPIRATION", "VALIDITY", "DURATION", "INTERVAL", "LIFETIME", "TIMEOUT", "HEADER", "FIELD", "HASHER", "ENCODING", "FORMAT", "ALGORITHM", "METHOD", "MODE", "BACKEND", "PROVIDER", "STORE", "MANAGER", "HELPER",
	"SERVICE", "SERVER", "TAG", "VERSION", "PREFIX", "SUFFIX", "REGEX", "PATTERN", "SCOPE", "AUDIENCE", "LIMIT", "CLASS", "VALIDATION", "AUTHENTICATION"}

// suggestsSecret judges a name by its words: DB_PASSWORD, PGPASSWORD, dbPassword, secret-key.
func suggestsSecret(name string) bool {
	secret, last := false, ""
	for rest := name; rest != ""; {
		n := wordLength(rest)
		word := rest[:n]
		for rest = rest[n:]; rest != "" && isNameSign(rest[0]); {
			rest = rest[1:]
		}
		secret = secret || isSecretWord(word) || isWord(word, "KEY") && isKeyOf(last) || rest == "" && isWord(word, "PASS") && isPassOf(last)
		last = word
	}
	if !secret || strings.EqualFold(name, "PWD") || strings.EqualFold(name, "OLDPWD") {
		return false
	}
	for _, w := range plainWords {
		if strings.EqualFold(w, last) {
			return false
		}
	}
	return true
}

// isKeyOf takes the word before KEY: API_KEY, PRIVATE_KEY.
func isKeyOf(word string) bool {
	for _, w := range []string{"API", "ACCESS", "PRIVATE", "ENCRYPTION", "SIGNING"} {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// isPassOf takes the word before PASS, which is short for other things too: DB_PASS.
func isPassOf(word string) bool {
	for _, w := range []string{"DB", "DATABASE", "MYSQL", "PG", "POSTGRES", "REDIS", "SMTP", "MAIL", "EMAIL", "HTTP", "PROXY", "FTP", "SSH", "LDAP", "AUTH", "ROOT", "ADMIN", "USER", "KEY", "STORE"} {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// wordLength is the length of the first word of a name: to a sign, or to a
// capital behind a small letter.
func wordLength(name string) int {
	for i := 1; i < len(name); i++ {
		small := name[i-1] >= 'a' && name[i-1] <= 'z'
		if c := name[i]; isNameSign(c) || small && c >= 'A' && c <= 'Z' {
			return i
		}
	}
	return len(name)
}

// isNameSign reports what parts the words of a name.
func isNameSign(c byte) bool { return c == '_' || c == '-' || c == '.' }

// isSecretWord takes PGPASSWORD for what it is, too.
func isSecretWord(word string) bool {
	for _, w := range secretWords {
		if isWord(word, w) {
			return true
		}
	}
	const password = "PASSWORD"
	n := len(word) - len(password)
	return n > 0 && strings.EqualFold(word[n:], password) && !strings.EqualFold(word[:n], "NO")
}

// isPlainValue reports what is no secret: nothing, a path, a switch, a number, or
// what only the run tells.
func isPlainValue(value string) bool {
	value = strings.Trim(value, `"'`)
	switch strings.ToLower(value) {
	case "", "true", "false", "yes", "no", "none", "null", "on", "off":
		return true
	}
	return strings.ContainsAny(value, "$`\x00") || value[0] == '/' || strings.Trim(value, "0123456789") == "" && len(value) < 4 || strings.Trim(value, "*xX.<>") == "" ||
		isPlaceholder(value)
}

// isPlaceholder reports what stands for a value that somebody is to write.
func isPlaceholder(value string) bool {
	for _, marks := range [][2]string{{"<", ">"}, {"{", "}"}, {"__", "__"}, {"@", "@"}, {"%", "%"}, {"[", "]"}} {
		if strings.HasPrefix(value, marks[0]) && strings.HasSuffix(value, marks[1]) {
			return true
		}
	}
	value = strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(value))
	for _, word := range []string{"changeme", "changeit", "replaceme", "placeholder", "example", "redacted"} {
		if strings.Contains(value, word) {
			return true
		}
	}
	return strings.HasPrefix(value, "dummy") || value == "todo" || value == "tbd" || strings.HasPrefix(value, "your") || strings.HasPrefix(value, "insert")
}

// looksMade reports a value that nobody writes for a word or a number.
func looksMade(value string) bool {
	letter, digit := false, false
	for i := range len(value) {
		letter = letter || isLetter(value[i])
		digit = digit || value[i] >= '0' && value[i] <= '9'
	}
	return len(value) >= 8 && letter && digit && !isPlainValue(value)
}

const secretHelp = "give it to the instance as it starts: user data, a RAM role, or a secret of KMS"

// checkSecretNames looks at the pairs of ENV and LABEL, and at the parameters of
// COMPONENT.
func checkSecretNames(l *lint, p *part, in *instruction) {
	if in.verb == vCOMPONENT {
		list := p.wordsOf(in)
		for i := 1; i+1 < len(list); i += 2 {
			if name, ok := strings.CutPrefix(list[i].text, "--"); ok && suggestsSecret(name) && !isPlainValue(list[i+1].text) {
				l.addSecretName(p.spanOfWord(in, list[i]))
			}
		}
		return
	}
	p.eachPair(in, func(w word, name, value string) {
		if suggestsSecret(name) && !isPlainValue(value) {
			l.addSecretName(p.spanIn(in, w.start, w.start+len(name)))
		}
	})
}

// eachPair calls f with the names and values of ENV or LABEL, as far as they are
// key=value pairs, or with those of `key value`. w is the word of the name.
func (p *part) eachPair(in *instruction, f func(w word, name, value string)) {
	list := p.wordsOf(in)
	for i, w := range list {
		name, value, pair := strings.Cut(w.text, "=")
		if !pair && i == 0 && len(list) > 1 {
			value = list[1].text
		}
		f(w, name, value)
		if !pair {
			return
		}
	}
}

// checkSecretVariables looks at the variables of shell text, and at what its words
// and here-documents say of variables. Names in capitals are there for others to
// read; elsewhere the value has to look like a secret, too.
func checkSecretVariables(l *lint, s *script) {
	for _, a := range s.secrets {
		if !a.value.fixed || isPlainValue(a.value.text) || !suggestsSecret(a.name) {
			continue
		}
		if strings.ToUpper(a.name) == a.name || looksMade(a.value.text) {
			l.addSecretName(s.span(a.at))
		}
	}
	for i := range s.calls {
		s.calls[i].eachSecretPair(s, func(at extent) { l.addSecretName(s.span(at)) })
	}
}

func (l *lint) addSecretName(at span) {
	if !l.full("IB0403") {
		l.add("IB0403", at, "", "the name says that the value is a secret, and everybody can read it", secretHelp)
	}
}

// eachSecretPair calls f with the names in pairs of name and value, wherever they stand in the
// words of a call or in the document that it reads. What looks for such a text has
// none.
func (k *call) eachSecretPair(s *script, f func(extent)) {
	switch k.name {
	case "grep", "egrep", "fgrep", "rg", "sed", "awk", "test", "[":
		return
	}
	for i := range k.args {
		a := &k.args[i]
		if !a.fixed || strings.IndexByte(a.text, '=') < 0 && strings.IndexByte(a.text, ':') < 0 {
			continue
		}
		base := a.plainAt()
		eachPair(a.text, func(start, end int, value string) {
			switch name := a.text[start:end]; {
			case strings.HasPrefix(name, "--") || k.tools&tFetch != 0 && a.text[end] == ':' || !suggestsSecret(name) && !signs(name, a.text):
			case !looksMade(value) && (strings.ToUpper(name) != name || isPlainValue(value) || k.name == "echo" || k.name == "printf"):
			case base < 0:
				f(a.at)
			default:
				f(extent{base + start, base + end})
			}
		})
	}
	if k.input != nil && !k.context.within && !k.readsScript() && (k.name != "cat" || s.isWritten(k)) {
		at := s.extent(k.input)
		eachPair(s.text[at.start:at.end], func(start, end int, value string) {
			if suggestsSecret(s.text[at.start+start:at.start+end]) && looksMade(value) {
				f(extent{at.start + start, at.start + end})
			}
		})
	}
}

// isWritten reports a call whose output goes to a file.
func (s *script) isWritten(k *call) bool {
	for _, w := range s.writes {
		for i := w.start; i < w.end; i++ {
			if &s.calls[i] == k {
				return true
			}
		}
	}
	return false
}

// signs reports the parameter of a web address that lets whoever has it in.
func signs(name, text string) bool { return isWebAddress(text) && isSignature(name) }

func isSignature(name string) bool {
	return strings.EqualFold(name, "signature") || strings.EqualFold(name, "x-amz-signature") || name == "sig"
}

// maxSecret bounds how much of a value is looked at.
const maxSecret = 200

// eachPair calls f with the name and the value of each NAME=value and NAME: value in
// a text.
func eachPair(text string, f func(start, end int, value string)) {
	for at := 0; ; {
		found := strings.IndexAny(text[at:], "=:")
		if found < 0 {
			return
		}
		from, sign := at, at+found
		at = sign + 1
		if text[sign] == ':' && (at == len(text) || text[at] != ' ') {
			continue
		}
		end := from + len(strings.TrimRight(text[from:sign], " \t\"'"))
		start := end
		for start > from && (isTokenByte(text[start-1]) || text[start-1] == '.') {
			start--
		}
		value := strings.TrimLeft(text[at:min(len(text), at+maxSecret)], " \t\"'")
		if i := strings.IndexAny(value, " \t\r\n\"',;&|)"); i >= 0 {
			value = value[:i]
		}
		if start < end {
			f(start, end, value)
		}
	}
}

// checkSecretParameters looks at the defaults of a component's parameters, and at
// what its tasks are given beside shell text.
func checkSecretParameters(l *lint, p *part) {
	if p.isAWSDocument() {
		l.checkAWSSecrets(p, "parameters", "default")
		l.checkAWSSecrets(p, "constants", "value")
	}
	if !p.isYAMLComponent() {
		return
	}
	pairs(value(p.yaml.root, "Parameters"), func(key, parameter *yaml.Node) {
		n := value(parameter, "DefaultValue")
		if n != nil && n.Kind == yaml.ScalarNode && suggestsSecret(key.Value) && !isPlainValue(n.Value) && !l.full("IB0403") {
			l.add("IB0403", p.yaml.text.span(n), "", "the parameter's name says that its default is a secret, and everybody can read it", "give it no DefaultValue")
		}
	})
	p.eachAction(func(task *yaml.Node, a *Action) {
		pairs(value(task, "Properties"), func(key, n *yaml.Node) {
			if n.Kind == yaml.ScalarNode && a.Name != "RunShellCommand" {
				l.checkProperty(p, key.Value, n)
			}
		})
	})
}

// checkAWSSecrets looks at the values of a list of parameters or constants: they stand in
// CloudTrail, too. Source: AWSTOE, user-defined variables.
func (l *lint) checkAWSSecrets(p *part, list, key string) {
	for _, item := range items(value(p.yaml.root, list)) {
		pairs(item, func(name, declared *yaml.Node) {
			n := value(declared, key)
			if n != nil && n.Kind == yaml.ScalarNode && suggestsSecret(name.Value) && !isPlainValue(n.Value) && !l.full("IB0403") {
				l.add("IB0403", p.yaml.text.span(n), "", "the name says that the "+key+" is a secret, and everybody can read it", "let the step read it, for example from Secrets Manager")
			}
		})
	}
}

// checkProperty looks at a property of a task, which may be a text of pairs.
func (l *lint) checkProperty(p *part, name string, n *yaml.Node) {
	if holdsPassword(n.Value) {
		l.addPassword(p.yaml.text.span(n))
	}
	found := suggestsSecret(name) && !isPlainValue(n.Value)
	eachPair(n.Value, func(start, end int, value string) {
		found = found || suggestsSecret(n.Value[start:end]) && looksMade(value)
	})
	if found && !strings.Contains(n.Value, "{{") && !l.full("IB0403") {
		l.add("IB0403", p.yaml.text.span(n), "", "the property's name says that its value is a secret, and everybody can read it", "take it from a parameter without DefaultValue")
	}
}

// CoverSecrets puts asterisks over what looks like a secret in a line, whether or
// not anything was found there: in a command that no shell can read no rule looks for
// one. Each code point stays one.
func CoverSecrets(line string) string {
	var spots []extent
	cover := func(start, end int) { spots = append(spots, extent{start, end}) }
	eachKey(line, func(start, end int, _ string) { cover(start, end) })
	eachPair(line, func(start, end int, value string) {
		if value != "" && (suggestsSecret(line[start:end]) || isSignature(line[start:end])) && !isPlainValue(value) {
			at := end + strings.Index(line[end:], value)
			cover(at, at+len(value))
		}
	})
	option := false
	for at, word := range eachWord(line) {
		if option && !isPlainValue(word) || holdsPassword(word) {
			cover(at, at+len(word))
		}
		option = isPasswordOption(word)
	}
	if len(spots) == 0 {
		return line
	}
	return asterisks(line, spots)
}

// eachWord gives the words of a line between blanks, with their places.
func eachWord(line string) func(func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for at := 0; at < len(line); {
			end := at + len(line[at:])
			if i := strings.IndexAny(line[at:], " \t"); i >= 0 {
				end = at + i
			}
			if end > at && !yield(at, line[at:end]) {
				return
			}
			at = end + 1
		}
	}
}

// coverKeys puts asterisks over the keys in what a finding says: a help may show
// how to write a text that has one.
func coverKeys(text string) string {
	if !holdsSecret(text) {
		return text
	}
	var spots []extent
	eachKey(text, func(start, end int, _ string) { spots = append(spots, extent{start, end}) })
	return asterisks(text, spots)
}

func asterisks(line string, spots []extent) string {
	var b strings.Builder
	for at, c := range line {
		for _, s := range spots {
			if s.start <= at && at < s.end {
				c = '*'
			}
		}
		b.WriteRune(c)
	}
	return b.String()
}

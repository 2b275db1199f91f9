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
	{"github_pat_", 82, 82, isTokenByte, "a token of GitHub"},
	{"glpat-", 20, 20, isTokenByte, "a token of GitLab"},
	{"npm_", 36, 36, isAlphanumeric, "a token of npm"},
	{"AIza", 35, 35, isTokenByte, "a key of Google Cloud"},
	{"xoxb-", 24, 80, isTokenByte, "a token of Slack"},
	{"xoxp-", 24, 80, isTokenByte, "a token of Slack"},
}

func isAlphanumeric(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }
func isBase32(c byte) bool       { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
func isTokenByte(c byte) bool    { return isAlphanumeric(c) || c == '_' || c == '-' }

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

// eachKey calls f with the keys in a text: each begins where a run of the bytes of
// tokens does. Of those bytes that are as far apart as the shortest key is long,
// each key covers one: most of a text is not looked at.
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
		if at+1-start >= shortestKey {
			accessKeyAt(text, start, f)
		}
	}
}

// accessKeyAt calls f with the key that begins at a place, if one does.
func accessKeyAt(text string, start int, f func(start, end int, what string)) {
	for i := range keyForms {
		form := &keyForms[i]
		if !strings.HasPrefix(text[start:], form.prefix) {
			continue
		}
		at := start + len(form.prefix)
		end := at
		for end < len(text) && form.alphabet(text[end]) {
			end++
		}
		if body := text[at:end]; len(body) >= form.min && len(body) <= form.max && !isExample(body) {
			f(start, end, form.what)
		}
	}
}

// isExample reports a body that documents print in the place of a key: with the
// word in it, or with few different characters.
func isExample(body string) bool {
	if strings.Contains(strings.ToLower(body), "example") {
		return true
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
	keyBegin = "-----BEGIN "
	keyEnd   = "PRIVATE KEY-----"
)

// eachPrivateKey calls f with the first lines of private keys in a text.
func eachPrivateKey(text string, f func(start, end int)) {
	for at := 0; ; {
		found := strings.Index(text[at:], keyEnd)
		if found < 0 {
			return
		}
		end := at + found + len(keyEnd)
		start := strings.LastIndex(text[at:end], keyBegin)
		if start >= 0 && end-(at+start) <= len(keyBegin)+len("ENCRYPTED ")+len(keyEnd) {
			f(at+start, end)
		}
		at = end
	}
}

// holdsSecret reports a text that no message may repeat.
func holdsSecret(text string) (found bool) {
	eachKey(text, func(int, int, string) { found = true })
	return found
}

// eachSecretText calls f with the texts of a template: its files whole, comments and all, and what a
// message's keys say beside the content.
func (l *lint) eachSecretText(f func(text string, at func(start, end int) span)) {
	for _, src := range [...]*source{l.in.content, l.in.test} {
		if src != nil {
			f(src.text, src.span)
		}
	}
	for i := range l.in.messageKeys {
		g := &l.in.messageKeys[i]
		if g.key.Path == "content" || g.key.Path == "testContent" {
			continue
		}
		for _, v := range g.values {
			f(v.text, func(int, int) span { return v.at })
		}
	}
}

func checkAccessKeys(l *lint) {
	l.eachSecretText(func(text string, at func(start, end int) span) {
		eachKey(text, func(start, end int, what string) {
			if !l.full("IB0401") {
				l.add("IB0401", at(start, end), "", what+" in the text, which whoever may describe the resource can read",
					"delete it, and revoke it: it is known now; let the instance's RAM role give access")
			}
		})
	})
}

func checkPrivateKeys(l *lint) {
	l.eachSecretText(func(text string, at func(start, end int) span) {
		eachPrivateKey(text, func(start, end int) {
			if !l.full("IB0402") {
				l.add("IB0402", at(start, end), "", "a private key in the text, which whoever may describe the resource can read",
					"delete it, and replace the key pair: it is known now")
			}
		})
	})
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
	"ENDPOINT", "HASH", "POLICY", "ARN", "ID", "MIN", "MAX", "AGE", "DAYS", "COUNT", "LEN", "ISSUER", "COMMAND", "CMD", "PROMPT", "REGION"}

// suggestsSecret judges a name by its words: DB_PASSWORD, PGPASSWORD, dbPassword, secret-key.
func suggestsSecret(name string) bool {
	secret, last := false, ""
	for rest := name; rest != ""; {
		n := wordLength(rest)
		word := rest[:n]
		rest = strings.TrimLeft(rest[n:], "_-.")
		secret = secret || isSecretWord(word) ||
			// API_KEY, ACCESS_KEY, PRIVATE_KEY
			strings.EqualFold(word, "KEY") && (strings.EqualFold(last, "API") || strings.EqualFold(last, "ACCESS") || strings.EqualFold(last, "PRIVATE"))
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

// wordLength is the length of the first word of a name: to a sign, or to a
// capital behind a small letter.
func wordLength(name string) int {
	for i := 1; i < len(name); i++ {
		small := name[i-1] >= 'a' && name[i-1] <= 'z'
		if c := name[i]; c == '_' || c == '-' || c == '.' || small && c >= 'A' && c <= 'Z' {
			return i
		}
	}
	return len(name)
}

// isSecretWord takes PGPASSWORD for what it is, too.
func isSecretWord(word string) bool {
	for _, w := range secretWords {
		if len(w) == len(word) && strings.EqualFold(w, word) {
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
		value[0] == '<' && value[len(value)-1] == '>'
}

const secretHelp = "give it to the instance as it starts: user data, a RAM role, or a secret of KMS"

// checkSecretNames looks at ENV and at the variables of shell text.
func checkSecretNames(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	for i, w := range list {
		name, value, pair := strings.Cut(w.text, "=")
		if !pair && i == 0 && len(list) > 1 {
			value = list[1].text
		}
		if suggestsSecret(name) && !isPlainValue(value) && !l.full("IB0403") {
			l.add("IB0403", p.spanIn(in, w.start, w.start+len(name)), "", "the variable's name says that its value is a secret, and everybody can read it", secretHelp)
		}
		if !pair {
			return
		}
	}
}

// checkSecretVariables looks at names in capitals: they are there for others to
// read.
func checkSecretVariables(l *lint, s *script) {
	for _, a := range s.secrets {
		if a.value.fixed && strings.ToUpper(a.name) == a.name && !isPlainValue(a.value.text) && !l.full("IB0403") {
			l.add("IB0403", s.span(a.at), "", "the variable's name says that its value is a secret, and everybody can read it", secretHelp)
		}
	}
}

// checkSecretParameters looks at the defaults of a component's parameters.
func checkSecretParameters(l *lint, p *part) {
	if !p.isYAMLComponent() {
		return
	}
	pairs(value(p.yaml.root, "Parameters"), func(key, parameter *yaml.Node) {
		n := value(parameter, "DefaultValue")
		if n != nil && n.Kind == yaml.ScalarNode && suggestsSecret(key.Value) && !isPlainValue(n.Value) && !l.full("IB0403") {
			l.add("IB0403", p.yaml.text.span(n), "", "the parameter's name says that its default is a secret, and everybody can read it", "give it no DefaultValue")
		}
	})
}

// checkPassword finds passwords on command lines.
func checkPassword(l *lint, s *script, k *call) {
	if a := k.password(); a != nil && a.fixed {
		l.addPassword(s.span(a.at))
	}
}

func (l *lint) addPassword(at span) {
	l.add("IB0405", at, "", "a password in the text, which whoever may describe the resource can read", secretHelp)
}

// password is the argument that holds one.
func (k *call) password() *argument {
	switch k.name {
	case "useradd", "usermod", "adduser":
		if a := k.following("-p", "--password"); a != nil && len(a.text) > 2 {
			return a
		}
	case "sshpass":
		if a := k.following("-p"); a != nil {
			return a
		}
		return k.attached("-p")
	case "aws":
		if at := k.place("configure", "set"); at >= 0 && at+3 < len(k.args) && suggestsSecret(k.args[at+2].text) {
			return &k.args[at+3]
		}
	case "aliyun":
		return k.following("--access-key-secret", "--sts-token")
	case "mysql", "mysqladmin", "mysqldump", "mariadb", "redis-cli":
		if k.name == "redis-cli" {
			return k.following("-a")
		}
		if a := k.attached("-p"); a != nil && len(a.text) > 2 {
			return a
		}
		return k.attached("--password=")
	case "docker", "podman":
		if k.verb() == "login" {
			if a := k.following("-p", "--password"); a != nil {
				return a
			}
		}
	case "curl", "wget":
		if a := k.following("-u", "--user"); k.name == "curl" && a != nil && strings.Contains(strings.TrimSuffix(a.text, ":"), ":") {
			return a
		}
		if a := k.attached("--password="); a != nil {
			return a
		}
		if a := k.authorization(); a != nil {
			return a
		}
		if a := k.webAddress(); a != nil && hasUserInfo(a.text) {
			return a
		}
	case "git":
		if a := k.webAddress(); a != nil && hasUserInfo(a.text) {
			return a
		}
	}
	return nil
}

// authorization is the argument that is a header with a credential.
func (k *call) authorization() *argument {
	const header = "authorization:"
	for i := range k.args {
		text := strings.TrimPrefix(k.args[i].text, "--header=")
		if len(text) > len(header) && strings.EqualFold(text[:len(header)], header) {
			if words := strings.Fields(text[len(header):]); len(words) > 0 && !isPlainValue(words[len(words)-1]) {
				return &k.args[i]
			}
		}
	}
	return nil
}

// place is where two words stand together among the arguments, or -1.
func (k *call) place(first, second string) int {
	for i := 1; i < len(k.args); i++ {
		if k.args[i-1].text == first && k.args[i].text == second {
			return i - 1
		}
	}
	return -1
}

// attached is the argument that begins with an option and goes on with its value.
func (k *call) attached(option string) *argument {
	for i := range k.args {
		if a := &k.args[i]; strings.HasPrefix(a.text, option) && len(a.text) > len(option) {
			return a
		}
	}
	return nil
}

// checkPasswordInSource finds a password in the web address of COPY.
func checkPasswordInSource(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	if len(list) == 0 {
		return
	}
	if address := strings.Trim(list[0].text, `"'`); isWebAddress(address) && hasUserInfo(address) && !strings.Contains(address, "$") {
		l.addPassword(p.spanOfWord(in, list[0]))
	}
}

// hasUserInfo reports user:password@ in a web address.
func hasUserInfo(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	i := strings.LastIndexByte(rest, '@')
	return i > 0 && strings.Contains(rest[:i], ":")
}

// checkPipedPassword finds `echo user:password | chpasswd` and
// `echo password | passwd --stdin user`.
func checkPipedPassword(l *lint, s *script) {
	for _, p := range s.pipes {
		n := len(p.stages)
		from, to := s.main(p.stages[n-3], p.stages[n-2]), s.main(p.stages[n-2], p.stages[n-1])
		if from == nil || to == nil || from.name != "echo" && from.name != "printf" {
			continue
		}
		if to.name != "chpasswd" && !(to.name == "passwd" && to.has("--stdin")) {
			continue
		}
		if words := from.operands(0); len(words) > 0 && words[len(words)-1].fixed {
			l.addPassword(s.span(words[len(words)-1].at))
		}
	}
}

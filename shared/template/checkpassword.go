package template

import (
	"encoding/base64"
	"strings"
)

// checkPasswords finds passwords on command lines, on what they read, and in the
// web addresses of variables.
func checkPasswords(l *lint, s *script) {
	for i := range s.calls {
		k := &s.calls[i]
		rest := k
		any := s.p.src.has(atByte)
		for a := rest.password(any); a != nil; a = rest.password(any) {
			l.addPassword(s.span(a.at))
			rest = rest.behind(a)
		}
		if k.input != nil && !k.context.within && k.readsPassword() {
			at := s.extent(k.input)
			if text := s.text[at.start:at.end]; !strings.ContainsAny(text, "$`") && isPasswordText(argument{text: text, fixed: true}) {
				l.addPassword(s.span(at))
			}
		}
	}
	for _, p := range s.pipes {
		l.checkPipedPassword(s, &p)
	}
	for _, w := range s.writes {
		if isPasswordFile(w.to.text) {
			l.checkPasswordFile(s, w)
		}
	}
	for _, a := range s.secrets {
		if holdsPassword(a.value.text) {
			l.addPassword(s.span(a.value.at))
		}
	}
}

// isPasswordFile reports files of which each line says a password.
func isPasswordFile(path string) bool {
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case ".netrc", "_netrc", ".pgpass", "chap-secrets", "pap-secrets":
		return true
	}
	return false
}

// checkPasswordFile looks at what is written into such a file.
func (l *lint) checkPasswordFile(s *script, w write) {
	k := s.main(w.start, w.end)
	if k == nil {
		return
	}
	if k.input != nil && k.name == "cat" && !k.context.within {
		if at := s.extent(k.input); isPasswordText(argument{text: s.text[at.start:at.end], fixed: !strings.ContainsAny(s.text[at.start:at.end], "$`")}) {
			l.addPassword(s.span(at))
		}
	}
	if words := k.operands(0); len(words) > 0 && (k.name == "echo" || k.name == "printf") {
		if last := words[len(words)-1]; isPasswordText(last) && !isPlaceholder(last.text[strings.LastIndexAny(last.text, " :")+1:]) {
			l.addPassword(s.span(last.at))
		}
	}
}

func (l *lint) addPassword(at span) {
	l.add("IB0405", at, "", "a password in the text, which whoever may describe the resource can read", l.secretHelp())
}

// password is the argument that holds one. addresses says that there may be web
// addresses with one.
func (k *call) password(addresses bool) *argument {
	if k.tools&(tPassword|tNetwork) != 0 {
		if a := k.ownPassword(); a != nil && a.fixed {
			return a
		}
	}
	if addresses && !k.looksFor() {
		for i := range k.args {
			if a := &k.args[i]; holdsPassword(a.text) || k.name == "git" && isTokenAddress(a.text) {
				return a
			}
		}
	}
	return k.namedPassword()
}

// behind is the call with the arguments that stand behind one of them.
func (k *call) behind(a *argument) *call {
	rest := *k
	rest.args = nil
	for i := range k.args {
		if &k.args[i] == a || k.args[i].at == a.at {
			rest.args = k.args[i+1:]
		}
	}
	return &rest
}

// ownPassword knows the programs that have ways of their own to take one.
func (k *call) ownPassword() *argument {
	switch k.name {
	case "useradd", "usermod", "adduser":
		if a := k.following("-p", "--password"); a != nil && len(a.text) > 2 {
			return a
		}
		return k.attached("--password=")
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
	case "ossutil", "ossutil64":
		return k.following("-k", "--access-key-secret")
	case "openssl":
		return k.opensslPassword()
	case "az":
		if k.has("login") {
			return k.following("-p")
		}
	case "unzip", "zip":
		return k.following("-P")
	case "7z", "7za", "7zz":
		return k.attached("-p")
	case "ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldappasswd":
		return k.following("-w")
	case "smbclient", "net":
		return k.windowsPassword()
	case "keytool":
		if a := k.following("-storepass", "-keypass", "-srcstorepass", "-deststorepass"); a != nil && !isPlainValue(a.text) {
			return a
		}
	case "vault":
		if words := k.operands(1); k.has("login") && len(words) == 1 && looksMade(words[0].text) && !strings.Contains(words[0].text, "=") {
			return &words[0]
		}
	case "mongo", "mongosh": // -p alone asks
		if a := k.following("-p"); a != nil && !strings.HasPrefix(a.text, "-") {
			return a
		}
	case "rabbitmqctl":
		for i := range k.args {
			if verb := k.args[i].text; i+2 < len(k.args) && (verb == "add_user" || verb == "change_password") {
				return &k.args[i+2]
			}
		}
	case "redis-cli":
		return k.following("-a", "--pass")
	case "mysql", "mysqladmin", "mysqldump", "mariadb":
		return k.mysqlPassword()
	case "psql":
		return k.passwordInStatement()
	case "htpasswd":
		if words := k.operands(0); k.cluster("b", "C") && len(words) > 1 {
			return &words[len(words)-1]
		}
	case "docker", "podman", "helm":
		if k.has("login") {
			return k.following("-p")
		}
	case "git":
		return k.credential()
	case "npm", "yarn", "pnpm":
		if at := k.place("config", "set"); at >= 0 && at+3 < len(k.args) && strings.HasSuffix(k.args[at+2].text, ":_authToken") {
			return &k.args[at+3]
		}
	case "curl", "wget":
		return k.webPassword()
	}
	return nil
}

// opensslPassword knows those of passwd, of enc, and of all others.
func (k *call) opensslPassword() *argument {
	switch words := k.operands(0); {
	case len(words) > 1 && words[0].text == "passwd" && !k.has("-in", "-stdin"):
		return &words[len(words)-1]
	case len(words) > 0 && words[0].text == "enc":
		if a := k.following("-k", "-K"); a != nil {
			return a
		}
	}
	return k.attached("pass:")
}

// windowsPassword is that of `net user NAME password`, `net use PATH password`, and of
// -U user%password of Samba.
func (k *call) windowsPassword() *argument {
	if a := k.following("-U", "--user"); a != nil {
		if _, password, ok := strings.Cut(a.text, "%"); ok && !isPlainValue(password) {
			return a
		}
	}
	if k.name != "net" || len(k.args) < 3 {
		return nil
	}
	var words []int // neither an option nor, to use, a drive or a path
	use := strings.EqualFold(k.args[0].text, "use")
	for i, a := range k.args[1:] {
		if !strings.HasPrefix(a.text, "/") && !strings.HasPrefix(a.text, "-") && !(use && strings.ContainsAny(a.text, `:\`)) {
			words = append(words, i+1)
		}
	}
	nth := 1
	if use {
		nth = 0
	}
	if len(words) > nth && (use || strings.EqualFold(k.args[0].text, "user")) && !isPlainValue(k.args[words[nth]].text) {
		return &k.args[words[nth]]
	}
	return nil
}

func (k *call) mysqlPassword() *argument {
	if a := k.attached("-p"); a != nil && len(a.text) > 2 {
		return a
	}
	if a := k.attached("--password="); a != nil {
		return a
	}
	if k.name == "mysqladmin" {
		if a := k.following("password"); a != nil && a.text != "" {
			return a
		}
	}
	return k.passwordInStatement()
}

// passwordInStatement finds IDENTIFIED BY 'password' and its like.
func (k *call) passwordInStatement() *argument {
	for i := range k.args {
		upper := strings.ToUpper(k.args[i].text)
		for _, clause := range []string{"IDENTIFIED BY '", "_PASSWORD BY '", "PASSWORD '", "PASSWORD('"} {
			if _, value, ok := strings.Cut(upper, clause); ok {
				value, _, _ = strings.Cut(value, "'")
				if value != "" && !isPlainValue(value) {
					found := k.args[i]
					found.fixed = true // what is quoted is
					return &found
				}
			}
		}
	}
	return nil
}

func (k *call) webPassword() *argument {
	if k.name != "curl" {
		return k.credential()
	}
	for i := range k.args {
		user := userOf(k.args, i)
		if strings.Contains(strings.TrimSuffix(user, ":"), ":") {
			return &k.args[i]
		}
	}
	return k.credential()
}

// userOf is the user:password that stands in an argument of curl.
func userOf(args []argument, i int) string {
	text := args[i].text
	if i > 0 {
		switch before := args[i-1].text; {
		case before == "--user", before == "--proxy-user", before == "-U", len(before) > 1 && before[0] == '-' && before[1] != '-' && strings.IndexAny(before, curlValued) == len(before)-1 && strings.HasSuffix(before, "u"):
			return text
		}
	}
	if user, ok := strings.CutPrefix(text, "--user="); ok {
		return user
	}
	if len(text) > 2 && text[0] == '-' && text[1] != '-' {
		if at := strings.IndexAny(text, curlValued); at > 0 && text[at] == 'u' {
			return text[at+1:]
		}
	}
	return ""
}

// credential is the argument that is a header with one.
func (k *call) credential() *argument {
	for i := range k.args {
		a := &k.args[i]
		text := a.text
		for _, option := range []string{"--header=", "-H", "http.extraheader=", "http.extraHeader="} {
			text = strings.TrimPrefix(text, option)
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok || !a.fixed || strings.ContainsAny(name, " /") {
			continue
		}
		if !suggestsSecret(name) && !strings.EqualFold(name, "authorization") && !strings.EqualFold(name, "proxy-authorization") {
			continue
		}
		if words := strings.Fields(value); len(words) > 0 && !isPlainValue(words[len(words)-1]) {
			return a
		}
	}
	return nil
}

// passwordOptions take one as the next word. Many others that begin so take none.
var passwordOptions = []string{"--password", "--passwd", "--passphrase", "--token", "--auth-token", "--access-token", "--registration-token", "--secret-key", "--api-key",
	"--access-key-secret", "--client-secret", "--authkey", "--auth-key"}

// namedPassword finds options by their names, whatever the program.
func (k *call) namedPassword() *argument {
	for i := range k.args {
		a := &k.args[i]
		if len(a.text) < len("--token") || a.text[:2] != "--" || !a.fixed {
			continue
		}
		name, value, ok := strings.Cut(a.text[2:], "=")
		if ok {
			if suggestsSecret(name) && !isPlainValue(value) && k.name != "echo" && k.name != "printf" && !strings.HasSuffix(k.name, "grep") {
				return a
			}
			continue
		}
		if i+1 == len(k.args) || !isPasswordOption(a.text) || k.asksForPassword() {
			continue
		}
		if next := &k.args[i+1]; next.fixed && !strings.HasPrefix(next.text, "-") && !isPlainValue(next.text) {
			return next
		}
	}
	return nil
}

func isPasswordOption(option string) bool {
	for _, o := range passwordOptions {
		if o == option {
			return true
		}
	}
	return false
}

// asksForPassword reports programs whose --password has no value.
func (k *call) asksForPassword() bool {
	for _, name := range []string{"mysql", "maria", "psql", "pg_", "createdb", "createuser", "dropdb", "echo", "printf", "grep"} {
		if strings.HasPrefix(k.name, name) {
			return true
		}
	}
	return false
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

// checkPasswordInSource finds a password in the web addresses of COPY and ENV.
func checkPasswordInSource(l *lint, p *part, in *instruction) {
	for _, w := range p.wordsOf(in) {
		if holdsPassword(strings.Trim(w.text, `"'`)) && !l.full("IB0405") {
			l.addPassword(p.spanOfWord(in, w))
			return
		}
	}
}

// namesAddress reports the name of a variable whose value may be a web address.
func namesAddress(name string) bool {
	for _, word := range []string{"proxy", "url", "uri", "dsn"} {
		if n := len(name) - len(word); n >= 0 && strings.EqualFold(name[n:], word) {
			return true
		}
	}
	return false
}

// isTokenAddress reports a web address with a token in the place of the user.
func isTokenAddress(text string) bool {
	_, rest, ok := strings.Cut(text, "://")
	user, _, named := strings.Cut(rest, "@")
	return ok && named && len(user) >= shortestToken && !strings.ContainsAny(user, ":/?#") && looksMade(user)
}

// shortestToken is that of one without a form of its own.
const shortestToken = 20

// holdsPassword reports a web address with user:password@ in it, as far as the
// text tells.
func holdsPassword(text string) bool {
	for {
		_, rest, ok := strings.Cut(text, "://")
		if !ok {
			return false
		}
		text = rest
		if i := strings.IndexAny(rest, "/?# "); i >= 0 {
			rest = rest[:i]
		}
		i := strings.LastIndexByte(rest, '@')
		if _, password, ok := strings.Cut(rest[:max(i, 0)], ":"); ok && !isPlainValue(password) {
			return true
		}
	}
}

// checkPipedPassword finds `echo user:password | chpasswd`, `echo password | passwd
// --stdin user` and `echo password | docker login --password-stdin`.
func (l *lint) checkPipedPassword(s *script, p *pipeline) {
	n := len(p.stages)
	from, to := s.main(p.stages[n-3], p.stages[n-2]), s.main(p.stages[n-2], p.stages[n-1])
	if from == nil || to == nil || from.name != "echo" && from.name != "printf" {
		return
	}
	if to.name == "debconf-set-selections" {
		l.checkDebconf(s, from)
	}
	words := from.operands(0)
	if len(words) == 0 {
		return
	}
	last := words[len(words)-1]
	if isPasswordText(last) && (to.readsPassword() || s.asksSudo(to, last.at.end) || to.decodes() && hidesSecret(last.text)) {
		l.addPassword(s.span(last.at))
	}
}

func (k *call) decodes() bool { return k.name == "base64" && k.has("-d", "-D", "--decode", "-di") }

// hidesSecret reports base64 of a text with a secret.
func hidesSecret(text string) (found bool) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	plain := string(decoded)
	eachPrivateKey(plain, func(int, int, int) { found = true })
	eachPair(plain, func(start, end int, value string) {
		found = found || suggestsSecret(plain[start:end]) && looksMade(value)
	})
	return found || holdsSecret(plain)
}

// asksSudo reports a call under sudo -S, which reads the password that comes from what
// ends before it.
func (s *script) asksSudo(k *call, from int) bool {
	return k.context.sudo && from < k.at.start && strings.Contains(s.text[from:k.at.start], "sudo -S")
}

// checkDebconf finds an answer to a question of type password.
// Source: debconf-set-selections(1).
func (l *lint) checkDebconf(s *script, from *call) {
	for _, a := range from.args {
		fields := strings.Fields(a.text)
		if len(fields) > 3 && a.fixed && fields[2] == "password" && !isPlainValue(fields[3]) {
			l.addPassword(s.span(a.at))
		}
	}
}

// readsPassword reports what takes one from its standard input.
func (k *call) readsPassword() bool {
	switch k.name {
	case "chpasswd", "passwd", "newusers", "kinit":
		return true
	case "realm":
		return k.has("join")
	}
	return k.has("--password-stdin", "--with-token")
}

func isPasswordText(a argument) bool {
	return a.fixed && strings.Trim(strings.ReplaceAll(a.text, `\n`, ""), " \n") != ""
}

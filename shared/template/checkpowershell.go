package template

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// checkPowerShell looks for secrets in what PowerShell reads, where no script of a
// shell is.
func checkPowerShell(l *lint, p *part) {
	p.eachAction(func(task *yaml.Node, a *Action) {
		n := value(value(task, "Properties"), "commandContent")
		if a.Name == "RunPowerShellCommand" && n != nil && n.Kind == yaml.ScalarNode {
			l.checkPowerShell(&script{p: p, entries: []entry{{node: n}}, text: blankReferences(n.Value, isReferenceName)})
		}
	})
	p.eachAWSScript("ExecutePowerShell", func(s script) bool {
		l.checkPowerShell(&s)
		return true
	})
}

func (l *lint) checkPowerShell(s *script) {
	if len(s.text) > maxScript || l.full("IB0405") {
		return
	}
	eachPowerShellSecret(s.text, func(at extent, named bool) {
		if named {
			l.addSecretName(s.span(at))
		} else {
			l.addPassword(s.span(at))
		}
	})
}

// eachPowerShellSecret calls f with the passwords in a text of PowerShell, and with the
// names before secrets.
func eachPowerShellSecret(text string, f func(at extent, named bool)) {
	statements, comments := statementsOf(text)
	told := map[int]bool{}
	password := func(a *argument) {
		if a != nil && a.fixed && !isPlainValue(behindColon(a.text)) && !told[a.at.start] {
			told[a.at.start] = true
			f(a.at, false)
		}
	}
	for i := range statements {
		statements[i].eachPassword(password)
		for _, a := range statements[i].words {
			if holdsPassword(a.text) && !told[a.at.start] {
				told[a.at.start] = true
				f(a.at, false)
			}
		}
	}
	eachUnattended(text, func(start, end int) {
		if !isPlainValue(text[start:end]) {
			f(extent{start, end}, false)
		}
	})
	inComment := func(at int) bool {
		for _, c := range comments {
			if c.start <= at && at < c.end {
				return true
			}
		}
		return false
	}
	eachPair(text, func(start, end int, value string) {
		if inComment(start) || !suggestsSecret(text[start:end]) || isPlainValue(value) {
			return
		}
		at := end + strings.Index(text[end:], value)
		quoted := at > 0 && (text[at-1] == '"' || text[at-1] == '\'')
		if !told[at] && !told[at-1] && (looksMade(value) && (quoted || !isExpression(value)) || quoted && len(value) >= shortestPassword && inQuotes(text, at) == len(value)) {
			f(extent{start, end}, true)
		}
	})
}

// isExpression reports what gives a value: a call of .NET, or a command such as Get-Secret.
func isExpression(text string) bool {
	verb, noun, _ := strings.Cut(text, "-")
	return strings.ContainsAny(text, "[(") || text[0] == '@' || isNameOf(verb, "") && noun != "" && noun[0] >= 'A' && noun[0] <= 'Z'
}

// behindColon is the value of an option of the form /pass:value.
func behindColon(text string) string {
	if option, value, ok := strings.Cut(text, ":"); ok && strings.HasPrefix(option, "/") {
		return value
	}
	return text
}

// eachUnattended calls f with the passwords of an answer file. Source: Unattended Windows
// Setup Reference, AutoLogon, UserAccounts.
func eachUnattended(text string, f func(start, end int)) {
	for at := 0; ; {
		i := strings.Index(text[at:], "<Value>")
		if i < 0 {
			return
		}
		start := at + i + len("<Value>")
		at = start
		end := strings.Index(text[start:], "</Value>")
		if end >= 0 && strings.HasSuffix(strings.TrimRight(text[:start-len("<Value>")], " \t\r\n"), "Password>") {
			f(start, start+end)
		}
	}
}

// shortestPassword is that of a text in quotes that is given to a name.
const shortestPassword = 6

// eachPassword calls f with the words of a statement that are passwords, as far as
// they are known.
func (s *psStatement) eachPassword(f func(*argument)) {
	words := s.words
	for len(words) > 0 && (words[0].text == "&" || words[0].text == "." || strings.EqualFold(words[0].text, "return")) {
		words = words[1:]
	}
	s.ofMethod(f)
	if len(words) == 0 {
		return
	}
	k := &call{name: programOf(words[0].text), args: words[1:]}
	k.tools = toolOf(k.name)
	f(k.windowsOption())
	if k.name == "convertto-securestring" {
		f(k.plainText())
		return
	}
	for a := k.password(true); a != nil; a = k.password(true) {
		f(a)
		k = k.behind(a)
	}
	(&call{name: k.name, args: words[1:]}).eachCmdletPassword(f)
}

// ofMethod knows what .NET and ADSI take in parentheses, and a header.
func (s *psStatement) ofMethod(f func(*argument)) {
	method := strings.ToLower(s.before[strings.LastIndexAny(s.before, ".:")+1:])
	n := len(s.words)
	switch {
	case n > 1 && method == "networkcredential":
		f(&s.words[1])
	case n > 0 && method == "setpassword":
		f(&s.words[0])
	case n > 1 && method == "setenvironmentvariable" && suggestsSecret(s.words[0].text),
		n > 1 && method == "add" && (isHeader(s.words[0].text) || suggestsSecret(s.words[0].text)):
		f(&s.words[1])
	case n > 0 && isHeader(s.before):
		if fields := strings.Fields(s.words[0].text); len(fields) > 1 && !isPlainValue(fields[1]) {
			f(&s.words[0])
		}
	}
}

func isHeader(name string) bool {
	return strings.EqualFold(name, "authorization") || strings.EqualFold(name, "proxy-authorization")
}

// plainText is the text of ConvertTo-SecureString that anybody can read.
func (k *call) plainText() *argument {
	plain, next := false, (*argument)(nil)
	for i := 0; i < len(k.args); i++ {
		a := &k.args[i]
		switch option := strings.ToLower(a.text); {
		case option == "-key" || option == "-securekey":
			i++
		case strings.HasPrefix(option, "-as"):
			plain = true
		case !strings.HasPrefix(option, "-") && next == nil:
			next = a
		}
	}
	if !plain {
		return nil
	}
	return next
}

// windowsPasswords are the options of programs of Windows behind which a password
// stands, or goes on. Source: Windows commands, Microsoft Learn; of each program.
var windowsPasswords = map[string][]string{
	"schtasks": {"/rp", "/p"}, "psexec": {"-p"}, "psexec64": {"-p"}, "sqlcmd": {"-P"}, "osql": {"-P"}, "bcp": {"-P"}, "certutil": {"-p"},
	"cmdkey": {"/pass:"}, "netdom": {"/passwordd:", "/passwordo:", "/pd:", "/po:"}, "wmic": {"/password:"}, "winrs": {"-p:", "/p:"},
	"reg": {"/d"}, "signtool": {"/p"}, "net1": nil, "setx": nil, "autologon": nil, "autologon64": nil,
}

// windowsOption is the password that a program of Windows is given in a way of its own.
func (k *call) windowsOption() *argument {
	options, ok := windowsPasswords[k.name]
	if !ok {
		return nil
	}
	switch k.name {
	case "net1":
		k.name, k.tools = "net", tPassword
	case "setx":
		if len(k.args) > 1 && suggestsSecret(k.args[0].text) {
			return &k.args[1]
		}
	case "autologon", "autologon64":
		if len(k.args) > 2 {
			return &k.args[2]
		}
	case "reg":
		if a := k.followingFold("/v"); a == nil || !suggestsSecret(a.text) {
			return nil
		}
	}
	for _, o := range options {
		if strings.HasSuffix(o, ":") {
			for i := range k.args {
				if a := &k.args[i]; len(a.text) > len(o) && strings.EqualFold(a.text[:len(o)], o) {
					return a
				}
			}
		} else if a := k.following(o); a != nil {
			return a
		} else if a := k.attached(o); a != nil && o == "-P" {
			return a
		}
	}
	return nil
}

// followingFold is following in any case.
func (k *call) followingFold(option string) *argument {
	for i := range len(k.args) - 1 {
		if strings.EqualFold(k.args[i].text, option) {
			return &k.args[i+1]
		}
	}
	return nil
}

// eachCmdletPassword knows -Password and its like, and -Name PASSWORD -Value of what sets
// one of many.
func (k *call) eachCmdletPassword(f func(*argument)) {
	for i := range len(k.args) - 1 {
		name, ok := strings.CutPrefix(k.args[i].text, "-")
		next := &k.args[i+1]
		if !ok || !suggestsSecret(name) || strings.HasPrefix(next.text, "-") || isWord(name, "CREDENTIAL") ||
			strings.HasPrefix(strings.ToUpper(name), "NO") {
			continue
		}
		f(next)
	}
	if name := k.followingFold("-Name"); name != nil && suggestsSecret(name.text) {
		f(k.followingFold("-Value"))
	}
}

package template

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A finding about a secret points at it, and repeats none of it: neither in its
// message nor in its path.

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
					"delete it, and revoke it: it is known now; let the instance's "+l.own("RAM role", "IAM role")+" give access")
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
	l.add("IB0402", at, "", "an SSH key in the image: its owner gets into every instance",
		"bind a key pair to the instances as they are created")
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

func (l *lint) secretHelp() string {
	return "give it to the instance as it starts: user data, " + l.own("a RAM role", "an IAM role") +
		", or a secret of " + l.own("KMS", "Secrets Manager")
}

// checkSecretNames looks at the pairs of ENV and LABEL, at the parameters of
// COMPONENT, and at those of the web address of COPY.
func checkSecretNames(l *lint, p *part, in *instruction) {
	switch in.verb {
	case vCOPY:
		l.checkSecretQuery(p, in)
		return
	case vCOMPONENT:
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

func (l *lint) checkSecretQuery(p *part, in *instruction) {
	list := p.wordsOf(in)
	if len(list) == 0 || !isURL(list[0].text) {
		return
	}
	address, query, _ := strings.Cut(list[0].text, "?")
	from := list[0].start + len(address) + len("?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); isSignature(name) || suggestsSecret(name) && looksMade(value) {
			l.addSecretName(p.spanIn(in, from, from+len(name)))
		}
		from += len(pair) + len("&")
	}
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
		l.add("IB0403", at, "", "the name says that the value is a secret, and everybody can read it", l.secretHelp())
	}
}

// eachSecretPair calls f with the names in pairs of name and value, wherever they stand in the
// words of a call or in the document that it reads. What looks for such a text has
// none.
func (k *call) eachSecretPair(s *script, f func(extent)) {
	if k.looksFor() {
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
			case strings.HasPrefix(name, "--") || k.tools&tFetch != 0 && a.text[end] == ':' ||
				!suggestsSecret(name) && !signs(name, a.text) && !isCredential(name, value):
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
			name := s.text[at.start+start : at.start+end]
			if (suggestsSecret(name) || isCredential(name, value)) && looksMade(value) {
				f(extent{at.start + start, at.start + end})
			}
		})
	}
}

// isCredential knows names that say less than their values: those of Docker's and npm's
// settings, with user:password in base64, and that of a kubeconfig, with a key.
func isCredential(name, value string) bool {
	switch name {
	case "auth", "_auth":
		decoded, err := base64.StdEncoding.DecodeString(value)
		return err == nil && utf8.Valid(decoded) && strings.Contains(string(decoded), ":")
	case "client-key-data":
		return looksMade(value)
	}
	return false
}

// looksFor reports what takes a text to find it.
func (k *call) looksFor() bool {
	switch k.name {
	case "grep", "egrep", "fgrep", "rg", "sed", "awk", "test", "[":
		return true
	}
	return false
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
			l.add("IB0403", p.yaml.text.span(n), "", "the parameter's name says that its default is a secret, and everybody can read it",
				"give it no DefaultValue")
		}
	})
	p.eachAction(func(task *yaml.Node, a *Action) {
		pairs(value(task, "Properties"), func(key, n *yaml.Node) {
			if n.Kind == yaml.ScalarNode && key.Value != "commandContent" {
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
			if n != nil && n.Kind == yaml.ScalarNode && suggestsSecret(name.Value) && !isPlainValue(n.Value) && !leadsToSecret(n.Value) && !l.full("IB0403") {
				l.add("IB0403", p.yaml.text.span(n), "", "the name says that the "+key+" is a secret, and everybody can read it",
					"let the step read it, for example from Secrets Manager")
			}
		})
	}
}

// leadsToSecret reports what names a secret where it is kept: an ARN, or a path of words
// as in Secrets Manager and in Parameter Store.
func leadsToSecret(value string) bool {
	for i := range len(value) {
		if c := value[i]; !isLetter(c) && c != '/' && c != '-' && c != '_' {
			return strings.HasPrefix(value, "arn:")
		}
	}
	return strings.Contains(value, "/")
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
		l.add("IB0403", p.yaml.text.span(n), "", "the property's name says that its value is a secret, and everybody can read it",
			"take it from a parameter without DefaultValue")
	}
}

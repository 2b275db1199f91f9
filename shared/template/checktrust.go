package template

import "strings"

// checkTrust finds what takes a stranger's word for a download.
func checkTrust(l *lint, s *script, k *call) {
	if address := k.webAddress(); k.context.elsewhere || address != nil && isLoopback(hostOf(address.text)) {
		return
	}
	if a := k.distrusted(); a != nil {
		l.addTrust(s.span(a.at))
	}
}

func (l *lint) addTrust(at span) {
	l.add("IB0406", at, "", "the check of who sent the download is turned off",
		"leave it on; install the certificate or the key that is missing")
}

// distrusted is the argument that turns a check of certificates or signatures off.
func (k *call) distrusted() *argument {
	if k.downloadsNothing() {
		return nil
	}
	for i := range k.args {
		next := ""
		if i+1 < len(k.args) {
			next = k.args[i+1].text
		}
		if k.distrusts(k.args[i].text, next) {
			return &k.args[i]
		}
	}
	return nil
}

// downloadsNothing reports a package manager that takes packages away, and scp and
// its like where the files go to another host.
func (k *call) downloadsNothing() bool {
	if k.tools&tInstall != 0 {
		return takesAway(k.verb())
	}
	n := len(k.args)
	return (k.name == "scp" || k.name == "rsync") && n > 0 && strings.Contains(k.args[n-1].text, ":")
}

func (k *call) distrusts(text, next string) bool {
	switch k.name {
	case "curl":
		return text == "--insecure" || isCluster(text, "k", curlValued)
	case "wget":
		return text == "--no-check-certificate"
	case "yum", "dnf", "dnf5", "tdnf", "yum-config-manager":
		return text == "--nogpgcheck" || isOff(text, "sslverify=") || isOff(text, "gpgcheck=") && !strings.Contains(text, "repo_gpgcheck")
	case "rpm":
		return text == "--nosignature"
	case "zypper":
		return text == "--no-gpg-checks" || text == "--allow-unsigned-rpm"
	case "apt-get", "apt", "aptitude":
		return text == "--allow-unauthenticated" || text == "--force-yes" || text == "--allow-insecure-repositories" ||
			isOff(text, "::Verify-Peer=")
	case "pip", "pip2", "pip3":
		host, attached := strings.CutPrefix(text, "--trusted-host=")
		if text == "--trusted-host" {
			return isOutside(next)
		}
		return attached && isOutside(host)
	case "npm", "yarn":
		return text == "strict-ssl" && next == "false" || isOff(text, "strict-ssl=")
	case "conda", "mamba":
		return text == "ssl_verify" && strings.EqualFold(next, "false")
	case "git":
		return isOff(strings.ToLower(text), "http.sslverify=") || strings.EqualFold(text, "http.sslVerify") && next == "false" ||
			strings.HasPrefix(strings.ToLower(text), "core.sshcommand") && takesAnyHost(text+next)
	case "scp", "sftp", "rsync":
		return takesAnyHost(text)
	}
	return false
}

// takesAnyHost reports options of ssh with which the key of a host is not compared.
func takesAnyHost(text string) bool {
	_, value, ok := strings.Cut(strings.ToLower(text), "stricthostkeychecking")
	value = strings.TrimLeft(value, " =")
	return ok && (strings.HasPrefix(value, "no") || strings.HasPrefix(value, "off"))
}

// isOff reports a setting that ends in `name=` and is turned off.
func isOff(text, name string) bool {
	_, value, ok := strings.Cut(text, name)
	return ok && (value == "0" || strings.EqualFold(value, "false") || strings.EqualFold(value, "no"))
}

// trusts are variables, each with the value that turns a check off: "" is any but
// those that leave it on. In options of ssh it stands among others.
var trusts = []struct{ name, off string }{
	{"NODE_TLS_REJECT_UNAUTHORIZED", "0"}, {"PYTHONHTTPSVERIFY", "0"}, {"GIT_SSL_NO_VERIFY", ""}, {"npm_config_strict_ssl", "false"},
	{"NPM_CONFIG_STRICT_SSL", "false"},
	{"GIT_SSH_COMMAND", "ssh -o StrictHostKeyChecking=no"},
}

func namesTrust(name string) bool {
	for _, t := range trusts {
		if t.name == name {
			return true
		}
	}
	return false
}

func isDistrust(name, value string) bool {
	for _, t := range trusts {
		if t.name == name {
			return value != "" && (value == t.off || t.off == "" && value != "0" && value != "false") || takesAnyHost(value)
		}
	}
	return false
}

// checkTrustVariables looks at the variables of shell text, and at the lists of
// packages that it writes.
func checkTrustVariables(l *lint, s *script) {
	for _, a := range s.secrets {
		if isDistrust(a.name, a.value.text) {
			l.addTrust(s.span(a.at))
		}
	}
	for i := range s.calls {
		k := &s.calls[i]
		if k.input != nil && (k.name == "cat" || k.name == "tee") && !k.context.within && !k.context.elsewhere {
			l.checkRepository(s, s.extent(k.input))
		}
	}
}

// checkRepository looks at a here-document that may be a file of yum.repos.d. Packages
// from the instance itself need no signature.
func (l *lint) checkRepository(s *script, document extent) {
	text := s.text[document.start:document.end]
	if strings.Contains(text, "=file:") {
		return
	}
	start := document.start
	for line := range strings.Lines(text) {
		if setting := strings.TrimSpace(line); strings.HasPrefix(setting, "gpgcheck") && isOff(setting, "gpgcheck=") {
			l.addTrust(s.span(extent{start, start + len(strings.TrimRight(line, "\r\n"))}))
		}
		start += len(line)
	}
}

// checkTrustEnv looks at ENV.
func checkTrustEnv(l *lint, p *part, in *instruction) {
	p.eachPair(in, func(w word, name, value string) {
		if namesTrust(name) && isDistrust(name, strings.Trim(value, `"'`)) {
			l.addTrust(p.spanOfWord(in, w))
		}
	})
}

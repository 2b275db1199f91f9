package template

import "strings"

// checkPrompt finds programs that wait for somebody at a terminal.
func checkPrompt(l *lint, s *script, k *call) {
	if k.context.fed || k.context.timed || !k.prompts(s.p) {
		return
	}
	l.add("IB0302", s.span(k.at), "", k.name+" waits for somebody at a terminal, and there is nobody", promptHelp(k.name))
}

// prompts reports a call that asks, or opens an editor or a shell.
func (k *call) prompts(p *part) bool {
	switch k.name {
	case "vi", "vim", "nano", "emacs":
		return !k.hasPrefix("-", "+") && !k.isOpen()
	case "visudo":
		return !k.cluster("c", "f") && !k.has("--check")
	case "crontab":
		return k.cluster("e", "u")
	case "passwd":
		return !k.has("--stdin", "--lock", "--unlock", "--delete", "--expire", "--status") && !k.hasPrefix("-") && !k.isOpen()
	case "mysql_secure_installation":
		return !k.has("--use-default")
	case "dpkg-reconfigure":
		return !k.hasPrefix("-f", "--frontend", "-p", "--priority") && !p.mentions("DEBIAN_FRONTEND")
	case "ssh-keygen":
		return k.asksForKey()
	case "gpg":
		return k.has("--gen-key", "--full-generate-key", "--full-gen-key") && !k.has("--batch")
	case "openssl":
		if k.verb() == "genrsa" {
			return k.hasPrefix("-des", "-aes", "-aria", "-camellia") && !k.has("-passout")
		}
		return k.verb() == "req" && (k.has("-new", "-x509", "-newkey")) && !k.has("-subj", "-config", "-batch", "-in") && !k.isOpen()
	case "fdisk", "cfdisk", "gdisk":
		return !k.hasPrefix("-l", "-x", "-s", "--list", "-v", "-V")
	case "parted":
		return !k.cluster("sl", "") && !k.has("--script", "--list")
	case "read":
		return !k.context.waiting && !k.context.function && !k.cluster("tu", "")
	case "adduser":
		return k.asksForUser(p)
	case "ufw":
		return (k.verb() == "enable" || k.verb() == "reset") && !k.has("--force", "--dry-run")
	case "kubeadm":
		return k.verb() == "reset" && !k.cluster("f", "") && !k.has("--force")
	case "htpasswd":
		return !k.cluster("biD", "")
	case "sftp", "ftp", "telnet", "ssh-copy-id", "snmpconf":
		return !k.has("-b")
	case "rm":
		return k.cluster("i", "") && !k.cluster("f", "")
	case "cp", "mv":
		return k.cluster("i", "St") && !k.cluster("f", "St")
	case "git":
		return k.verb() == "commit" && !k.cluster("m", "") &&
			!k.hasPrefix("-m", "--message", "-am", "-F", "--file", "-C", "--no-edit", "--amend", "-q")
	case "mysql", "mariadb":
		return len(k.args) == 0 || k.has("-p", "--password")
	case "mysqladmin", "mysqldump":
		return k.has("-p", "--password")
	case "psql":
		return len(k.args) == 0
	case "newgrp":
		return true
	case "update-alternatives", "alternatives":
		return k.has("--config")
	case "docker", "podman":
		return k.asksDocker()
	case "aws", "aliyun":
		return k.verb() == "configure" && len(k.args) == 1
	case "python", "python2", "python3":
		m := k.following("-m")
		return m != nil && m.text == "pip" && k.has("uninstall") && !k.cluster("y", "m") && !k.has("--yes") && !k.isOpen()
	case "pip", "pip2", "pip3":
		return k.verb() == "uninstall" && !k.cluster("y", "") && !k.has("--yes") && !k.isOpen()
	case "npm", "yarn":
		return k.verb() == "login" || k.verb() == "adduser" || k.verb() == "init" && !k.has("-y", "--yes") && len(k.operands(1)) == 0
	case "su", "runuser":
		return k.opensShell()
	case "sudo":
		return k.cluster("is", wrappers["sudo"].valued) || k.has("--login", "--shell")
	case "bash", "sh", "zsh", "ksh":
		return len(k.args) == 0 || len(k.args) == 1 && (k.args[0].text == "-l" || k.args[0].text == "--login" || k.args[0].text == "-i")
	}
	return false
}

// asksForUser reports adduser of Debian, which asks for a password and a name; that of
// other systems is useradd.
func (k *call) asksForUser(p *part) bool {
	isDebian := p.mentions("apt-get ") || p.mentions("apt ")
	if !isDebian || k.isOpen() || k.hasPrefix("--system", "--group", "--disabled-", "--help", "--version") {
		return false
	}
	words := 0
	for i := 0; i < len(k.args); i++ {
		switch text := k.args[i].text; {
		case lists(" --home --shell --uid --gid --ingroup --gecos --comment --conf ", text):
			i++
		case !strings.HasPrefix(text, "-"):
			words++ // a second one is a group
		case !strings.HasPrefix(text, "--"):
			return false
		}
	}
	return words == 1
}

// asksDocker reports a container at a terminal, a login without a password, and
// a clean-up that asks.
func (k *call) asksDocker() bool {
	switch k.verb() {
	case "run", "exec":
		interactive, terminal := false, false
		for _, a := range k.args[k.verbAt()+1:] {
			if !strings.HasPrefix(a.text, "-") {
				break
			}
			interactive = interactive || a.text == "-it" || a.text == "-ti" || a.text == "-i" || a.text == "--interactive"
			terminal = terminal || a.text == "-it" || a.text == "-ti" || a.text == "-t" || a.text == "--tty"
		}
		return interactive && terminal
	case "login":
		return !k.hasPrefix("--password") && !k.cluster("p", "u") && !k.isOpen() && !k.has("--help", "--get-login")
	case "system", "image", "volume", "container", "network", "builder":
		return k.has("prune") && !k.cluster("f", "") && !k.has("--force")
	}
	return false
}

// opensShell reports su with nothing to run.
func (k *call) opensShell() bool {
	if k.hasPrefix("--command") || k.cluster("c", suValued) || k.isOpen() || k.name == "runuser" && k.has("-u", "--user") {
		return false
	}
	words := 0
	for _, w := range k.operands(0) {
		if w.text != "-" {
			words++
		}
	}
	return words < 2
}

// asksForKey: without -N there is a prompt for the passphrase, without -f one
// for the file.
func (k *call) asksForKey() bool {
	if k.hasPrefix("-A", "-R", "-l", "-F", "-y", "-i", "-e", "-H", "-B", "-p") || k.isOpen() || k.cluster("l", "fbtCN") {
		return false
	}
	return !k.cluster("f", "") || !k.cluster("N", "")
}

func promptHelp(name string) string {
	switch name {
	case "vi", "vim", "nano", "emacs", "visudo":
		return "change the file with sed -i, printf or COPY"
	case "crontab":
		return "write a file in /etc/cron.d"
	case "passwd":
		return "lock the password with passwd -l, and log in with keys"
	case "ssh-keygen":
		return "give -f <file> and -N ''; keys in an image are shared by all its instances"
	case "su", "runuser", "sudo":
		return "write su <user> -c '...', or USER on a line of its own"
	case "docker", "podman":
		return "leave -t out of run and exec, give login --password-stdin, and prune --force"
	case "bash", "sh", "zsh", "ksh", "newgrp":
		return "give it a script, or -c '...'; the commands below do not run in it"
	case "adduser":
		return "write useradd -m, or give --disabled-password and --gecos ''"
	case "ufw", "kubeadm":
		return "write --force"
	case "read":
		return "write the value, or take it from a parameter"
	}
	return "give it the option that answers, or its answers on standard input"
}

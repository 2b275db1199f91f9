package template

import (
	"math"
	"strings"
)

// checkCache finds packages whose download stays in the image: nothing behind
// the last install of a part deletes it.
func checkCache(l *lint, p *part) {
	var last *call
	var of *script
	for i := range p.scripts {
		s := &p.scripts[i]
		if s.isTest() {
			continue
		}
		for j := range s.calls {
			k := &s.calls[j]
			switch {
			case k.tools&tInstall != 0 && k.installs():
				last, of = k, s
			case cleans(k):
				last = nil
			}
		}
	}
	if last != nil {
		l.add("IB0305", of.span(last.at), "", "the packages that were downloaded stay in the image", "end with "+cleaning(last.name))
	}
}

// cleaning is the command that empties a package manager's cache.
func cleaning(name string) string {
	switch name {
	case "yum", "dnf", "dnf5", "tdnf":
		return name + " clean all"
	case "zypper":
		return "zypper clean --all"
	case "pacman":
		return "pacman -Scc --noconfirm"
	case "conda", "mamba":
		return name + " clean --all --yes"
	case "amazon-linux-extras":
		return "yum clean all"
	}
	return name + " clean"
}

func cleans(k *call) bool {
	if k.tools&tInstall != 0 {
		return k.has("clean", "autoclean") || k.name == "pacman" && k.cluster("c", "")
	}
	return k.name == "rm" && k.hasPrefix("/var/cache/yum", "/var/cache/dnf", "/var/lib/apt/lists", "/var/cache/apt",
		"/var/cache/zypp", "/var/cache")
}

// installs reports a call that downloads packages.
func (k *call) installs() bool {
	switch k.verb() {
	case "install", "in", "update", "upgrade", "groupinstall", "dist-upgrade", "reinstall":
		return k.tools&tInstall != 0 && (k.verb() != "update" || !k.isApt())
	}
	return false
}

// checkPinned finds the first package of an install that names no version.
func checkPinned(l *lint, s *script, k *call) {
	verb := k.verb()
	if verb != "install" && verb != "add" && verb != "in" || k.isOpen() {
		return
	}
	for a := range k.packages {
		if a.fixed && !k.isPinned(a.text) {
			l.add("IB0306", s.span(a.at), "", "a package without a version: the same template makes another image tomorrow",
				"write the version too")
			return
		}
	}
}

// packages ranges over the operands behind the subcommand, values of options left
// out.
func (k *call) packages(yield func(*argument) bool) {
	for i := k.verbAt() + 1; i < len(k.args); i++ {
		switch a := &k.args[i]; {
		case !strings.HasPrefix(a.text, "-"):
			if !yield(a) {
				return
			}
		case a.text == "-r" || a.text == "-c" || a.text == "-t" || a.text == "-o" || a.text == "-i" || a.text == "-e" ||
			a.text == "--target-release" || a.text == "--index-url" || a.text == "--extra-index-url" ||
			a.text == "-f" || a.text == "--prefix" || a.text == "--enablerepo" || a.text == "-v" || a.text == "--version":
			i++
		}
	}
}

func (k *call) isPinned(name string) bool {
	switch {
	case name == "" || strings.ContainsAny(name, "/\x00") || name[0] == '.' || name[0] == '@' || strings.HasSuffix(name, ".rpm") ||
		strings.HasSuffix(name, ".deb"):
		return true // a file, a group
	case k.name == "gem":
		return k.hasPrefix("-v", "--version") || strings.Contains(name, ":")
	case k.tools&tLanguage != 0:
		return strings.ContainsAny(name, "=@<>~")
	case k.isApt() || k.name == "zypper" || k.name == "conda" || k.name == "mamba":
		return strings.ContainsAny(name, "=<>/")
	}
	i := strings.LastIndexByte(name, '-')
	return i >= 0 && i+1 < len(name) && name[i+1] >= '0' && name[i+1] <= '9' || strings.ContainsAny(name, "*:")
}

// checkSudo: RUN is root already, unless USER or the task says otherwise.
func checkSudo(l *lint, s *script) {
	for i := range s.calls {
		if k := &s.calls[i]; k.context.sudo && k.context.depth == 0 {
			if s.isRoot() { // a question that walks all commands before
				l.add("IB0307", s.span(k.at), "", "sudo, where commands run as root", "delete sudo")
			}
			return
		}
	}
}

// isRoot reports a script that works as root, as far as the text tells.
func (s *script) isRoot() bool {
	user := s.user
	for i := range s.p.commands {
		in := &s.p.commands[i]
		if in == s.in {
			break
		}
		if in.verb == vUSER {
			user = s.p.head(in)
		}
	}
	return user == "" || user == "root" || user == "0"
}

// checkLastUser: in an image of a machine it matters little; who starts it logs
// in as somebody else.
func checkLastUser(l *lint, p *part) {
	for i := len(p.commands) - 1; i >= 0; i-- {
		in := &p.commands[i]
		if in.verb != vUSER {
			continue
		}
		if user := p.head(in); user == "root" || user == "0" {
			l.add("IB0308", p.spanOfArgs(in), "", "the last USER is root",
				"end with USER of an ordinary user, if CMD or ENTRYPOINT starts a service")
		}
		return
	}
}

// checkUpdated finds apt-get install on the lists that the base image came with:
// packages in them may be gone from the mirror.
func checkUpdated(l *lint, p *part) {
	if p.section != inBuild || len(p.scripts) == 0 {
		return
	}
	component, updated := firstComponent(p), false
	for i := range p.scripts {
		s := &p.scripts[i]
		if updated || s.in.start > component {
			return
		}
		for j := range s.calls {
			k := &s.calls[j]
			switch {
			case !k.isApt():
				updated = updated || k.mayUpdate()
			case k.has("update") || k.isOpen():
				updated = true
			case k.verb() == "install" && !updated && k.hasPackageName():
				l.add("IB0321", s.span(k.at), "",
					k.name+" install before any "+k.name+" update: the lists are those of the base image, and may name packages that are gone",
					"write apt-get update && apt-get install -y ...")
				return
			}
		}
	}
}

func (k *call) isApt() bool {
	return k.name == "apt-get" || k.name == "apt" || k.name == "aptitude"
}

// mayUpdate reports what may do so on its way.
func (k *call) mayUpdate() bool {
	return k.name == "" || strings.HasSuffix(k.name, ".sh") || k.tools&tShell != 0 || k.name == "add-apt-repository" ||
		k.name == "apt-add-repository"
}

// hasPackageName reports a package by name, not by file.
func (k *call) hasPackageName() bool {
	for a := range k.packages {
		if a.fixed && !strings.Contains(a.text, "/") {
			return true
		}
	}
	return false
}

// firstComponent is where the first COMPONENT stands, past all where there is none.
func firstComponent(p *part) int {
	for i := range p.commands {
		if p.commands[i].verb == vCOMPONENT {
			return p.commands[i].start
		}
	}
	return math.MaxInt
}

// checkMode finds files that everybody may write.
func checkMode(l *lint, s *script, k *call) {
	words := k.operands(0)
	var mode *argument
	if k.name == "chmod" {
		if len(words) > 0 {
			mode, words = &words[0], words[1:]
		}
	} else {
		mode = k.following("-m", "--mode") // of install, mkdir
	}
	if mode == nil || !isOpenMode(mode.text) || k.name == "chmod" && isDataMode(mode.text) && !k.cluster("R", "") {
		return
	}
	for _, w := range words {
		if isPassing(w.text) {
			return
		}
	}
	l.add("IB0320", s.span(mode.at), "", "everybody on the instance may write these files",
		"write 755, or 644 for files, and give the owner with chown")
}

// isDataMode is that of a file that nobody runs. The vendor's own example sets it,
// for output of a script that runs as another user.
// Source: "Commands supported by Image Builder", example 2 of components.
func isDataMode(mode string) bool { return mode == "666" || mode == "0666" }

// isPassing reports a path that is not kept in the image, or is there for all.
func isPassing(path string) bool {
	path = strings.TrimRight(path, "/*") + "/"
	for _, dir := range []string{"/tmp/", "/dev/", "/run/", "/var/run/", "/proc/", "/sys/"} {
		if strings.HasPrefix(path, dir) {
			return true
		}
	}
	return path == "/var/tmp/"
}

// isOpenMode reports modes by which others may write, and delete what is not
// theirs.
func isOpenMode(mode string) bool {
	if isDigits(mode) && len(mode) >= 3 && len(mode) <= 5 {
		sticky := len(mode) > 3 && (mode[len(mode)-4]-'0')&1 != 0
		return (mode[len(mode)-1]-'0')&2 != 0 && !sticky
	}
	open := false
	for clause := range strings.SplitSeq(mode, ",") {
		i := strings.IndexAny(clause, "+=-")
		if i < 0 || strings.Contains(clause[i:], "t") {
			return false
		}
		open = open || clause[i] != '-' && strings.ContainsAny(clause[:i], "oa") && strings.Contains(clause[i:], "w")
	}
	return open
}

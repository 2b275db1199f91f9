package template

import "strings"

// installer is a package manager that asks before it works.
type installer struct {
	names   []string
	verbs   string   // subcommands that ask, between blanks
	answers []string // options that answer, or that do nothing but look
	short   string   // and those of one letter
	setting string   // its name where a file of settings has it, with the blank that an option has not
	add     string   // what a fix adds,
	global  bool     // before the subcommand
}

const rpmVerbs = " install update upgrade remove erase reinstall downgrade localinstall localupdate groupinstall groupupdate groupremove" +
	" update-minimal upgrade-minimal update-to upgrade-to swap distro-sync distribution-synchronization autoremove builddep build-dep "

var installers = []installer{
	{[]string{"apt-get", "apt", "aptitude"},
		" install remove purge upgrade dist-upgrade full-upgrade safe-upgrade build-dep autoremove autopurge reinstall ",
		[]string{"--yes", "--assume-yes", "--force-yes", "--assume-no", "--simulate", "--dry-run", "--just-print", "--no-act", "--recon",
			"--print-uris", "--download-only", "-qq", "-q=2", "--quiet=2"},
		"ysd", "Assume-Yes ", "-y", false},
	{[]string{"yum", "dnf", "tdnf"}, rpmVerbs, []string{"--assumeyes", "--assumeno", "--downloadonly"}, "y", "assumeyes", "-y", false},
	{[]string{"zypper"}, " install in remove rm update up patch dist-upgrade dup install-new-recommends inr ",
		[]string{"--non-interactive", "--no-confirm", "--dry-run", "--download-only"}, "nyD", "", "-n", true},
	{[]string{"conda", "mamba"}, " install update upgrade remove uninstall create ", []string{"--yes", "--dry-run", "--json"}, "yd", "always_yes", "-y", false},
}

// pacmanVerbs are those of pacman's options that ask; the letters beside them
// that only look stand behind them.
var pacmanVerbs = [...]struct{ verb, looks string }{{"S", "sigl"}, {"R", ""}, {"U", ""}}

func installerNamed(name string) *installer {
	for i := range installers {
		for _, n := range installers[i].names {
			if n == name {
				return &installers[i]
			}
		}
	}
	return nil
}

// checkAssumeYes finds installs that ask. A word that only the run tells may be
// the answer, and so may a file of settings.
func checkAssumeYes(l *lint, s *script, k *call) {
	if k.context.fed {
		return
	}
	if k.name == "pacman" {
		l.checkPacman(s, k)
		return
	}
	m := installerNamed(k.name)
	if m == nil {
		return
	}
	verb := m.verbOf(k)
	if verb == nil || m.isAnswered(k) || m.isSet(s.p) {
		return
	}
	f := l.add("IB0301", s.span(extent{k.at.start, max(verb.at.end, k.at.end)}), "", k.name+" "+verb.text+" asks, and nobody answers",
		"write "+m.written(k.name, verb.text))
	if verb.at.start < k.at.end { // a text within the text, with escapes in it
		return
	}
	at := verb.at.end
	if m.global {
		at = k.at.end
	}
	f.offer("add "+m.add, change{s.span(extent{at, at}), " " + m.add})
}

func (m *installer) written(name, verb string) string {
	if m.global {
		return name + " " + m.add + " " + verb
	}
	return name + " " + verb + " " + m.add
}

// checkPacman: its subcommands are options in capitals.
func (l *lint) checkPacman(s *script, k *call) {
	if k.has("--noconfirm", "--print", "--help") || k.isOpen() {
		return
	}
	for _, a := range k.args {
		for _, v := range pacmanVerbs {
			if !isCluster(a.text, v.verb[0]) || strings.ContainsAny(a.text, v.looks+"p") || v.verb == "S" && !strings.Contains(a.text, "u") && len(k.operands(0)) == 0 {
				continue
			}
			l.add("IB0301", s.span(extent{k.at.start, max(a.at.end, k.at.end)}), "", "pacman asks, and nobody answers", "write --noconfirm")
			return
		}
	}
}

// verbOf is the subcommand, nil where it does not ask. A word behind an option
// may be its value.
func (m *installer) verbOf(k *call) *argument {
	for i := range k.args {
		a := &k.args[i]
		if a.fixed && a.text != "" && strings.Contains(m.verbs, " "+a.text+" ") {
			return a
		}
		if !strings.HasPrefix(a.text, "-") && (i == 0 || !strings.HasPrefix(k.args[i-1].text, "-")) {
			return nil
		}
	}
	return nil
}

// isSet reports that a file of settings, or the environment, answers for the
// whole part. An option of one command answers for that one.
func (m *installer) isSet(p *part) bool {
	if m.setting == "" {
		return false
	}
	return strings.Count(p.text, m.setting) > strings.Count(p.text, "--"+m.setting) || p.mentions(strings.ToUpper(m.setting))
}

func (m *installer) isAnswered(k *call) bool {
	if k.isOpen() {
		return true
	}
	for _, a := range k.args {
		for _, y := range m.answers {
			if a.text == y {
				return true
			}
		}
		for i := range len(m.short) {
			if isCluster(a.text, m.short[i]) {
				return true
			}
		}
		if m.setting != "" && strings.Contains(a.text, strings.TrimSpace(m.setting)) {
			return true
		}
	}
	return false
}

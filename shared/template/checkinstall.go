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
	{[]string{"yum", "dnf", "dnf5", "tdnf"}, rpmVerbs, []string{"--assumeyes", "--assumeno", "--downloadonly"}, "y", "assumeyes", "-y", false},
	{[]string{"zypper"}, " install in remove rm update up patch dist-upgrade dup install-new-recommends inr ",
		[]string{"--non-interactive", "--no-confirm", "--dry-run", "--download-only"}, "nyD", "", "-n", true},
	{[]string{"conda", "mamba"}, " install update upgrade remove uninstall create clean ", []string{"--yes", "--dry-run", "--json"}, "yd", "always_yes", "-y", false},
	{[]string{"amazon-linux-extras"}, " install ", nil, "y", "", "-y", false},
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
	if k.asksAlone() && !installerNamed("yum").isSet(s.p) {
		l.add("IB0301", s.span(k.at), "", k.name+" asks, and nobody answers", "write "+k.name+" -y").
			offer("add -y", change{s.span(extent{k.at.end, k.at.end}), " -y"})
		return
	}
	m := installerNamed(k.name)
	if m == nil {
		return
	}
	verb := m.verbOf(k)
	if verb == nil || m.isAnswered(s, k) || m.isSet(s.p) {
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

// asksAlone reports the tools of yum-utils that ask and have no subcommand.
func (k *call) asksAlone() bool {
	switch k.name {
	case "yum-builddep":
	case "package-cleanup":
		if !k.has("--oldkernels", "--cleandupes") {
			return false
		}
	default:
		return false
	}
	return !k.isOpen() && !k.cluster("y", "") && !k.has("--assumeyes")
}

// checkPacman: its subcommands are options in capitals.
func (l *lint) checkPacman(s *script, k *call) {
	if k.has("--noconfirm", "--print", "--help") || k.isOpen() {
		return
	}
	for _, a := range k.args {
		for _, v := range pacmanVerbs {
			if !isCluster(a.text, v.verb, "") || strings.ContainsAny(a.text, v.looks+"p") || v.verb == "S" && !strings.ContainsAny(a.text, "uc") && len(k.operands(0)) == 0 {
				continue
			}
			l.add("IB0301", s.span(extent{k.at.start, max(a.at.end, k.at.end)}), "", "pacman asks, and nobody answers", "write --noconfirm")
			return
		}
	}
}

// holdsNames reports the variable of loops over words none of which is an option.
func (s *script) holdsNames(a argument) bool {
	name := a.variable()
	found := false
	for _, words := range s.fors {
		if words.Name.Value != name {
			continue
		}
		for _, w := range words.Items {
			if text, fixed, _ := textOf(w, &strings.Builder{}); !fixed || strings.HasPrefix(text, "-") {
				return false
			}
		}
		found = true
	}
	return found
}

// groups are subcommands of dnf whose own subcommands ask.
const (
	groups     = " module group groups copr history "
	groupVerbs = " install enable disable reset switch-to update upgrade remove undo redo rollback "
)

// verbOf is the subcommand, nil where it does not ask. A word behind an option
// may be its value.
func (m *installer) verbOf(k *call) *argument {
	for i := range k.args {
		a := &k.args[i]
		if a.fixed && lists(m.verbs, a.text) {
			return a
		}
		if a.fixed && lists(groups, a.text) && strings.HasPrefix(m.verbs, rpmVerbs) && i+1 < len(k.args) {
			if next := &k.args[i+1]; lists(groupVerbs, next.text) {
				return &argument{text: a.text + " " + next.text, fixed: true, at: extent{a.at.start, next.at.end}}
			}
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

func (m *installer) isAnswered(s *script, k *call) bool {
	for _, a := range k.args {
		if a.isOpen() && !s.holdsNames(a) {
			return true
		}
		for _, y := range m.answers {
			if a.text == y {
				return true
			}
		}
		if isCluster(a.text, m.short, "") {
			return true
		}
		if m.setting != "" && strings.Contains(a.text, strings.TrimSpace(m.setting)) {
			return true
		}
	}
	return false
}

package template

import "strings"

// installer is a package manager that asks before it works.
type installer struct {
	names []string
	verbs string // subcommands that ask, between blanks
	yes   []string
	short byte   // in a cluster of short options
	add   string // what a fix adds
	where fixPlace
}

type fixPlace int

const (
	afterVerb fixPlace = iota
	afterName
)

const rpmVerbs = " install update upgrade remove erase reinstall downgrade localinstall localupdate groupinstall groupupdate groupremove" +
	" update-minimal upgrade-minimal upgrade-to update-to swap distro-sync distribution-synchronization autoremove install-n install-na install-nevra builddep build-dep "

var installers = []installer{
	{[]string{"apt-get", "apt", "aptitude"},
		" install remove purge upgrade dist-upgrade full-upgrade safe-upgrade build-dep autoremove autopurge reinstall ",
		[]string{"--yes", "--assume-yes", "--force-yes", "--assume-no", "--simulate", "--dry-run", "--just-print", "--no-act", "--recon", "-s", "--print-uris", "-qq", "-q=2", "--quiet=2"},
		'y', "-y", afterVerb},
	{[]string{"yum", "dnf", "tdnf"}, rpmVerbs, []string{"--assumeyes", "--assumeno", "--setopt=assumeyes=1", "--setopt=assumeyes=true", "--setopt=assumeyes=True"}, 'y', "-y", afterVerb},
	{[]string{"zypper"}, " install in remove rm update up patch dist-upgrade dup install-new-recommends inr ",
		[]string{"--non-interactive", "--no-confirm", "--dry-run", "-D"}, 'y', "-n", afterName},
}

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
// the answer.
func checkAssumeYes(l *lint, s *script, k *call) {
	m := installerNamed(k.name)
	if m == nil || k.context.fed {
		return
	}
	verb := m.verbOf(k)
	if verb == nil || m.answers(k) {
		return
	}
	f := l.add("IB0301", s.span(extent{k.at.start, verb.at.end}), "", k.name+" "+verb.text+" without "+m.add+" asks, and nobody answers",
		"write "+k.name+" "+verb.text+" "+m.add)
	at := verb.at.end
	if m.where == afterName {
		at = k.at.end
	}
	if verb.at.start < k.at.end { // a text within the text, with escapes in it
		return
	}
	f.offer("add "+m.add, change{s.span(extent{at, at}), " " + m.add})
}

// verbOf is the subcommand, nil where it does not ask.
func (m *installer) verbOf(k *call) *argument {
	for i := range k.args {
		if a := &k.args[i]; a.fixed && strings.Contains(m.verbs, " "+a.text+" ") {
			return a
		} else if !strings.HasPrefix(a.text, "-") && (i == 0 || !strings.HasPrefix(k.args[i-1].text, "-")) {
			return nil
		}
	}
	return nil
}

func (m *installer) answers(k *call) bool {
	for _, a := range k.args {
		if !a.fixed && (strings.HasPrefix(a.text, "\x00") || strings.HasPrefix(a.text, "-")) {
			return true
		}
		for _, y := range m.yes {
			if a.text == y {
				return true
			}
		}
		if isCluster(a.text, m.short) || a.text == m.add || strings.Contains(a.text, "Assume-Yes") || strings.Contains(a.text, "assumeyes") {
			return true
		}
	}
	return false
}

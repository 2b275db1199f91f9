package template

// tool is a bit for each kind of program, so that a rule names those it looks
// at in one mask.
type tool uint64

const (
	tInstall tool = 1 << iota // packages, with a prompt
	tShell                    // runs a text or a script
	tPower                    // ends or restarts the system
	tRemove
)

func toolOf(name string) tool {
	switch name {
	case "apt-get", "apt", "aptitude", "yum", "dnf", "tdnf", "zypper", "pacman":
		return tInstall
	case "sh", "bash", "dash", "ash", "ksh", "zsh", "su", "runuser", "eval":
		return tShell
	case "reboot", "shutdown", "poweroff", "halt", "init", "telinit", "systemctl":
		return tPower
	case "rm":
		return tRemove
	}
	return 0
}

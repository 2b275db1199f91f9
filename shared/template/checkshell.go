package template

import "strings"

// checkPower finds what ends or restarts the system.
func checkPower(l *lint, s *script, k *call) {
	verb := k.verb()
	switch k.name {
	case "init", "telinit":
		if verb != "0" && verb != "6" {
			return
		}
	case "systemctl":
		switch verb {
		case "reboot", "poweroff", "halt", "kexec":
		default:
			return
		}
	case "shutdown":
		if k.has("-c") {
			return // takes one back
		}
	}
	l.add("IB0309", s.span(k.at), "", "the instance is restarted or stopped under the build, which loses it",
		"write "+s.help("RESTART on a line of its own", "a task with Action: Reboot", "a step with action: Reboot")+
			": the build waits for the restart and goes on")
}

// rootDirectories are those without which no system starts.
var rootDirectories = []string{"/", "/bin", "/boot", "/etc", "/lib", "/lib64", "/sbin", "/usr", "/var"}

func checkRemoveRoot(l *lint, s *script, k *call) {
	if k.context.elsewhere || !k.isRecursive() {
		return
	}
	for _, a := range k.args {
		if path := strings.TrimSuffix(a.text, "*"); a.fixed && isRootDirectory(path) {
			l.add("IB0311", s.span(a.at), "", "this removes the system itself", "name the directory that is meant")
		}
	}
}

func (k *call) isRecursive() bool {
	for _, a := range k.args {
		if a.text == "--recursive" || isCluster(a.text, "rR", "") {
			return true
		}
	}
	return false
}

// isRootDirectory also knows `//` and `/./`.
func isRootDirectory(path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	for strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/.") {
		if path = strings.TrimSuffix(strings.TrimSuffix(path, "."), "/"); path == "" {
			return true
		}
	}
	for _, d := range rootDirectories {
		if path == d {
			return true
		}
	}
	return false
}

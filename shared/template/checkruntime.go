package template

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// checkServices finds services that run now and not in the image: started, and
// neither enabled nor stopped again. In a test section that is what is meant.
func checkServices(l *lint, p *part) {
	var kept map[string]bool
	for i := range p.scripts {
		s := &p.scripts[i]
		if s.isTest() {
			continue
		}
		for j := range s.calls {
			k := &s.calls[j]
			if k.tools&tService == 0 {
				continue
			}
			verb, units := serviceOf(k)
			if verb != "start" {
				continue
			}
			if kept == nil {
				kept = p.keptServices()
			}
			for _, u := range units {
				if u.fixed && !isNoService(u.text) && !p.keeps(unitName(u.text), kept) {
					l.add("IB0310", s.span(u.at), "", "the service is started, and not enabled: it does not run in the image's instances",
						"write systemctl enable --now, or stop it again behind what needs it")
				}
			}
		}
	}
}

// keeps reports a unit that somebody cares for, or that is enabled by a link or by its
// package.
func (p *part) keeps(unit string, kept map[string]bool) bool {
	return kept[""] || kept[unit] || p.mentions(".wants/") && p.mentions(unit+".service") || p.installsWithApt(unit)
}

// serviceOf is what a call does to which units.
func serviceOf(k *call) (verb string, units []argument) {
	words := k.operands(0)
	switch {
	case len(words) < 2:
		return "", nil
	case k.name == "systemctl":
		return words[0].text, words[1:]
	case k.name == "rc-update":
		return words[0].text, words[1:2]
	}
	return words[1].text, words[:1]
}

// isNoService reports the units that are not there to be enabled.
func isNoService(unit string) bool {
	return strings.HasPrefix(unit, "systemd-") || unitName(unit) == "dbus" || strings.HasSuffix(unit, ".target") ||
		strings.HasSuffix(unit, ".mount") || strings.HasSuffix(unit, ".scope") || strings.HasSuffix(unit, ".slice")
}

func unitName(text string) string { return strings.TrimSuffix(text, ".service") }

// keptServices are the units that somebody cares for: enabled, or stopped. ""
// stands for those that only the run tells.
func (p *part) keptServices() map[string]bool {
	kept := map[string]bool{}
	for i := range p.scripts {
		for j := range p.scripts[i].calls {
			k := &p.scripts[i].calls[j]
			if k.tools&tService == 0 {
				continue
			}
			verb, units := serviceOf(k)
			switch verb {
			case "enable", "reenable", "stop", "kill", "disable", "on", "defaults", "add", "preset", "preset-all", "off":
			default:
				continue
			}
			for _, u := range units {
				kept[unitName(strings.ReplaceAll(u.text, "\x00", ""))] = true
				if !u.fixed {
					kept[""] = true
				}
			}
		}
	}
	return kept
}

// installsWithApt reports a package of Debian's, which enables its services.
func (p *part) installsWithApt(unit string) bool {
	for i := range p.scripts {
		for j := range p.scripts[i].calls {
			k := &p.scripts[i].calls[j]
			if !k.isApt() {
				continue
			}
			for _, a := range k.args {
				if strings.HasPrefix(a.text, unit) {
					return true
				}
			}
		}
	}
	return false
}

// owned is a name, and the target whose instances have it, "" for all.
type owned struct{ name, target string }

func (o *owned) isOf(t *Template) bool { return o.target == "" || t.hasTarget(o.target) }

// agents are what an instance is reached and configured by: names of packages
// and units. On Ubuntu AWS's agent is a snap.
var agents = []owned{{"cloud-init", ""}, {"cloud-init-local", ""}, {"cloud-init-network", ""}, {"cloud-init-main", ""}, {"cloud-config", ""}, {"cloud-final", ""},
	{"aliyun", TargetAlibaba}, {"aliyun_assist", TargetAlibaba}, {"aliyun-assist", TargetAlibaba}, {"aliyun-service", TargetAlibaba},
	{"AssistDaemon", TargetAlibaba}, {"assist_daemon", TargetAlibaba},
	{"amazon-ssm-agent", TargetAWS}, {"snap.amazon-ssm-agent.amazon-ssm-agent", TargetAWS}}

// isAgent takes a name with the suffix of a unit, or with a version.
func isAgent(t *Template, name string) bool {
	for _, suffix := range []string{".service", ".target"} {
		name = strings.TrimSuffix(name, suffix)
	}
	for i := range agents {
		rest, ok := strings.CutPrefix(name, agents[i].name)
		if ok && agents[i].isOf(t) && (rest == "" || rest[0] == '*' || rest[0] == '=' || len(rest) > 1 && strings.IndexByte("-_", rest[0]) >= 0 && isDigits(rest[1:2])) {
			return true
		}
	}
	return false
}

// agentFiles are theirs.
var agentFiles = []owned{{"/etc/cloud", ""}, {"/usr/bin/cloud-init", ""}, {"/usr/local/share/aliyun-assist", TargetAlibaba},
	{"/usr/local/share/assist-daemon", TargetAlibaba}, {"/usr/sbin/aliyun-service", TargetAlibaba}, {"/usr/bin/amazon-ssm-agent", TargetAWS}}

const disabledFile = "/etc/cloud/cloud-init.disabled"

// checkAgents finds what takes cloud-init or the cloud's agent away.
func checkAgents(l *lint, s *script) {
	for i := range s.calls {
		k := &s.calls[i]
		if a := k.disabled(l.t); a != nil && !k.context.elsewhere {
			l.addAgent(s, a.at)
		}
	}
	for _, w := range s.writes {
		if w.to.text == disabledFile {
			l.addAgent(s, w.to.at)
		}
	}
}

func (l *lint) addAgent(s *script, at extent) {
	l.add("IB0312", s.span(at), "",
		"without cloud-init or the "+l.own("Cloud Assistant", "SSM")+" agent nobody reaches or configures an instance of the image",
		"leave it installed and enabled")
}

// disabled is the argument by which a call takes an agent of a target away.
func (k *call) disabled(t *Template) *argument {
	switch k.name {
	case "systemctl", "service", "chkconfig":
		switch verb, units := serviceOf(k); verb {
		case "disable", "mask", "off", "stop":
			return firstAgent(t, units)
		}
	case "apt-get", "apt", "yum", "dnf", "zypper":
		switch k.verb() {
		case "remove", "purge", "erase", "autoremove", "rm":
			return firstAgent(t, k.operands(1))
		}
	case "rpm", "dpkg":
		if k.cluster("erP", "") || k.has("--erase", "--remove", "--purge") {
			return firstAgent(t, k.operands(0))
		}
	case "snap":
		switch k.verb() {
		case "remove", "disable", "stop":
			return firstAgent(t, k.operands(1))
		}
	case "assist_daemon", "aliyun-service": // the ways to be rid of it that its pages name
		for i := range k.args {
			switch strings.TrimLeft(k.args[i].text, "-") {
			case "stop", "delete", "remove":
				return &k.args[i]
			}
		}
	case "touch":
		for i := range k.args {
			if k.args[i].text == disabledFile {
				return &k.args[i]
			}
		}
	case "rm":
		for i := range k.args {
			for j := range agentFiles {
				if strings.TrimRight(k.args[i].text, "/*") == agentFiles[j].name && agentFiles[j].isOf(t) {
					return &k.args[i]
				}
			}
		}
	}
	return nil
}

func firstAgent(t *Template, list []argument) *argument {
	for i := range list {
		if isAgent(t, list[i].text) {
			return &list[i]
		}
	}
	return nil
}

// checkRuntime finds changes of the running system that are not in the image.
func checkRuntime(l *lint, s *script, k *call) {
	if s.isTest() || k.context.elsewhere {
		return
	}
	kept := ""
	switch verb := k.verb(); k.name {
	case "sysctl":
		if !k.cluster("w", "") && !k.has("--write") && !strings.Contains(verb, "=") || k.cluster("p", "") || isDeed(verb) {
			return
		}
		kept = "sysctl."
	case "setenforce":
		if verb == "1" || s.p.mentions("setenforce 1") {
			return // off for a while only
		}
		kept = "SELINUX="
	case "swapoff":
		if s.p.mentions("mkswap") || s.p.mentions("swapon ") {
			return
		}
		kept = "fstab"
	case "modprobe":
		if k.cluster("rnDc", "CdS") || k.hasPrefix("--dry-run", "--show", "--remove", "--resolve") || verb == "" {
			return
		}
		kept = "modules"
	case "firewall-cmd":
		if !k.hasPrefix("--add-", "--remove-", "--set-") || k.has("--permanent") {
			return
		}
		kept = "runtime-to-permanent"
	case "iptables", "ip6tables":
		if !k.has("-A", "-I", "-P", "--append", "--insert", "--policy") {
			return
		}
		kept = "iptables-save"
		if s.p.mentions("netfilter-persistent") || s.p.mentions("iptables save") {
			return
		}
	default:
		return
	}
	if !s.p.mentions(kept) {
		l.add("IB0319", s.span(k.at), "", k.name+" changes the running system, and not the image", runtimeHelp(k.name))
	}
}

// isDeed reports what is done once, and nothing that could be kept.
func isDeed(setting string) bool {
	for _, deed := range []string{"drop_caches", "compact_memory", "binfmt_misc", "printk"} {
		if strings.Contains(setting, deed) {
			return true
		}
	}
	return false
}

// checkRuntimeFiles finds what is written into the running kernel.
func checkRuntimeFiles(l *lint, s *script) {
	if s.isTest() {
		return
	}
	for _, w := range s.writes {
		path := w.to.text
		if !strings.HasPrefix(path, "/proc/sys/") && !strings.HasPrefix(path, "/sys/kernel/mm/") &&
			!strings.HasPrefix(path, "/sys/block/") || isDeed(path) {
			continue
		}
		if !s.p.mentions("sysctl.") && !s.p.mentions("rc.local") && !s.p.mentions("tmpfiles") &&
			!s.p.mentions("systemd/system") && !s.p.mentions("grub") {
			l.add("IB0319", s.span(w.to.at), "", "this changes the running system, and not the image",
				"write it to a file in /etc/sysctl.d or /etc/tmpfiles.d, or to the kernel's command line")
		}
	}
}

func runtimeHelp(name string) string {
	switch name {
	case "sysctl":
		return "write the setting to a file in /etc/sysctl.d"
	case "setenforce":
		return "write SELINUX=permissive to /etc/selinux/config"
	case "swapoff":
		return "delete the swap line from /etc/fstab too"
	case "modprobe":
		return "write the module's name to a file in /etc/modules-load.d"
	case "firewall-cmd":
		return "write firewall-cmd --permanent"
	}
	return "save the rules to the file that the firewall's service reads at start"
}

// mentions reports a text anywhere in the part.
func (p *part) mentions(text string) bool { return strings.Contains(p.text, text) }

// checkEndless finds commands that do not end by themselves: the build waits
// for them, with a billed instance.
func checkEndless(l *lint, s *script, k *call) {
	if k.context.behind || k.context.timed || k.context.function || !k.isEndless() || s.isFirstOfPipe(k) {
		return
	}
	l.add("IB0316", s.span(k.at), "", k.name+" never ends here, and the build waits for it",
		"delete it; what is to run in the image's instances is a service, enabled with systemctl enable")
}

// isFirstOfPipe: what reads from it may end, and it with that.
func (s *script) isFirstOfPipe(k *call) bool {
	for _, p := range s.pipes {
		for _, n := range p.stages[:len(p.stages)-2] {
			if n < len(s.calls) && &s.calls[n] == k {
				return true
			}
		}
	}
	return false
}

func (k *call) isEndless() bool {
	switch k.name {
	case "sleep":
		return k.has("infinity", "inf")
	case "tail":
		return (k.cluster("fF", "nc") || k.hasPrefix("--follow")) && !k.hasPrefix("--pid")
	case "journalctl":
		return k.cluster("f", "nupbtogS") || k.has("--follow")
	case "watch", "htop", "dockerd", "containerd":
		return len(k.args) == 0 || !k.hasPrefix("--version", "-v", "--help", "-h", "--validate", "config")
	case "top":
		return !k.cluster("nv", "")
	case "ping", "ping6":
		return !k.cluster("cw", "") && len(k.args) > 0 && !k.has("-V")
	case "nginx":
		for _, a := range k.args {
			if strings.Contains(strings.Join(strings.Fields(a.text), " "), "daemon off") {
				return true
			}
		}
		return false
	case "httpd", "apache2", "apachectl", "apache2ctl":
		return k.has("-DFOREGROUND", "FOREGROUND", "-DNO_DETACH", "NO_DETACH")
	case "sshd":
		return k.cluster("D", "")
	case "supervisord":
		return k.cluster("n", "c") || k.has("--nodaemon")
	case "cron", "crond":
		return k.has("-f", "-n")
	case "mysqld_safe":
		return true
	case "redis-server":
		return !k.has("--daemonize") && !k.hasPrefix("--version", "-v", "--help", "--test-memory") && len(k.args) == 0
	case "python", "python3":
		m := k.following("-m")
		return m != nil && (m.text == "http.server" || m.text == "SimpleHTTPServer")
	case "npm", "yarn", "pnpm":
		return k.verb() == "start"
	}
	return false
}

// checkLoops finds loops that wait for ever.
func checkLoops(l *lint, s *script) {
	for _, w := range s.loops {
		l.checkLoop(s, w)
	}
}

func (l *lint) checkLoop(s *script, w *syntax.WhileClause) {
	calls := s.callsIn(s.extent(w))
	always := isAlways(w)
	slept := false
	for _, k := range calls {
		switch k.name {
		case "sleep":
			slept = true
		case "break", "exit", "return", "timeout", "let", "exec", "kill":
			return
		}
		if k.context.timed || k.context.behind || k.context.function || k.name == "" && always {
			return
		}
	}
	if e := s.extent(w); strings.Contains(s.text[e.start:e.end], "/var/lib/cloud/instance") {
		return // cloud-init ends
	}
	counted := hasArithmetic(w)
	if counted || !always && !(slept && waitsForever(w, calls)) {
		return
	}
	at := s.offset(w.WhilePos)
	l.add("IB0316", s.span(extent{at, at + len("until")}), "", "a loop that may never end, with a billed instance behind it",
		"bound it: for i in $(seq 60); do ... && break; sleep 2; done, or timeout 120 bash -c '...'")
}

// callsIn are the calls in a range of the text.
func (s *script) callsIn(e extent) []call {
	start := 0
	for start < len(s.calls) && s.calls[start].at.start < e.start {
		start++
	}
	end := start
	for end < len(s.calls) && s.calls[end].at.end <= e.end {
		end++
	}
	return s.calls[start:end]
}

// isAlways reports while true and while :.
func isAlways(w *syntax.WhileClause) bool {
	if len(w.Cond) != 1 || w.Until && !isNamed(w.Cond[0], "false") {
		return false
	}
	return w.Until || isNamed(w.Cond[0], "true", ":")
}

func isNamed(stmt *syntax.Stmt, names ...string) bool {
	c, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok || len(c.Args) != 1 {
		return false
	}
	lit := c.Args[0].Lit()
	for _, n := range names {
		if lit == n {
			return true
		}
	}
	return false
}

// waitsForever reports a loop that does nothing but look and sleep.
func waitsForever(w *syntax.WhileClause, calls []call) bool {
	if !w.Until && !(len(w.Cond) == 1 && (w.Cond[0].Negated || isNegatedTest(w.Cond[0]))) {
		return false
	}
	for _, k := range calls {
		if k.context.waiting {
			continue
		}
		switch k.name {
		case "sleep", "echo", "printf", "date", ":", "true":
		default:
			return false
		}
	}
	return true
}

// isNegatedTest reports `[ ! ... ]`.
func isNegatedTest(stmt *syntax.Stmt) bool {
	c, ok := stmt.Cmd.(*syntax.CallExpr)
	return ok && len(c.Args) > 1 && (c.Args[0].Lit() == "[" || c.Args[0].Lit() == "test") && c.Args[1].Lit() == "!"
}

// hasArithmetic reports a loop that counts.
func hasArithmetic(w *syntax.WhileClause) bool {
	found := false
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n.(type) {
		case *syntax.ArithmCmd, *syntax.ArithmExp, *syntax.LetClause:
			found = true
		}
		return !found
	})
	return found
}

package template

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// checkPipe finds pipelines in which the failure that matters is lost. What
// refuses an empty or a cut input at the end of one makes it known all the same.
func checkPipe(l *lint, s *script) {
	for _, p := range s.pipes {
		last := s.main(p.stages[len(p.stages)-2], p.stages[len(p.stages)-1])
		if !p.open || p.context.tested || last == nil || refusesBadInput(last) || isRunner(last) || strings.Contains(s.text, "PIPESTATUS") {
			continue
		}
		for i := 0; i+2 < len(p.stages); i++ {
			if k := s.main(p.stages[i], p.stages[i+1]); k != nil && mustNotFail(k) {
				l.add("IB0304", s.span(k.at), "", "if "+k.label()+" fails, the pipe hides it",
					"write "+s.help("RUN set -o pipefail; ...", "set -o pipefail above,",
						"set -o pipefail above,")+" with bash, or do it in two steps")
				break
			}
		}
	}
}

// label names a program in a message; a name that is none of ours may be any
// text.
func (k *call) label() string {
	if k.tools != 0 {
		return k.name
	}
	return "the command"
}

// mustNotFail reports what somebody waits for the result of.
func mustNotFail(k *call) bool {
	switch {
	case k.context.tested:
		return false
	case k.tools&tFetch != 0:
		return k.fetches()
	case k.tools&tInstall != 0:
		m := installerNamed(k.name)
		if m == nil {
			return false
		}
		verb := m.verbOf(k)
		return verb != nil && !takesAway(verb.text)
	case k.tools&tLanguage != 0:
		return k.has("install", "ci", "add")
	case k.tools&tDeb != 0:
		return k.cluster("iU", "") || k.has("--install", "--upgrade")
	case k.name == "tar":
		return len(k.args) > 0 && (strings.Contains(k.args[0].text, "x") && !strings.HasPrefix(k.args[0].text, "--") ||
			k.has("--extract", "--get", "-x"))
	case k.name == "git":
		return k.verb() == "clone"
	case k.name == "make" || k.name == "gmake" || k.name == "ninja" || k.name == "configure":
		return true
	}
	return strings.HasSuffix(k.name, ".sh") || k.tools&tShell != 0 && strings.HasSuffix(k.verb(), ".sh")
}

// takesAway reports the subcommands after which nothing is missing that was
// asked for.
func takesAway(verb string) bool {
	switch verb[strings.LastIndexByte(verb, ' ')+1:] {
	case "remove", "purge", "erase", "autoremove", "autopurge", "uninstall", "rm", "clean", "groupremove", "disable", "reset":
		return true
	}
	return false
}

// fetches reports a download, the instance's questions about itself left out.
func (k *call) fetches() bool {
	for _, a := range k.args {
		if !a.fixed || isWebAddress(a.text) {
			return !isMetadata(hostOf(a.text))
		}
	}
	return false
}

// refusesBadInput reports what fails where its input is empty or cut off.
func refusesBadInput(k *call) bool {
	switch k.name {
	case "tar", "bsdtar", "gpg", "gpg2", "apt-key", "grep", "egrep", "fgrep", "rg", "cpio", "unzip", "funzip", "gunzip", "bunzip2", "unxz",
		"zcat", "xzcat", "zstdcat",
		"kubectl", "docker", "podman", "git", "jq", "patch", "rpm2cpio", "rpm", "base32", "sha256sum", "sha512sum", "sha1sum", "md5sum",
		"shasum", "gzip", "xz", "bzip2", "zstd", "apt-get",
		"diff", "cmp", "test", "[", "openssl", "mysql", "psql", "ar", "dpkg-deb", "debconf-set-selections":
		return true
	}
	return k.tools&tInterpret != 0 && k.readsJSON()
}

// readsJSON reports a program text that parses its input, as python3 -m json.tool.
func (k *call) readsJSON() bool {
	for _, a := range k.args {
		if strings.Contains(a.text, "json") || strings.Contains(a.text, "JSON") {
			return true
		}
	}
	return false
}

// isRunner reports what runs its input as a program.
func isRunner(k *call) bool {
	switch k.name {
	case "eval", "su", "runuser", "flock", "script", "sg", "trap":
		return false
	}
	if k.tools&(tShell|tInterpret) == 0 {
		return false
	}
	for _, a := range k.args {
		switch {
		case a.text == "-" || a.text == "-s" || a.text == "--" || a.text == "/dev/stdin":
			return true
		case !strings.HasPrefix(a.text, "-") || isCluster(a.text, "c", "") || a.text == "-m":
			return false
		}
	}
	return true
}

// checkPiped finds downloads that run without a look at them.
func checkPiped(l *lint, s *script) {
	for _, p := range s.pipes {
		l.checkPipedStages(s, &p)
	}
	for i := range s.calls {
		if k := &s.calls[i]; k.tools&(tShell|tInclude|tInterpret) != 0 {
			l.checkSubstituted(s, k)
		}
	}
}

func (l *lint) checkPipedStages(s *script, p *pipeline) {
	var fetch *call
	for i := 0; i+1 < len(p.stages); i++ {
		k := s.main(p.stages[i], p.stages[i+1])
		switch {
		case k == nil:
		case k.tools&tFetch != 0 && fetch == nil && !isLocalFetch(k):
			fetch = k
		case strings.HasSuffix(k.name, "sum") || k.name == "gpg" || k.name == "cosign":
			return
		case fetch != nil && isRunner(k):
			l.addPiped(s, extent{fetch.at.start, k.at.end})
			return
		}
	}
}

func (l *lint) addPiped(s *script, at extent) {
	l.add("IB0404", s.span(at), "", "a download is run as root without a checksum",
		"download it to a file, compare its checksum (echo \"<sha256>  <file>\" | sha256sum -c), and run that")
}

func isLocalFetch(k *call) bool {
	address := k.webAddress()
	return address != nil && isLoopback(hostOf(address.text))
}

// checkSubstituted finds `sh -c "$(curl ...)"`, `eval "$(curl ...)"` and
// `bash <(curl ...)`.
func (l *lint) checkSubstituted(s *script, k *call) {
	a := k.shellText()
	if a == nil && len(k.args) > 0 && k.name != "su" && k.name != "runuser" {
		if i := k.verbAt(); i >= 0 && isProcess(k.args[i].word) {
			a = &k.args[i]
		}
	}
	if a == nil && k.context.fed && k.tools&tShell != 0 && isRunner(k) {
		a = &argument{at: extent{0, len(s.text)}} // bash < <(curl ...)
	} else if a == nil || a.word == nil {
		return
	}
	if fetch := s.insideOf(k, a); fetch != nil && !isLocalFetch(fetch) {
		l.addPiped(s, extent{k.at.start, fetch.at.end})
	}
}

// isProcess reports <(...).
func isProcess(w *syntax.Word) bool {
	if w == nil || len(w.Parts) != 1 {
		return false
	}
	_, ok := w.Parts[0].(*syntax.ProcSubst)
	return ok
}

// checkHidden finds the first step whose failure nobody sees: the script goes
// on behind it, and ends well.
func checkHidden(l *lint, s *script) {
	if len(s.steps) < 2 || s.trapsErrors() {
		return
	}
	for i := range s.steps[:len(s.steps)-1] {
		n := &s.steps[i]
		if n.errexit || n.stmt.Background || s.looksAtStatus(i+1) {
			continue
		}
		for j := n.start; j < n.end; j++ {
			k := &s.calls[j]
			if k.context.within || k.context.function || !mustNotFail(k) || k.context.elsewhere || s.inPipe(j) {
				continue
			}
			l.add("IB0315", s.span(k.at), "", "if "+k.label()+" fails, the script goes on, and the build does not fail",
				s.help("join the commands with && instead of ;, or begin with set -e;", "begin the script with set -e",
					"begin the commands with set -e"))
			return
		}
	}
}

// trapsErrors reports trap ... ERR, which does what it likes.
func (s *script) trapsErrors() bool {
	for i := range s.calls {
		if k := &s.calls[i]; k.name == "trap" && k.has("ERR") {
			return true
		}
	}
	return false
}

// inPipe reports a call whose failure the pipe hides already.
func (s *script) inPipe(i int) bool {
	for _, p := range s.pipes {
		if i >= p.stages[0] && i < p.stages[len(p.stages)-2] {
			return true
		}
	}
	return false
}

// looksAtStatus reports a step that asks for the exit status of the one before.
func (s *script) looksAtStatus(i int) bool {
	e := s.extent(s.steps[i].stmt)
	return strings.Contains(s.text[e.start:e.end], "$?")
}

// checkLost finds what a shell does to itself as the last thing: it is gone
// with the shell.
func checkLost(l *lint, s *script) {
	if len(s.steps) == 0 || s.err != nil || s.isTest() && s.in == nil {
		return
	}
	k := s.lastOf(s.steps[len(s.steps)-1].stmt)
	if k == nil || k.tools&tState == 0 || k.context.depth > 0 {
		return
	}
	const gone, join = " has no effect: it ends with this shell", "join it to the commands it is for with &&"
	switch k.name {
	case "cd", "pushd":
		if to := k.verb(); len(s.calls) > 1 && (to == ".." || to == "" || to == "/") {
			return // back to where it was, out of habit
		}
		l.add("IB0314", s.span(k.at), "", k.name+gone, s.help("write WORKDIR <directory>, or "+join,
			"set the property workingDir of the task that needs it", join))
	case "export":
		const elsewhere = "write the variable to /etc/environment or to a file in /etc/profile.d"
		l.add("IB0314", s.span(k.at), "", k.name+gone, s.help(`write ENV name="value", or `+join, elsewhere, elsewhere))
	case "alias", "umask", "ulimit":
		l.add("IB0314", s.span(k.at), "", k.name+gone, "join it to the commands it is for, or write it to a file in /etc/profile.d")
	case "source", ".":
		if len(k.args) > 0 && isProfile(k.args[0].text) {
			l.add("IB0314", s.span(k.at), "", "reading a profile"+gone, join)
		}
	}
}

func isProfile(path string) bool {
	return path == "/etc/profile" || path == "/etc/environment" || strings.HasPrefix(path, "/etc/profile.d/") ||
		strings.HasSuffix(path, "/.bashrc") ||
		strings.HasSuffix(path, "/.bash_profile") || strings.HasSuffix(path, "/.profile") || strings.HasSuffix(path, "/bin/activate")
}

// lastOf is the last simple command of a list joined with &&.
func (s *script) lastOf(stmt *syntax.Stmt) *call {
	for {
		b, ok := stmt.Cmd.(*syntax.BinaryCmd)
		if !ok || b.Op != syntax.AndStmt {
			break
		}
		stmt = b.Y
	}
	if stmt.Background || stmt.Negated || len(stmt.Redirs) > 0 {
		return nil
	}
	switch stmt.Cmd.(type) {
	case *syntax.CallExpr, *syntax.DeclClause:
	default:
		return nil
	}
	at := s.offset(stmt.Cmd.Pos())
	for i := len(s.calls) - 1; i >= 0; i-- {
		if k := &s.calls[i]; k.at.start >= at && k.context.depth == 0 {
			return k
		}
	}
	return nil
}

// checkSwallowed finds a comment in a continued RUN: the lines after it belong
// to the comment.
func checkSwallowed(l *lint, s *script) {
	if s.in == nil || len(s.p.args(s.in)) < 2 || s.err != nil {
		return
	}
	end := 0
	if n := len(s.steps); n > 0 {
		end = s.offset(s.steps[n-1].stmt.End())
	}
	rest := strings.TrimLeft(s.text[end:], " \t;&")
	if !strings.HasPrefix(rest, "#") {
		return
	}
	at := len(s.text) - len(rest)
	line := 0
	for _, a := range s.p.args(s.in) {
		if line += a.end - a.start; line > at {
			break
		}
	}
	if line < len(s.text) && strings.Trim(s.text[line:], " \t") != "" {
		l.add("IB0322", s.span(extent{at, line}), "", "the rest of RUN, on the lines below, belongs to this comment",
			"put the comment on a line of its own; such lines are not sent")
	}
}

// checkBackground finds what is started and left: it ends with the build.
func checkBackground(l *lint, s *script) {
	if s.isTest() || s.err != nil {
		return
	}
	for i := range s.steps {
		n := &s.steps[i]
		if !n.stmt.Background {
			continue
		}
		last := i+1 == len(s.steps)
		if k := s.main(n.start, n.end); k != nil && (last || k.context.detached) && k.tools&tPower == 0 && !s.waits(i) {
			l.add("IB0317", s.span(k.at), "", "a process in the background ends with the build, and does not run in the image's instances",
				"install it as a service, and enable that with systemctl enable")
		}
	}
}

// waits reports a step after one that waits for it, or ends it.
func (s *script) waits(i int) bool {
	for _, k := range s.calls[s.steps[i].end:] {
		switch k.name {
		case "wait", "kill", "pkill", "killall", "fg":
			return true
		}
	}
	return false
}

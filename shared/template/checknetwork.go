package template

import "strings"

// checkWgetProgress finds a progress bar in the log of the build.
func checkWgetProgress(l *lint, s *script, k *call) {
	if k.name == "wget" && k.webAddress() != nil && !k.cluster("q", "OPoa") && !k.has("-nv", "-o", "-a") &&
		!k.hasPrefix("--quiet", "--no-verbose", "--progress", "--output-file", "--append-output", "-nv") {
		l.add("IB0303", s.span(k.at), "", "wget draws its progress into the log", "write wget -nv").
			offer("add -nv", change{s.span(extent{k.at.end, k.at.end}), " -nv"})
	}
}

// checkFail finds curl that takes an error page for the file.
func checkFail(l *lint, s *script, k *call) {
	if k.name != "curl" || k.isOpen() || k.context.waiting || k.cluster("fwIKXdVTFh", curlValued) ||
		k.hasPrefix("--fail", "--write-out", "--head", "--config", "--request", "--data", "--version", "--help",
			"--upload-file", "--form") {
		return
	}
	address := k.webAddress()
	if address == nil || isMetadata(hostOf(address.text)) || strings.HasPrefix(address.text, "ftp:") ||
		s.isChecked(k) || s.isCompared(k) || s.isRead(k) {
		return
	}
	f := l.add("IB0318", s.span(k.at), "",
		"curl without --fail takes an error page for what was asked for, and succeeds", "write curl --fail")
	if address.at.start >= k.at.end { // else it stands in a text within the text
		f.offer("add --fail", change{s.span(extent{k.at.end, k.at.end}), " --fail"})
	}
}

// curlValued are curl's short options with a value.
const curlValued = "AbcCdDeEFHKmoPQrtTuUwxXyYz"

// isChecked reports a call whose output somebody looks at: a later stage of its
// pipe, which refuses a wrong one, or runs it, which is another finding.
func (s *script) isChecked(k *call) bool {
	for _, p := range s.pipes {
		for i := 0; i+2 < len(p.stages); i++ {
			if s.main(p.stages[i], p.stages[i+1]) != k {
				continue
			}
			for j := i + 1; j+1 < len(p.stages); j++ {
				if next := s.main(p.stages[j], p.stages[j+1]); next != nil && (refusesBadInput(next) || isRunner(next)) {
					return true
				}
			}
		}
	}
	return false
}

// isCompared reports a call whose output a test compares with what it should be.
func (s *script) isCompared(k *call) bool {
	if k.context.compared {
		return true
	}
	for i := range s.calls {
		test := &s.calls[i]
		n := len(test.args)
		if n > 0 && (test.name == "[" || test.name == "test") && test.at.start < k.at.start && k.at.end <= test.args[n-1].at.end {
			return test.has("=", "==", "!=", "-eq", "-ne", "-gt", "-ge", "-lt", "-le") && !test.has("")
		}
	}
	return false
}

// isRead reports a download into a file that something reads which refuses a
// wrong one, or that is compared with its checksum or signature.
func (s *script) isRead(k *call) bool {
	file := s.fileOf(k)
	if file == "" {
		return false
	}
	behind := false
	for i := range s.p.scripts {
		for j := range s.p.scripts[i].calls {
			reader := &s.p.scripts[i].calls[j]
			if behind && reader.refusesFile(file) {
				return true
			}
			behind = behind || reader == k
		}
	}
	return false
}

// fileOf is the name of the file into which curl writes, "" where there is none.
func (s *script) fileOf(k *call) string {
	for i, a := range k.args {
		switch value, attached := strings.CutPrefix(a.text, "--output="); {
		case attached:
			return baseOf(value)
		case a.text == "--output" || isCluster(a.text, "o", curlValued):
			if value, ok := strings.CutPrefix(a.text, "-o"); ok && value != "" {
				return baseOf(value)
			}
			if i+1 < len(k.args) {
				return baseOf(k.args[i+1].text)
			}
		}
	}
	if k.cluster("O", curlValued) || k.has("--remote-name") {
		address, _, _ := strings.Cut(k.webAddress().text, "?")
		return baseOf(address)
	}
	for _, w := range s.writes {
		if w.start < w.end && &s.calls[w.end-1] == k {
			return baseOf(w.to.text)
		}
	}
	return ""
}

func baseOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// refusesFile reports a call that fails where the file is not what it should be.
func (k *call) refusesFile(name string) bool {
	switch k.name {
	case "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "md5sum", "b2sum", "shasum":
		return k.cluster("c", "") || k.has("--check")
	case "gpg", "gpg2", "gpgv":
		if k.has("--verify") {
			return true
		}
	case "tar", "bsdtar", "unzip", "gunzip", "bunzip2", "unxz", "gzip", "xz", "zstd", "cpio", "rpm", "rpm2cpio", "dpkg", "apt-get", "apt",
		"yum", "dnf", "zypper",
		"apt-key", "jq", "patch", "openssl", "7z", "pip", "pip3", "git", "cosign":
	default:
		return false
	}
	for _, a := range k.args {
		if baseOf(a.text) == name {
			return true
		}
	}
	return false
}

// isOffline reports a build without a way to the internet, as far as the header
// says.
func (l *lint) isOffline() bool {
	return find(l.t.given, "internetMaxBandwidthOut").text() == "0" && find(l.t.given, "vSwitchId").text() == ""
}

func checkOffline(l *lint, s *script, k *call) {
	if k.context.elsewhere || !l.isOffline() {
		return
	}
	for i := range k.args {
		if a := &k.args[i]; isWebAddress(a.text) && isOutside(hostOf(a.text)) {
			l.addOffline(s.span(a.at))
			return
		}
	}
}

func checkOfflineCopy(l *lint, p *part, in *instruction) {
	if !l.isOffline() {
		return
	}
	for _, w := range p.wordsOf(in) {
		if address := strings.Trim(w.text, `"'`); isWebAddress(address) && isOutside(hostOf(address)) {
			l.addOffline(p.spanOfWord(in, w))
			return
		}
	}
}

func (l *lint) addOffline(at span) {
	l.add("IB0313", at, "", "the header sets internetMaxBandwidthOut to 0, and this is fetched from the internet",
		"raise internetMaxBandwidthOut, or set a vSwitchId whose network has a way out")
}

// mirrors are the distributions' own. Images of Alibaba Cloud are set up to
// reach theirs from inside.
var mirrors = []string{".aliyuncs.com", "mirrors.aliyun.com", ".centos.org", ".fedoraproject.org", ".ubuntu.com",
	".debian.org", ".opensuse.org",
	".almalinux.org", ".rockylinux.org", ".openanolis.cn", ".openanolis.org", ".suse.com", ".redhat.com", ".alpinelinux.org"}

// isOutside reports a host that only the internet has.
func isOutside(host string) bool {
	if host == "" || isLoopback(host) || isMetadata(host) || isPrivate(host) || !strings.Contains(host, ".") {
		return false
	}
	for _, m := range mirrors {
		if strings.HasSuffix("."+host, "."+strings.TrimPrefix(m, ".")) {
			return false
		}
	}
	return true
}

// isPrivate reports an address of a VPC, or a name in one.
func isPrivate(host string) bool {
	if strings.HasPrefix(host, "172.") {
		second, _, _ := strings.Cut(host[4:], ".")
		return len(second) == 2 && second >= "16" && second <= "31"
	}
	return strings.HasPrefix(host, "10.") || strings.HasPrefix(host, "192.168.") || strings.HasPrefix(host, "100.") ||
		strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal")
}

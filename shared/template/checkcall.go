package template

import "strings"

// cluster reports one of some short options, as isCluster.
func (k *call) cluster(options, valued string) bool {
	for _, a := range k.args {
		if isCluster(a.text, options, valued) {
			return true
		}
	}
	return false
}

// isCluster reports short options written together, one of them of those given.
// The rest of a word behind one of valued is its value.
func isCluster(arg, options, valued string) bool {
	if len(arg) < 2 || arg[0] != '-' || arg[1] == '-' {
		return false
	}
	for i := 1; i < len(arg); i++ {
		if strings.IndexByte(options, arg[i]) >= 0 {
			return true
		}
		if strings.IndexByte(valued, arg[i]) >= 0 {
			return false
		}
	}
	return false
}

// hasPrefix reports an argument that begins so.
func (k *call) hasPrefix(prefixes ...string) bool {
	for _, a := range k.args {
		for _, p := range prefixes {
			if strings.HasPrefix(a.text, p) {
				return true
			}
		}
	}
	return false
}

// isOpen reports a word that may hold options that only the run tells.
func (k *call) isOpen() bool {
	for _, a := range k.args {
		if a.isOpen() {
			return true
		}
	}
	return false
}

func (a argument) isOpen() bool { return a.split && strings.Trim(a.text, "-\x00") == "" }

// verb is the first argument that is no option.
func (k *call) verb() string {
	if i := k.verbAt(); i >= 0 {
		return k.args[i].text
	}
	return ""
}

func (k *call) verbAt() int {
	for i, a := range k.args {
		if !strings.HasPrefix(a.text, "-") {
			return i
		}
	}
	return -1
}

// operands are the arguments that are no options, after the first n. Where they
// stand together they are not copied.
func (k *call) operands(n int) []argument {
	var out []argument
	first := 0
	for i, a := range k.args {
		if strings.HasPrefix(a.text, "-") && len(a.text) > 1 {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		if out == nil {
			first = i
		}
		if first+len(out) == i {
			out = k.args[first : i+1 : i+1]
		} else {
			out = append(out, a)
		}
	}
	return out
}

// following is the value of an option that is a word of its own.
func (k *call) following(options ...string) *argument {
	for i := range k.args {
		for _, o := range options {
			if k.args[i].text == o && i+1 < len(k.args) {
				return &k.args[i+1]
			}
		}
	}
	return nil
}

// webAddress returns the first web address among the arguments.
func (k *call) webAddress() *argument {
	for i := range k.args {
		if isWebAddress(k.args[i].text) {
			return &k.args[i]
		}
	}
	return nil
}

func isWebAddress(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "ftp://")
}

// hostOf is the host of a web address, in lower case; "" where only the run
// tells it.
func hostOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if strings.IndexByte(rest, 0) >= 0 {
		return ""
	}
	if strings.HasPrefix(rest, "[") {
		host, _, _ := strings.Cut(rest[1:], "]")
		return host
	}
	host, _, _ := strings.Cut(rest, ":")
	return strings.ToLower(host)
}

func isLoopback(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1" || host == "0.0.0.0"
}

// isMetadata reports the addresses at which an instance asks about itself.
func isMetadata(host string) bool { return host == "100.100.100.200" || host == "169.254.169.254" }

// main is the call that a range of calls is about, what is inside its words
// left out; nil where there is none.
func (s *script) main(start, end int) *call {
	var out *call
	for i := start; i < end; i++ {
		if k := &s.calls[i]; out == nil || k.context.depth <= out.context.depth {
			out = k
		}
	}
	return out
}

// insideOf are the calls inside the words of a call: those of $(...) and <(...).
func (s *script) insideOf(k *call, a *argument) *call {
	for i := k.inside; i < len(s.calls) && &s.calls[i] != k; i++ {
		if c := &s.calls[i]; c.tools&tFetch != 0 && a.at.start <= c.at.start && c.at.end <= a.at.end {
			return c
		}
	}
	return nil
}

// help is what to write instead: in RUN, in a task, or in a step of an AWS document.
func (s *script) help(run, task, step string) string {
	switch {
	case s.in != nil:
		return run
	case s.p.yaml.aws:
		return step
	}
	return task
}

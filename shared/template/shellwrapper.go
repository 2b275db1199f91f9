package template

import "strings"

// wrapper is a program that runs the command in its arguments.
type wrapper struct {
	valued    string // its short options that take a value
	long      string // its long ones that take a value of their own word, between blanks
	looks     string // its short options with which it runs nothing
	before    int    // words between its options and the command
	variables bool   // assignments may stand before the command
	changes   func(context) context
}

// wrappers are by name.
var wrappers = map[string]*wrapper{
	"sudo": {valued: "CDghpRrTtUu", long: " --user --group --host --prompt --chdir --close-from --role --type ", variables: true,
		changes: func(c context) context { c.sudo = true; return c }},
	"doas":             {valued: "Cu", variables: true},
	"env":              {valued: "uC", long: " --unset --chdir ", variables: true},
	"nice":             {valued: "n", long: " --adjustment "},
	"ionice":           {valued: "cn", long: " --class --classdata "},
	"nohup":            {changes: func(c context) context { c.detached = true; return c }},
	"setsid":           {changes: func(c context) context { c.detached = true; return c }},
	"stdbuf":           {valued: "ioe", long: " --input --output --error "},
	"timeout":          {valued: "ks", long: " --kill-after --signal ", before: 1, changes: func(c context) context { c.timed = true; return c }},
	"command":          {looks: "vV"},
	"builtin":          {},
	"exec":             {valued: "a"},
	"busybox":          {},
	"time":             {valued: "fo", long: " --format --output "}, // by its path; the word alone is the shell's
	"unbuffer":         {},
	"retry":            {valued: "td", long: " --times --delay --until "},
	"proxychains":      {valued: "f"},
	"proxychains4":     {valued: "f"},
	"numactl":          {valued: "NmCipl", long: " --cpunodebind --membind --physcpubind --interleave --preferred "},
	"eatmydata":        {},
	"chronic":          {},
	"flock":            {valued: "wE", long: " --timeout --conflict-exit-code ", before: 1},
	"chroot":           {before: 1, changes: func(c context) context { c.elsewhere = true; return c }},
	"gosu":             {before: 1},
	"su-exec":          {before: 1},
	"setpriv":          {},
	"setarch":          {before: 1},
	"linux32":          {},
	"linux64":          {},
	"unshare":          {valued: "SG"},
	"taskset":          {before: 1},
	"strace":           {valued: "oesuEpP"},
	"fakeroot":         {valued: "lifb"},
	"xvfb-run":         {valued: "efnpsw"},
	"dbus-run-session": {},
	"systemd-run":      {valued: "pEutGMH", long: " --property --setenv --unit --uid --gid --slice --working-directory "},
	"xargs": {valued: "adEILnPs", long: " --arg-file --delimiter --max-lines --max-args --max-procs --max-chars ",
		changes: func(c context) context { c.fed = false; return c }},
}

// rest is the command in the arguments of a wrapper.
func (w *wrapper) rest(args []argument) []argument {
	for len(args) > 0 && strings.HasPrefix(args[0].text, "-") {
		text := args[0].text
		args = args[1:]
		if text == "--" {
			break
		}
		if isCluster(text, w.looks, "") {
			return nil
		}
		if w.takesNext(text) && len(args) > 0 {
			args = args[1:]
		}
	}
	for len(args) > 0 && w.variables && isAssignment(args[0].text) {
		args = args[1:]
	}
	return args[min(w.before, len(args)):]
}

// isForAnother reports sudo to another user than root.
func (w *wrapper) isForAnother(args []argument) bool {
	for i, a := range args {
		switch {
		case !strings.HasPrefix(a.text, "-"):
			return false
		case strings.HasPrefix(a.text, "--user="):
			return a.text != "--user=root"
		case a.text == "--user" || isCluster(a.text, "u", "") && w.takesNext(a.text):
			return i+1 < len(args) && args[i+1].text != "root"
		}
		if w.takesNext(a.text) {
			return w.isForAnother(args[min(i+2, len(args)):])
		}
	}
	return false
}

// lists reports a word of a list that has a blank before and behind each. It makes
// no text of its own for that: it is asked for most words of a script.
func lists(list, word string) bool {
	for at := 0; word != ""; at++ {
		i := strings.Index(list[at:], word)
		if i < 0 {
			break
		}
		at += i
		if end := at + len(word); at > 0 && list[at-1] == ' ' && end < len(list) && list[end] == ' ' {
			return true
		}
	}
	return false
}

// takesNext reports an option whose value is the next word.
func (w *wrapper) takesNext(option string) bool {
	if strings.HasPrefix(option, "--") {
		return lists(w.long, option)
	}
	last := option[len(option)-1]
	return len(option) > 1 && strings.IndexByte(w.valued, last) >= 0 && !strings.ContainsAny(option[1:len(option)-1], w.valued)
}

func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && isNameOf(name, "_")
}

// handedOn is the next command of find -exec and of runuser -u among some arguments:
// both do something else without it.
func (k *call) handedOn(args []argument) []argument {
	switch k.name {
	case "find":
		for i, a := range args {
			if a.text == "-exec" || a.text == "-execdir" {
				return args[i+1:]
			}
		}
	case "runuser":
		for i, a := range args {
			if a.text == "-u" || a.text == "--user" {
				rest := args[min(i+2, len(args)):]
				if len(rest) > 0 && rest[0].text == "--" {
					rest = rest[1:]
				}
				return rest
			}
		}
	}
	return nil
}

// shellText is the text that a shell is given to run, nil where it is none.
func (k *call) shellText() *argument {
	switch n := len(k.args); k.name {
	case "scl": // scl enable collection text
		if n > 2 && k.args[0].text == "enable" {
			return &k.args[n-1]
		}
		return nil
	case "eval":
		if n == 1 {
			return &k.args[0]
		}
		return nil
	case "su", "runuser", "flock", "script":
		return k.textOfUser()
	case "sg": // sg group text, or sg group -c text
		if n > 1 && (n == 2 || k.args[1].isCommandOption()) {
			return &k.args[n-1]
		}
		return nil
	case "trap": // one that always runs, at the end
		if n > 1 && k.has("EXIT", "0") {
			return &k.args[0]
		}
		return nil
	}
	return k.textOfOption()
}

// suValued are the short options of su and runuser with a value, but for -c.
const suValued = "sgGw"

// textOfUser is the text of su -c, which may stand behind the user.
func (k *call) textOfUser() *argument {
	for i := range k.args {
		a := &k.args[i]
		if value, ok := strings.CutPrefix(a.text, "--command="); ok {
			return &argument{text: value, fixed: a.fixed, at: a.at}
		}
		if (a.text == "--command" || isCluster(a.text, "c", suValued) && strings.HasSuffix(a.text, "c")) && i+1 < len(k.args) {
			return &k.args[i+1]
		}
	}
	return nil
}

// textOfOption is the text of sh -c: the first argument that is no option. One that
// comes before -c is the name of a script.
func (k *call) textOfOption() *argument {
	given := false
	for i := 0; i < len(k.args); i++ {
		a := &k.args[i]
		switch {
		case !strings.HasPrefix(a.text, "-") && !strings.HasPrefix(a.text, "+"):
			if given {
				return a
			}
			return nil
		case a.text == "--rcfile" || a.text == "--init-file":
			i++
		case strings.HasPrefix(a.text, "--"):
		default:
			given = given || isCluster(a.text, "c", "")
			if strings.HasSuffix(a.text, "o") || strings.HasSuffix(a.text, "O") {
				i++ // the name of an option
			}
		}
	}
	return nil
}

package template

import (
	"strings"
)

// checkStartOnce: only the last CMD or ENTRYPOINT can count.
func checkStartOnce(l *lint, p *part) {
	var seen verb
	for i := range p.commands {
		in := &p.commands[i]
		if in.verb&(vCMD|vENTRYPOINT)&seen != 0 {
			l.add("IB0140", p.spanOf(in), "", in.name()+" more than once", "keep the last one")
		}
		seen |= in.verb
	}
}

// checkRestartPlace: a restart is for what was installed before it and what is
// done after it. At the end it is fine before tests, and as the only one.
func checkRestartPlace(l *lint, p *part) {
	const help = "delete the line"
	first, restarts := true, 0
	for i := range p.commands {
		in := &p.commands[i]
		if in.verb == vRESTART {
			restarts++
			switch last := i == len(p.commands)-1; {
			case first:
				p.offerDeletion(l.add("IB0141", p.spanOf(in), "", "RESTART before anything was done", help), in)
			case p.commands[i-1].verb == vRESTART:
				p.offerDeletion(l.add("IB0141", p.spanOf(in), "", "RESTART twice in a row", help), in)
			case last && restarts > 1 && (p.section == inTest || l.test == nil):
				p.offerDeletion(l.add("IB0141", p.spanOf(in), "", "RESTART with nothing after it", help), in)
			}
		}
		first = first && in.verb == vFROM
	}
}

// checkEnvUse: ENV in a component or a build stays in the image; in a test
// section it serves the commands after it and nothing else.
func checkEnvUse(l *lint, p *part) {
	const uses = vRUN | vCOPY | vWORKDIR | vUSER | vCOMPONENT
	for i := len(p.commands) - 1; i >= 0 && p.section == inTest; i-- {
		in := &p.commands[i]
		if in.verb&uses != 0 {
			return
		}
		if in.verb == vENV && p.head(in) != "" {
			l.add("IB0144", p.spanOf(in), "", "no command of the test section uses this ENV", "delete the line, or move it up")
		}
	}
}

// checkWorkdir: a relative path is clear only below an absolute one.
func checkWorkdir(l *lint, p *part) {
	for i := range p.commands {
		in := &p.commands[i]
		if in.verb != vWORKDIR || p.head(in) == "" {
			continue
		}
		path := strings.TrimLeft(p.head(in), `"'`)
		if strings.HasPrefix(path, "/") || strings.HasPrefix(path, "$") {
			return
		}
		l.add("IB0145", p.spanOfArgs(in), "", "a relative WORKDIR before any absolute one", "begin with /")
	}
}

// systemVariables are set for every login shell of a Linux system.
var systemVariables = map[string]bool{
	"PATH": true, "HOME": true, "USER": true, "LOGNAME": true, "SHELL": true, "PWD": true, "OLDPWD": true,
	"LANG": true, "LANGUAGE": true, "LC_ALL": true, "TERM": true, "HOSTNAME": true, "MAIL": true, "UID": true, "EUID": true,
}

// checkVariables looks at the commands whose variables no shell text can have
// set, and only where no component can have set them either.
func checkVariables(l *lint) {
	if l.t.Kind != Pipeline || !strings.Contains(l.build.text, "$") && (l.test == nil || !strings.Contains(l.test.text, "$")) {
		return
	}
	var known variables
	for _, p := range []*part{l.build, l.test} {
		if p == nil {
			continue
		}
		for i := range p.commands {
			switch p.commands[i].verb {
			case vCOMPONENT:
				return
			case vCOPY, vUSER, vWORKDIR, vENV:
				l.checkUses(p, i, &known)
			}
		}
		if l.test != nil {
			known.readTo(p, len(p.commands))
			known.next = 0
		}
	}
}

// variables are those that the ENV commands above set. Few texts use one, so their
// names are not read before.
type variables struct {
	names map[string]bool
	next  int // the first command of the part that is not read
}

// has reports a variable that is set above a command.
func (v *variables) has(name string, p *part, command int) bool {
	v.readTo(p, command)
	return v.names[name]
}

func (v *variables) readTo(p *part, end int) {
	if v.names == nil {
		v.names = map[string]bool{}
	}
	for ; v.next < end; v.next++ {
		if in := &p.commands[v.next]; in.verb == vENV {
			v.read(p.wordsOf(in))
		}
	}
}

func (v *variables) read(list []word) {
	for i, w := range list {
		name, _, pair := strings.Cut(w.text, "=")
		if pair || i == 0 {
			v.names[name] = true
		}
		if i == 0 && !pair {
			return // the rest is its value
		}
	}
}

// checkUses reports $NAME and ${NAME} that are not known. A use with a default,
// in single quotes or behind a backslash says that it means to be so.
func (l *lint) checkUses(p *part, command int, known *variables) {
	in := &p.commands[command]
	text := p.arguments(in)
	if strings.IndexByte(text, '$') < 0 {
		return
	}
	single := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && !single:
			i++
		case c == '\'':
			single = !single
		case c == '$' && !single:
			name, end := variableAt(text, i+1)
			if name != "" && !systemVariables[name] && !known.has(name, p, command) && !l.full("IB0146") {
				l.add("IB0146", p.spanIn(in, i, end), "", "nothing sets the variable "+name, "set it with ENV above")
			}
		}
	}
}

// variableAt reads the name after a dollar sign; "" where it is no plain use.
func variableAt(text string, start int) (name string, end int) {
	brace := strings.HasPrefix(text[start:], "{")
	if brace {
		start++
	}
	end = start
	for end < len(text) && (isLetter(text[end]) || text[end] == '_' || end > start && text[end] >= '0' && text[end] <= '9') {
		end++
	}
	name = text[start:end]
	if !brace {
		return name, end
	}
	if !strings.HasPrefix(text[end:], "}") {
		return "", end
	}
	return name, end + 1
}

package awstoe

import (
	"encoding/json"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// dialect runs a template as it is written, command by command: the plain
// meaning that a translation has to keep. It shares no code with that.
type dialect struct {
	*world
	env  []string // of the instance, then what ENV set
	dir  string
	user string
	cmd  string // the last CMD
	entr string // the last ENTRYPOINT
}

// runTemplate answers the status of the first command that fails.
func (w *world) runTemplate(text string) int {
	d := &dialect{world: w, env: w.environment(), dir: w.root}
	content, test, _ := strings.Cut(text, "# --- test\n")
	if status := d.runLines(content); status != 0 {
		return status
	}
	if status := d.boot(); status != 0 {
		return status
	}
	d.dir, d.user = w.root, ""
	return d.runLines(test)
}

func (d *dialect) runLines(text string) int {
	for _, line := range logicalLines(text) {
		keyword, args := line, ""
		if i := strings.IndexAny(line, " \t"); i >= 0 {
			keyword, args = line[:i], line[i:]
		}
		if status := d.command(keyword, strings.Trim(args, " \t")); status != 0 {
			return status
		}
	}
	return 0
}

// logicalLines joins what `\` continues and drops comments and blank lines.
func logicalLines(text string) []string {
	var out []string
	open := false
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		if bare := strings.TrimLeft(line, " \t"); bare == "" || bare[0] == '#' {
			continue
		}
		body, more := strings.CutSuffix(line, `\`)
		if strings.HasSuffix(body, `\`) {
			body, more = line, false
		}
		if open {
			out[len(out)-1] += body
		} else {
			out = append(out, strings.TrimLeft(body, " \t"))
		}
		open = more
	}
	return out
}

func (d *dialect) command(keyword, args string) int {
	switch keyword {
	case "RUN":
		return d.shell(args)
	case "ENV":
		return d.setEnv(args)
	case "WORKDIR":
		d.dir = d.absolute(d.expand(args))
		if os.MkdirAll(d.dir, 0o755) != nil {
			return 1
		}
	case "USER":
		d.user = d.expand(args)
		if d.user == "root" {
			d.user = ""
		} else if !slices.Contains([]string{"web", "app"}, d.user) {
			return 1
		}
	case "COPY":
		return d.copy(args)
	case "CMD":
		d.cmd = args
	case "ENTRYPOINT":
		d.entr = args
	}
	return 0
}

func (d *dialect) absolute(path string) string {
	switch {
	case strings.HasPrefix(path, "/"):
		return filepath.Clean(path)
	case d.dir == d.root:
		return filepath.Clean("/" + path)
	}
	return filepath.Join(d.dir, path)
}

// shell runs shell text, or a program with its arguments.
func (d *dialect) shell(args string) int {
	env := d.env
	if d.user != "" {
		env = append(slices.Clone(env), "RUN_AS="+d.user)
	}
	if list := array(args); list != nil {
		return d.execute(d.dir, env, "/usr/bin/env", append([]string{"--"}, list...)...)
	}
	return d.execute(d.dir, env, "/bin/bash", "-c", args)
}

func array(args string) []string {
	var list []string
	if json.Unmarshal([]byte(args), &list) != nil {
		return nil
	}
	return list
}

// boot starts what CMD and ENTRYPOINT say.
func (d *dialect) boot() int {
	switch {
	case d.entr == "" && d.cmd == "":
		return 0
	case d.entr == "":
		return d.shell(d.cmd)
	case array(d.entr) != nil && d.cmd != "":
		all, _ := json.Marshal(append(array(d.entr), array(d.cmd)...))
		return d.shell(string(all))
	}
	return d.shell(d.entr)
}

// setEnv sees the environment from before the command in all of its values.
func (d *dialect) setEnv(args string) int {
	var set []string
	list := fieldsOf(args)
	if !strings.Contains(list[0], "=") {
		key, value, _ := strings.Cut(args, " ")
		set = []string{key + "=" + d.expand(strings.TrimLeft(value, " \t"))}
	} else {
		for _, pair := range list {
			key, value, _ := strings.Cut(pair, "=")
			set = append(set, key+"="+d.expand(value))
		}
	}
	d.env = append(d.env, set...)
	f, err := os.OpenFile(d.root+"/etc/environment", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return 1
	}
	defer f.Close()
	if _, err := f.WriteString(strings.Join(set, "\n") + "\n"); err != nil {
		return 1
	}
	return 0
}

// lookup returns a variable; the last setting counts.
func (d *dialect) lookup(name string) string {
	for i := len(d.env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(d.env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

func (d *dialect) copy(args string) int {
	list := fieldsOf(args)
	from, to := d.expand(list[0]), d.absolute(d.expand(list[1]))
	if u, err := url.Parse(from); err == nil && u.Host != "" {
		name := path.Base(u.Path)
		if name == "/" || name == "." {
			name = "index.html"
		}
		return d.fetch(from, filepath.Join(to, name))
	}
	matches, err := filepath.Glob(from)
	if err != nil || len(matches) == 0 || os.MkdirAll(to, 0o755) != nil {
		_ = os.MkdirAll(to, 0o755)
		return 1
	}
	return d.execute(d.dir, d.world.environment(), "/bin/cp", append(append([]string{"-R"}, matches...), to)...)
}

// fieldsOf cuts at blanks outside quotes.
func fieldsOf(args string) []string {
	var out []string
	quote, word := rune(0), ""
	escaped, started := false, false
	for _, r := range args {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case r == quote:
			quote = 0
		case quote == 0 && (r == ' ' || r == '\t'):
			if started {
				out = append(out, word)
			}
			word, started = "", false
			continue
		}
		word, started = word+string(r), true
	}
	if started {
		out = append(out, word)
	}
	return out
}

// expand takes quotes and backslashes off and puts variables in.
func (d *dialect) expand(text string) string {
	out := ""
	for text != "" {
		c := text[0]
		switch {
		case c == '\'':
			body, rest, _ := strings.Cut(text[1:], "'")
			out, text = out+body, rest
		case c == '"':
			body, rest := d.doubleQuoted(text[1:])
			out, text = out+body, rest
		case c == '\\' && len(text) > 1:
			out, text = out+text[1:2], text[2:]
		case c == '$':
			value, rest := d.variable(text)
			out, text = out+value, rest
		default:
			out, text = out+text[:1], text[1:]
		}
	}
	return out
}

func (d *dialect) doubleQuoted(text string) (out, rest string) {
	for text[0] != '"' {
		switch {
		case text[0] == '\\' && strings.ContainsAny(text[1:2], `"\$`):
			out, text = out+text[1:2], text[2:]
		case text[0] == '$':
			value, rest := d.variable(text)
			out, text = out+value, rest
		default:
			out, text = out+text[:1], text[1:]
		}
	}
	return out, text[1:]
}

func (d *dialect) variable(text string) (value, rest string) {
	if strings.HasPrefix(text, "${") {
		inner, rest, _ := strings.Cut(text[2:], "}")
		if name, other, ok := strings.Cut(inner, ":-"); ok {
			if value := d.lookup(name); value != "" {
				return value, rest
			}
			return other, rest
		}
		if name, other, ok := strings.Cut(inner, ":+"); ok {
			if d.lookup(name) != "" {
				return other, rest
			}
			return "", rest
		}
		return d.lookup(inner), rest
	}
	end := 1
	for end < len(text) && (text[end] == '_' || text[end] >= '0' && text[end] <= '9' && end > 1 || text[end]|0x20 >= 'a' && text[end]|0x20 <= 'z') {
		end++
	}
	if end == 1 {
		return "$", text[1:]
	}
	return d.lookup(text[1:end]), text[end:]
}

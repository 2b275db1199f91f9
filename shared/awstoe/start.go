package awstoe

import (
	"strings"

	"imagedrop/shared/template"
)

// startCommand notes what an instance of the image is to run at its start.
// Without the opt-in it is refused: AWS has no such thing.
func (tr *translation) startCommand(c template.Command) {
	values := tr.template.Lookup("aws.systemdUnit")
	if tr.inTest || len(values) == 0 || values[0].Text != "true" {
		tr.none(c, "IB0505", template.Range{}, c.Keyword+" has no AWS form",
			"set aws.systemdUnit: true in the header for a systemd unit that runs it, or write the unit yourself with RUN")
		return
	}
	if c.Keyword == "CMD" {
		tr.cmd = &c
	} else {
		tr.entrypoint = &c
	}
	tr.approximate(c, "IB0514", "a systemd unit runs this at the start of an instance",
		"look at its ExecStart and its dependencies in the document")
}

// start makes the unit once the last command has set the scene. As in Docker
// CMD gives the arguments of an ENTRYPOINT in array form, and is the command
// where there is no ENTRYPOINT.
func (tr *translation) start() {
	first := tr.cmd
	if tr.entrypoint != nil {
		first = tr.entrypoint
	}
	if first == nil {
		return
	}
	args := tr.startArgs(*first)
	lines := append(tr.prelude(), "exec "+tr.prefix()+bash+args)
	unit := "imagedrop-" + unitName(tr.template.AWS().Name)
	script := "/usr/local/sbin/" + unit
	tr.file(*first, opScript, script, "0755", "#!/bin/bash\n"+strings.Join(lines, "\n")+"\n")
	tr.file(*first, opUnit, "/etc/systemd/system/"+unit+".service", "0644", `[Unit]
Description=Start command of the image template
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=`+script+`

[Install]
WantedBy=multi-user.target
`)
	tr.emit(op{command: *first, kind: opEnable, text: systemctl + "enable " + unit + ".service"})
}

func (tr *translation) startArgs(first template.Command) string {
	list, array := stringArray(first.Args)
	if !array {
		return quote(first.Args)
	}
	if tr.entrypoint != nil && tr.cmd != nil {
		more, ok := stringArray(tr.cmd.Args)
		if !ok {
			more = []string{"/bin/bash", "-c", tr.cmd.Args}
		}
		list = append(list, more...)
	}
	return execArgs(list)
}

// file makes a file with CreateFile, which by default lets everyone write it.
func (tr *translation) file(c template.Command, kind opKind, path, permissions, content string) {
	tr.emit(op{command: c, kind: kind, module: &module{action: "CreateFile", list: true,
		inputs: []fields{{{"path", path}, {"permissions", permissions}, {"content", content}}}}})
}

// unitName keeps what a unit's name may hold anywhere.
func unitName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && isNameByte(byte(r), true) {
			return r
		}
		return '-'
	}, name)
}

package lsp

import (
	"strings"

	"go.lsp.dev/protocol"

	"imagedrop/shared/template"
	"imagedrop/shared/template/rules"
)

const source = "imagedrop"

var severities = map[template.Severity]protocol.DiagnosticSeverity{
	template.Error:   protocol.DiagnosticSeverityError,
	template.Warning: protocol.DiagnosticSeverityWarning,
	template.Info:    protocol.DiagnosticSeverityInformation,
}

// diagnostic is a finding as an editor shows it.
func (d *document) diagnostic(f template.Finding) protocol.Diagnostic {
	message := f.Message
	if f.ServiceCode != "" {
		message += " → " + f.ServiceCode
	}
	if f.Help != "" {
		message += "\nhelp: " + f.Help
	}
	return protocol.Diagnostic{Range: d.rangeOf(f), Severity: severities[f.Severity], Code: f.Rule, Source: source, Message: message}
}

func (d *document) diagnostics() []protocol.Diagnostic {
	out := make([]protocol.Diagnostic, len(d.findings))
	for i, f := range d.findings {
		out[i] = d.diagnostic(f)
	}
	return out
}

// hover explains the word at an offset, and the findings that stand there.
func (d *document) hover(offset int) *protocol.Hover {
	var texts []string
	var at *protocol.Range
	if p := d.placeAt(offset); p != nil && p.end > p.start {
		if w, ok := find(p.words, d.text[p.start:p.end]); ok && w.doc != "" {
			r := d.between(p.start, p.end)
			texts, at = append(texts, w.doc), &r
		}
	}
	if w, ok := d.keyword(offset); ok {
		texts = append(texts, w.doc)
	}
	seen := map[string]bool{}
	for _, f := range d.findings {
		if offset < d.place(f.Line, f.Column) || offset > d.place(f.EndLine, f.EndColumn) || seen[f.Rule] {
			continue
		}
		seen[f.Rule] = true
		texts = append(texts, rules.Page(f.Rule))
	}
	if len(texts) == 0 {
		return nil
	}
	return &protocol.Hover{Contents: protocol.MarkupContent{Kind: protocol.Markdown, Value: strings.Join(texts, "\n\n---\n\n")}, Range: at}
}

// keyword is the command at an offset that is written in another case.
func (d *document) keyword(offset int) (word, bool) {
	if d.isMessage() || d.isYAML() {
		return word{}, false
	}
	p := d.placeAt(offset)
	if p == nil || p.start == p.end {
		return word{}, false
	}
	text := d.text[p.start:p.end]
	if strings.ToUpper(text) == text {
		return word{}, false
	}
	return find(commands, strings.ToUpper(text))
}

// completion lists what may stand at an offset: no key twice.
func (d *document) completion(offset int) []protocol.CompletionItem {
	items := []protocol.CompletionItem{}
	p := d.placeAt(offset)
	if p == nil {
		return items
	}
	at := d.between(p.start, p.end)
	for _, w := range p.words {
		if _, there := p.beside[w.name]; there && p.key {
			continue
		}
		items = append(items, protocol.CompletionItem{
			Label: w.name, Kind: p.kind(), FilterText: w.name,
			Documentation: protocol.MarkupContent{Kind: protocol.Markdown, Value: w.doc},
			TextEdit:      &protocol.TextEdit{Range: at, NewText: d.insert(p, w)},
		})
	}
	return items
}

func (p *place) kind() protocol.CompletionItemKind {
	if p.key {
		return protocol.CompletionItemKindProperty
	}
	return protocol.CompletionItemKindKeyword
}

// insert is the text of a word where it is chosen: a key with its colon unless
// there is one, in JSON in quotes. In YAML a blank goes between it and a mark.
func (d *document) insert(p *place, w word) string {
	text := w.name
	if w.insert != "" {
		text = w.insert
	}
	if p.quoted {
		return text
	}
	if before := d.text[:p.start]; !d.isMessage() && strings.ContainsAny(before[max(0, len(before)-1):], ":#-") {
		text = " " + text
	}
	after := strings.TrimLeft(d.text[p.end:], " \t")
	switch {
	case d.isMessage() && p.key && !strings.HasPrefix(after, ":"):
		return `"` + text + `": `
	case d.isMessage() && text != "true" && text != "false":
		return `"` + text + `"`
	case p.key && !strings.HasPrefix(after, ":"):
		return text + ": "
	case strings.HasSuffix(text, " ") && strings.HasPrefix(d.text[p.end:], " "):
		return strings.TrimSuffix(text, " ")
	}
	return text
}

// fixAll is the kind of the action that mends all that can be mended; an editor
// may run it when a file is saved.
const fixAll protocol.CodeActionKind = "source.fixAll"

// actions are the fixes of the findings in a range, and the one that applies all.
func (d *document) actions(in protocol.Range, only []protocol.CodeActionKind, judge Judge) []protocol.CodeAction {
	out := []protocol.CodeAction{}
	from, to := d.offset(in.Start), d.offset(in.End)
	fixes := 0
	for _, f := range d.findings {
		if f.Fix == nil {
			continue
		}
		fixes++
		if d.place(f.Line, f.Column) <= to && d.place(f.EndLine, f.EndColumn) >= from && asked(only, protocol.QuickFix) {
			out = append(out, protocol.CodeAction{
				Title: upper(f.Fix.Title), Kind: protocol.QuickFix, IsPreferred: true,
				Diagnostics: []protocol.Diagnostic{d.diagnostic(f)}, Edit: d.edit(d.edits(f.Fix)),
			})
		}
	}
	if fixes > 0 && asked(only, fixAll) && (len(d.text) <= maxUnasked || len(only) > 0) {
		if m := d.mend(judge); m.mended > 0 {
			whole := []protocol.TextEdit{{Range: d.between(0, len(d.text)), NewText: m.text}}
			out = append(out, protocol.CodeAction{Title: "Mend all that has one obvious mending", Kind: fixAll, Edit: d.edit(whole)})
		}
	}
	return out
}

// maxUnasked is the size up to which all is mended where the editor names no
// kind: it asks at each move of the cursor, and a long text takes its time.
const maxUnasked = 4 * template.MaxContentBytes

// asked reports a kind that the editor wants: all, where it names none or the
// empty one.
func asked(only []protocol.CodeActionKind, kind protocol.CodeActionKind) bool {
	for _, k := range only {
		if k == "" || k == kind || strings.HasPrefix(string(kind), string(k)+".") {
			return true
		}
	}
	return len(only) == 0
}

func (d *document) edits(fix *template.Fix) (out []protocol.TextEdit) {
	for _, e := range fix.Edits {
		out = append(out, protocol.TextEdit{Range: d.span(e.Line, e.Column, e.EndLine, e.EndColumn), NewText: e.Text})
	}
	return out
}

// mend mends all of the text, once for each text.
func (d *document) mend(judge Judge) *mending {
	if d.mending == nil {
		text, mended := template.Mend(d.text, func(text string) []template.Finding { return judge(d.path, []byte(text)) })
		d.mending = &mending{text, len(mended)}
	}
	return d.mending
}

func (d *document) edit(edits []protocol.TextEdit) *protocol.WorkspaceEdit {
	return &protocol.WorkspaceEdit{Changes: map[protocol.DocumentURI][]protocol.TextEdit{d.uri: edits}}
}

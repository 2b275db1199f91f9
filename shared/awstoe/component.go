package awstoe

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"imagedrop/shared/template"
)

// validate judges the document of a template. What is wrong with its bytes, the
// template's own findings say.
func validate(t *template.Template, path, text string) []template.Finding {
	return slices.DeleteFunc(Validate(path, []byte(text), t.AWS().Platform), func(f template.Finding) bool {
		return f.Rule == "IB0004" || f.Rule == "IB0005"
	})
}

// Component makes the document of a template, whatever it is written in:
// commands are translated, an AWS document is judged and passed through.
func Component(t *template.Template, o Options) Result {
	if t.Format != template.AWSTOE {
		return Translate(t, o)
	}
	if t.Content.Text == "" && len(t.Lookup("aws.uri")) > 0 { // whatever is wrong with it
		return Result{Tags: map[string]string{}, Lines: []Line{}}
	}
	path, text := t.Source()
	out := Result{Tags: map[string]string{}, Lines: []Line{}, Findings: t.Unsuppressed(validate(t, path, text))}
	if n := utf8.RuneCountInString(t.Content.Text); n > MaxInline {
		out.Findings = append(out.Findings, template.Finding{
			Rule: "IB0501", Severity: template.Error, Path: path, Line: 1, Column: 1, EndLine: 1, EndColumn: 1,
			Message: fmt.Sprintf("the AWS document has %d characters; at most %d can be sent", n, MaxInline),
			Help:    "put it into S3 and name it in aws.uri",
		})
	}
	if !t.Rejects(template.TargetAWS) && !hasErrors(out.Findings) {
		out.Document = t.Content.Text
	}
	return out
}

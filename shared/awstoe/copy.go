package awstoe

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"imagedrop/shared/template"
)

// copy takes one source and one folder.
func (tr *translation) copy(c template.Command) {
	words := c.Words()
	if len(words) != 2 {
		return // IB0112
	}
	from, to := words[0], words[1]
	scheme, _, remote := strings.Cut(from.Text, "://")
	switch {
	case !remote:
		tr.copyLocal(c, from, to)
	case scheme == "http" || scheme == "https":
		tr.download(c, from, to)
	case scheme == "s3":
		tr.downloadS3(c, from, to)
	default:
		tr.none(c, "IB0504", from.Range, "COPY from a source that AWS does not know",
			"use https:// or s3://, or RUN with the tool of that store")
	}
}

// copyLocal cannot know whether the source is a file or a folder, and CopyFile
// and CopyFolder have to: cp takes both.
func (tr *translation) copyLocal(c template.Command, from, to template.Word) {
	source, ok := tr.known(c, from.Range)
	if !ok {
		return
	}
	if head := leading(source); len(source) > 0 && source[0].name == "" && !strings.HasPrefix(head, "/") {
		tr.none(c, "IB0504", from.Range, "there is no build context: a relative source names no file",
			"name a path on the instance, or use https:// or s3://")
		return
	}
	if text, static := source.static(); static && strings.ContainsAny(text, "[") {
		tr.none(c, "IB0504", from.Range, "a pattern in brackets has no certain meaning", "use RUN cp")
		return
	}
	target, ok := tr.known(c, to.Range)
	if !ok {
		return
	}
	target = tr.below(target)
	inside := append(slices.Clone(target), segment{text: "/"})
	if text, static := target.static(); static {
		inside = literal(strings.TrimSuffix(text, "/") + "/")
	}
	tr.emit(op{command: c, kind: opCopy, text: mkdir + target.shell() + "\n" + cp + source.pattern() + " " + inside.shell()})
	tr.approximate(c, "IB0514", "cp copies as root, a folder as a whole, and into a folder that it makes where there is none",
		"use RUN cp where owner, links or names matter")
}

// download fetches into a folder, under the name that wget would give the file.
func (tr *translation) download(c template.Command, from, to template.Word) {
	source, ok := tr.fixed(c, from.Range)
	if !ok {
		return
	}
	u, err := url.Parse(source)
	if err != nil || u.Host == "" {
		tr.none(c, "IB0504", from.Range, "this is no web address", "write https://host/path")
		return
	}
	tr.fetch(c, "WebDownload", source, fileName(u), to,
		"WebDownload fetches the file, where Alibaba Cloud uses wget; an older file of the name is overwritten")
}

// fileName is the last name of an address's path; index.html where there is none.
func fileName(u *url.URL) string {
	_, name := path.Split(u.Path)
	if name == "" || name == "." || name == ".." {
		return "index.html"
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == utf8.RuneError }) {
		return path.Base(u.EscapedPath())
	}
	return name
}

func (tr *translation) downloadS3(c template.Command, from, to template.Word) {
	source, ok := tr.fixed(c, from.Range)
	if !ok {
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(source, "s3://"), "/")
	folder, name := path.Split(key)
	if bucket == "" || name == "" {
		tr.none(c, "IB0504", from.Range, "the address names no object", "write s3://bucket/key, or s3://bucket/folder/*")
		return
	}
	if name == "*" {
		name = ""
	}
	if strings.Contains(bucket+folder+name, "*") {
		tr.none(c, "IB0504", from.Range, "S3Download knows * as the whole last name only", "write s3://bucket/folder/*, or a line for each object")
		return
	}
	if target, ok := tr.target(c, to); ok {
		// S3Download needs the folder. Source: AWSTOE, action modules.
		tr.emit(op{command: c, kind: opFolder, text: mkdir + quote(target)})
		tr.fetch(c, "S3Download", source, name, to,
			"S3Download needs s3:GetObject of the instance profile, and Alibaba Cloud does not know this source")
	}
}

func (tr *translation) target(c template.Command, to template.Word) (string, bool) {
	w, ok := tr.known(c, to.Range)
	if !ok {
		return "", false
	}
	target, ok := tr.below(w).static()
	if !ok {
		tr.none(c, "IB0516", to.Range, "a variable that only the instance knows", "set it with ENV above, or write the value out")
	}
	return target, ok
}

func (tr *translation) fetch(c template.Command, action, source, name string, to template.Word, reason string) {
	target, ok := tr.target(c, to)
	if !ok {
		return
	}
	tr.emit(op{command: c, kind: opCopy, module: &module{action: action, list: true,
		inputs: []fields{{{"source", source}, {"destination", strings.TrimSuffix(target, "/") + "/" + name}}}}})
	tr.approximate(c, "IB0514", reason, "use RUN with a tool of your choice where the difference matters")
}

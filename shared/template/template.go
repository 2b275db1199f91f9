// Package template is the template language: it reads a file or a message,
// reports every finding in one pass, and gives the canonical text and the API
// parameters that are sent. It is pure: no I/O, no clock, no environment.
package template

// Kind is what a template or message asks for.
type Kind string

const (
	Component Kind = "component"
	Pipeline  Kind = "pipeline"
	Execution Kind = "execution"
)

// Severity of a finding. Only Error rejects.
type Severity string

const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Format of the content.
type Format string

const (
	Dockerfile Format = "dockerfile"
	YAML       Format = "yaml"
	AWSTOE     Format = "awstoe" // an AWS component document
)

// Targets: where the resource of a template is made.
const (
	TargetAlibaba = "alibaba"
	TargetAWS     = "aws"
)

// Prefix is the object-key prefix below which templates are dropped; the OSS
// trigger of s.yaml filters on it, and default names are made of what follows.
const Prefix = "templates/"

// Options say what to look for beside what rejects a template. The zero Options
// are those of the functions.
type Options struct {
	Pedantic bool // also by the rules that are off unless asked for
}

// Finding is one diagnostic. Lines and columns are 1-based, columns count code
// points, the end is exclusive; they are positions of the file (or of the
// message body, or of a message's content), whatever the canonical text leaves out.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Path names where: a file's path or object key; in a message the JSON
	// pointer of the value ("/content" for the template text).
	Path        string `json:"path"`
	Line        int    `json:"line"`
	Column      int    `json:"column"`
	EndLine     int    `json:"endLine"`
	EndColumn   int    `json:"endColumn"`
	Message     string `json:"message"`
	Help        string `json:"help,omitempty"`
	ServiceCode string `json:"serviceCode,omitempty"`
	// Fix mends it, nil where there is no single obvious way.
	Fix *Fix `json:"-"`

	order int // of the text that it points into
}

// Parameter is one API parameter in its flattened form, "Tag.1.Key".
type Parameter struct{ Name, Value string }

// Part is one canonical text and what it counts.
type Part struct {
	Text     string
	Bytes    int
	Commands int
}

// Value is one scalar that a header or message set, with where it stands:
// enough to make a finding about it.
type Value struct {
	Key                              string // "toRegionIds", "imageOptions.imageName"
	Text                             string
	Path                             string // Finding.Path
	Line, Column, EndLine, EndColumn int

	order int // as Finding.order
}

// Template is a template as read: what it asks for and what is wrong with it.
type Template struct {
	Kind     Kind
	Format   Format
	Name     string   // given, or the default name; "" where neither is
	RegionID string   // "" where the template does not say
	Content  Part     // component content, or BuildContent
	Test     Part     // TestContent, empty where there is none
	Targets  []string // in the order given, each once
	Build    bool     // start a build of the pipeline that this template creates
	// ImagePipelineID and PipelineName say which pipeline kind Execution starts:
	// one of them, the other is "". Both are "" of the other kinds.
	ImagePipelineID, PipelineName string
	// ComponentVersion is the version as given, "" where none is: x.y.z, or with
	// wildcards x.y.* or x.*.*, below which the next free number is meant.
	ComponentVersion string
	Findings         []Finding
	// Secrets are the findings that stand on a secret, or on the name before one, also
	// those that are suppressed: who prints a line of the text covers them. That of a
	// private key goes to the end of the key.
	Secrets []Finding

	texts [testOrder + 1]string // what findings point into, by their order
	path  string                // Finding.Path of the content, "" of a message
	order int                   // Finding.order of the content
	given []given               // what header and message set, header keys that the message overrides left out
	base  baseline              // base image, from FROM or the keys
	build *part                 // the content as scanned, nil where it is no text
	test  *part                 // the test section, nil where there is none

	suppressions []*suppression // of content and test section
}

// Message is a message body as read, before its content is known to be
// complete: TemplateURI names an object that the caller reads first.
type Message struct {
	ClientToken  string // the sender's own idempotency key, "" where none
	TemplateURI  string // oss://bucket/key, "" where the content is inline
	TemplateETag string // optional pin of TemplateURI
	Findings     []Finding

	read messageText
}

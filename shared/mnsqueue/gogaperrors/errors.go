// Package errors stands in for github.com/gogap/errors, the error type of
// aliyun-mns-go-sdk, by a replace line in go.mod: the SDK stays as it is. The
// original fills its messages with text/template, which calls methods by name,
// so the linker keeps every exported method of every type in the binary: 3 to
// 6 MB of each function for five placeholders. Here is what the SDK calls of
// it, with the same texts.
package errors

import (
	"fmt"
	"reflect"
	"strings"
)

// Params are the values of a message's placeholders.
type Params map[string]any

// ErrCode is what New returns. A code is unique in its namespace.
type ErrCode interface {
	error
	Code() uint64
	Namespace() string
}

// ErrCodeTemplate makes errors of one code.
type ErrCodeTemplate struct {
	namespace string
	code      uint64
	message   []piece
}

// piece is plain text, or a placeholder where path names a parameter and,
// below it, fields.
type piece struct {
	text string
	path []string
}

// TN returns what makes errors of a code. The placeholders of its message are
// {{.name}} and {{.name.Field}}; TN panics about any other, at the start of
// the program.
func TN(namespace string, code uint64, message string) ErrCodeTemplate {
	return ErrCodeTemplate{namespace: namespace, code: code, message: parse(message)}
}

func parse(message string) []piece {
	var pieces []piece
	for {
		text, rest, more := strings.Cut(message, "{{")
		pieces = append(pieces, piece{text: text})
		if !more {
			return pieces
		}
		inner, after, closed := strings.Cut(rest, "}}")
		path, isPath := strings.CutPrefix(inner, ".")
		if !closed || !isPath || strings.ContainsFunc(path, notInName) || strings.Contains("."+path+".", "..") {
			panic("errors: the placeholder {{" + inner + "}} is not understood")
		}
		pieces = append(pieces, piece{path: strings.Split(path, ".")})
		message = after
	}
}

func notInName(r rune) bool {
	return r != '.' && r != '_' && !('0' <= r && r <= '9') && !('A' <= r && r <= 'Z') && !('a' <= r && r <= 'z')
}

// New returns an error of the code, its message filled from the parameters.
// What they do not hold reads "<no value>".
func (t *ErrCodeTemplate) New(params ...Params) ErrCode {
	all := Params{}
	for _, p := range params {
		for name, value := range p {
			all[name] = value
		}
	}
	var b strings.Builder
	for _, p := range t.message {
		b.WriteString(p.text)
		if len(p.path) > 0 {
			fmt.Fprint(&b, value(all[p.path[0]], p.path[1:]))
		}
	}
	return &coded{code: t.code, namespace: t.namespace, message: b.String()}
}

// value walks down the fields. It calls no method, unlike text/template.
func value(of any, fields []string) any {
	v := reflect.ValueOf(of)
	for _, name := range fields {
		v = reflect.Indirect(v)
		if v.Kind() != reflect.Struct {
			return noValue
		}
		v = v.FieldByName(name)
	}
	if !v.IsValid() || !v.CanInterface() {
		return noValue
	}
	return v.Interface()
}

const noValue = "<no value>"

// IsEqual reports whether an error is of this code.
func (t *ErrCodeTemplate) IsEqual(err error) bool {
	c, ok := err.(ErrCode)
	return ok && c.Code() == t.code && c.Namespace() == t.namespace
}

type coded struct {
	code               uint64
	namespace, message string
}

func (c *coded) Code() uint64      { return c.code }
func (c *coded) Namespace() string { return c.namespace }

// Error ends with the code, as the original does: the SDK's own texts do not
// name it.
func (c *coded) Error() string { return fmt.Sprintf("%s, Id: %s#%d", c.message, c.namespace, c.code) }

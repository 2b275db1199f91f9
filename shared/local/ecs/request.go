package ecs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"imagedrop/shared/local/account"
)

// maxBody is the largest form body that is read, in bytes: the same megabyte
// that Go's server allows a URL. Contents are far smaller.
const maxBody = 1 << 20

// maxEntries is the limit of every list with a limit.
// Source: ECS API 2014-05-26, N of Tag.N, AddAccount.N, ToRegionId.N, ImageComponentId.N, ImagePipelineId.N.
const maxEntries = 20

// params are a request's parameters by flattened name, query and form merged.
type params map[string]string

// commonParams are those of the protocol, not of an operation.
var commonParams = map[string]bool{
	"Action": true, "Version": true, "Format": true, "AccessKeyId": true, "SecurityToken": true, "BearerToken": true,
	"Timestamp": true, "Signature": true, "SignatureMethod": true, "SignatureVersion": true, "SignatureType": true, "SignatureNonce": true,
}

// input is what was read of a request, once, before the faults look at it.
type input struct {
	params params
	query  params // what of them came in the URL
	body   []byte
	v3     *account.SignatureV3 // nil: signed with version 1, or not at all
	err    error
}

// read takes a request apart. What it could read is there also with an error,
// so that the answer can have the form asked for.
func read(w http.ResponseWriter, r *http.Request) input {
	in := input{params: params{}, query: params{}, v3: account.ParseSignatureV3(r.Header.Get("Authorization"))}
	in.err = errors.Join(in.readHeader(r), in.readURL(r), in.readBody(w, r))
	return in
}

func (in *input) readURL(r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refuse("InvalidParameter", "The query cannot be read.")
	}
	return errors.Join(in.query.merge(query), in.params.merge(query))
}

// readBody reads a form, and JSON where signature version 3 covers the body as
// it is; version 1 covers parameters only.
func (in *input) readBody(w http.ResponseWriter, r *http.Request) error {
	var err error
	if in.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		return refuse("InvalidParameter", "The body cannot be read or is larger than 1 MB.")
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); in.v3 != nil && media == "application/json" {
		return in.params.mergeJSON(in.body)
	}
	form, err := url.ParseQuery(string(in.body))
	if err != nil {
		return refuse("InvalidParameter", "The form cannot be read.")
	}
	return in.params.merge(form)
}

// merge keeps all the others where one is given twice: the answer still has the
// form that Format asks for.
func (p params) merge(more url.Values) (err error) {
	for name, values := range more {
		for _, value := range values {
			if have, given := p[name]; given && have != value {
				err = refuse("InvalidParameter", "A parameter is given twice with different values.")
				continue
			}
			p[name] = value
		}
	}
	return err
}

// mergeJSON merges the members of a JSON object under their flattened names.
func (p params) mergeJSON(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var doc map[string]any
	if dec.Decode(&doc) != nil || dec.Decode(new(any)) != io.EOF {
		return refuse("InvalidParameter", "The body is not a JSON object.")
	}
	values := url.Values{}
	flatten(values, "", doc)
	return p.merge(values)
}

// flatten spells a JSON value as RPC requests do: members behind a period,
// entries of lists by their number from 1. A null is absent.
func flatten(values url.Values, name string, value any) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for key, inner := range v {
			flatten(values, strings.TrimPrefix(name+"."+key, "."), inner)
		}
	case []any:
		for i, inner := range v {
			flatten(values, member(name, i+1), inner)
		}
	default:
		values.Add(name, fmt.Sprint(v))
	}
}

// require refuses the first of names that is absent or empty.
func (p params) require(names ...string) error {
	for _, name := range names {
		if p[name] == "" {
			return refuse("MissingParameter."+name, name)
		}
	}
	return nil
}

// entries returns the numbers N for which prefix.N or prefix.N.member is given
// with a value, ascending.
func (p params) entries(prefix string) []int {
	var numbers []int
	for name, value := range p {
		rest, ok := strings.CutPrefix(name, prefix+".")
		if !ok || value == "" {
			continue
		}
		number, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(number); err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// list returns the values of prefix.1, prefix.2, ... in order.
func (p params) list(prefix string) []string {
	values := []string{}
	for _, n := range p.entries(prefix) {
		values = append(values, p[member(prefix, n)])
	}
	return values
}

// commaList returns the values of a parameter that joins them by commas.
func commaList(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
}

// given reports whether any member of the struct has a value.
func (p params) given(prefix string) bool {
	for name, value := range p {
		if value != "" && strings.HasPrefix(name, prefix+".") {
			return true
		}
	}
	return false
}

// have reports whether any parameter has that value.
func (p params) have(value string) bool {
	for _, have := range p {
		if have == value {
			return true
		}
	}
	return false
}

// tags returns the tags of prefix.N.Key and prefix.N.Value in order.
func (p params) tags(prefix string) []tag {
	tags := []tag{}
	for _, n := range p.entries(prefix) {
		tags = append(tags, tag{Key: p[member(prefix, n, "Key")], Value: p[member(prefix, n, "Value")]})
	}
	return tags
}

// member spells a flattened name: member("Tag", 1, "Key") is "Tag.1.Key".
func member(prefix string, n int, names ...string) string {
	return strings.Join(append([]string{prefix, strconv.Itoa(n)}, names...), ".")
}

// canonical is the sorted, escaped form that is signed and compared; skip
// names what it leaves out.
func (p params) canonical(skip func(name string) bool) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if skip(name) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(percentEncode(name) + "=" + percentEncode(p[name]))
	}
	return b.String()
}

// percentEncode escapes as RFC 3986 and the RPC signature want it.
func percentEncode(s string) string {
	return escapeFix.Replace(url.QueryEscape(s))
}

var escapeFix = strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~")

//go:build conformance

package conformance

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"imagedrop/shared/local/account"
)

// curl is a way to ask ECS by curl, a process a call, with signatures that are
// made here from the published rules and share nothing with the endpoint's.
type curl struct {
	sign   func(*rpc)
	method string
	body   string // of a POST: "form" or "json"
	format string // of the answer
	https  bool
}

// rpc is one request on its way.
type rpc struct {
	method, host string
	key          account.Key
	common       map[string]string // the parameters of the protocol, as version 1 has them
	params       map[string]string // those of the operation
	header       map[string]string
	query, body  string
	asJSON       bool
}

// commonNames are the parameters that version 3 has as headers, but for what
// belongs to version 1 alone.
var commonNames = map[string]string{
	"Action": "x-acs-action", "Version": "x-acs-version", "Timestamp": "x-acs-date", "SignatureNonce": "x-acs-signature-nonce",
	"SecurityToken": "x-acs-security-token", "AccessKeyId": "", "SignatureMethod": "", "SignatureVersion": "", "Signature": "",
}

// open returns the asker. A case may set any parameter of the protocol.
func (v curl) open(t *testing.T, c *cloud, _ *row) asker {
	program := program(t, "curl", "apt-get install curl")
	base := c.e.ECS
	if v.https {
		base = c.e.HTTPS.ECS
	}
	_, host, _ := strings.Cut(base, "://")
	return func(ctx context.Context, q call) (answer, error) {
		r := v.request(host, q)
		args := []string{"--disable", "--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}", "--request", v.method, "--cacert", c.e.CAFile}
		for name, value := range r.header {
			args = append(args, "--header", name+": "+value)
		}
		if v.method != "GET" {
			args = append(args, "--data-binary", r.body)
		}
		out, errOut, status, err := run(ctx, nil, program, append(args, base+"/?"+r.query)...)
		if err != nil || status != 0 {
			return answer{}, fmt.Errorf("curl ended with %d: %v %s", status, err, errOut)
		}
		return rpcAnswer(out, v.format)
	}
}

func (v curl) request(host string, q call) *rpc {
	r := &rpc{
		method: v.method, host: host, key: q.Key, header: map[string]string{}, asJSON: v.body == "json",
		params: map[string]string{"RegionId": account.Region, "Format": v.format},
		common: map[string]string{
			"Action": q.Do, "Version": "2014-05-26", "AccessKeyId": q.Key.AccessKeyID, "SecurityToken": q.Key.Token,
			"SignatureNonce": account.RandomHex(16), "Timestamp": moment(0),
		},
	}
	for name, value := range q.With {
		if _, common := commonNames[name]; common {
			r.common[name] = fmt.Sprint(value)
		} else {
			r.params[name] = fmt.Sprint(value)
		}
	}
	if v.method != "GET" {
		r.header["Content-Type"] = map[string]string{"form": "application/x-www-form-urlencoded", "json": "application/json"}[v.body]
	}
	v.sign(r)
	return r
}

// signV1 follows the page "Request signatures" of ECS: HMAC-SHA1 over all
// parameters.
func signV1(r *rpc) {
	all := maps.Clone(r.params)
	maps.Copy(all, map[string]string{"SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0"})
	for name, value := range r.common {
		if value != "" {
			all[name] = value
		}
	}
	mac := hmac.New(sha1.New, []byte(r.key.Secret+"&"))
	mac.Write([]byte(r.method + "&%2F&" + escape(pairs(all))))
	signed := pairs(all) + "&Signature=" + escape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if r.method == "GET" {
		r.query = signed
	} else {
		r.body = signed
	}
}

// signV3 follows the page "V3 request structure and signature": HMAC-SHA256 over
// a canonical request, the parameters of the protocol in headers.
func signV3(r *rpc) {
	switch {
	case r.method == "GET":
		r.query = pairs(r.params)
	case r.asJSON:
		r.body = asJSON(r.params)
	default:
		r.body = pairs(r.params)
	}
	for name, header := range commonNames {
		if header != "" && r.common[name] != "" {
			r.header[header] = r.common[name]
		}
	}
	r.header["x-acs-content-sha256"] = sum(r.body)
	signed := map[string]string{"host": r.host}
	for name, value := range r.header {
		signed[strings.ToLower(name)] = value
	}
	names := slices.Sorted(maps.Keys(signed))
	lines := []string{r.method, "/", r.query}
	for _, name := range names {
		lines = append(lines, name+":"+signed[name])
	}
	canonical := strings.Join(append(lines, "", strings.Join(names, ";"), sum(r.body)), "\n")
	mac := hmac.New(sha256.New, []byte(r.key.Secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + sum(canonical)))
	r.header["Authorization"] = fmt.Sprintf("ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s",
		r.common["AccessKeyId"], strings.Join(names, ";"), hex.EncodeToString(mac.Sum(nil)))
}

func sum(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}

// asJSON undoes the flattening of names, as a client has its parameters.
func asJSON(flat map[string]string) string {
	root := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(flat)) {
		at, path := root, strings.Split(name, ".")
		for _, part := range path[:len(path)-1] {
			if at[part] == nil {
				at[part] = map[string]any{}
			}
			at = at[part].(map[string]any)
		}
		at[path[len(path)-1]] = flat[name]
	}
	text, err := json.Marshal(lists(root))
	if err != nil {
		panic(err) // texts, and maps of them
	}
	return string(text)
}

// lists makes a list of a mapping whose keys are 1, 2, 3 and so on.
func lists(value any) any {
	members, ok := value.(map[string]any)
	if !ok {
		return value
	}
	var entries []any
	for i := range len(members) {
		if entry, ok := members[strconv.Itoa(i+1)]; ok {
			entries = append(entries, lists(entry))
		}
	}
	if len(entries) > 0 {
		return entries
	}
	for name := range members {
		members[name] = lists(members[name])
	}
	return members
}

// rpcAnswer reads a body with the status in a line behind it.
func rpcAnswer(out, format string) (a answer, err error) {
	end := strings.LastIndexByte(out, '\n')
	if a.Status, err = strconv.Atoi(out[end+1:]); err != nil {
		return a, err
	}
	if format == "XML" {
		a.Fields, err = readXML(out[:end])
	} else {
		err = json.Unmarshal([]byte(out[:end]), &a.Fields)
	}
	if err == nil && a.Status != 200 {
		a.Code = fmt.Sprint(a.Fields["Code"])
	}
	return a, err
}

// readXML reads a document as JSON would have it, but that a list of one looks
// like its entry: at passes that over.
func readXML(doc string) (map[string]any, error) {
	dec := xml.NewDecoder(strings.NewReader(doc))
	for {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		if _, ok := token.(xml.StartElement); ok {
			break
		}
	}
	value, err := readElement(dec)
	fields, ok := value.(map[string]any)
	if err == nil && !ok && value != "" { // an empty list has neither
		err = errors.New("the root has a text, and no members")
	}
	if _, more := dec.Token(); err == nil && !errors.Is(more, io.EOF) {
		err = fmt.Errorf("something follows the root: %w", more)
	}
	return fields, err
}

func readElement(dec *xml.Decoder) (any, error) {
	text, members := "", map[string]any{}
	for {
		token, err := dec.Token()
		switch tok := token.(type) {
		case xml.StartElement:
			value, err := readElement(dec)
			if err != nil {
				return nil, err
			}
			name := tok.Name.Local
			switch before := members[name].(type) {
			case nil:
				members[name] = value
			case []any:
				members[name] = append(before, value)
			default:
				members[name] = []any{before, value}
			}
		case xml.CharData:
			text += string(tok)
		case xml.EndElement:
			if len(members) > 0 {
				return members, nil
			}
			return text, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// pairs joins parameters, escaped and sorted.
func pairs(p map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		all = append(all, escape(name)+"="+escape(p[name]))
	}
	return strings.Join(all, "&")
}

// escape escapes all but the unreserved characters of RFC 3986.
func escape(s string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(plain, s[i]) >= 0 {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}

// moment is a time so far from now, as the services write it.
func moment(from time.Duration) string {
	return time.Now().Add(from).UTC().Format("2006-01-02T15:04:05Z")
}

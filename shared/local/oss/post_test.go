package oss_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/oss"
)

// anySize is a condition of a policy that every file here meets.
const anySize = `["content-length-range", 0, 1048576]`

// policyOf returns a policy that ends in a minute, as forms carry it.
func (c *cloud) policyOf(conditions string) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"expiration":"` + c.clock.Now().Add(time.Minute).UTC().Format(time.RFC3339) +
		`","conditions":[` + conditions + `]}`))
}

// signedForm returns the fields of a form with that policy, signed with version 1
// as calculatePostSignature of ali-oss signs it.
func signedForm(key account.Key, policy string) map[string]string {
	h := hmac.New(sha1.New, []byte(key.Secret))
	io.WriteString(h, policy)
	fields := map[string]string{"OSSAccessKeyId": key.AccessKeyID, "policy": policy, "Signature": base64.StdEncoding.EncodeToString(h.Sum(nil))}
	if key.Token != "" {
		fields["x-oss-security-token"] = key.Token
	}
	return fields
}

// signedFormV4 is signedForm with version 4.
func (c *cloud) signedFormV4(policy string) map[string]string {
	now := c.clock.Now().UTC()
	scope := now.Format("20060102") + "/cn-hangzhou/oss/aliyun_v4_request"
	key := []byte("aliyun_v4" + account.AccessKeySecret)
	for part := range strings.SplitSeq(scope, "/") {
		key = hmac256(key, part)
	}
	return map[string]string{"policy": policy, "x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-date": now.Format("20060102T150405Z"),
		"x-oss-credential": account.AccessKeyID + "/" + scope, "x-oss-signature": hex.EncodeToString(hmac256(key, policy))}
}

// with returns the fields with more.
func with(fields map[string]string, more ...string) map[string]string {
	fields = maps.Clone(fields)
	for i := 0; i < len(more); i += 2 {
		fields[more[i]] = more[i+1]
	}
	return fields
}

var ownKey = account.Key{AccessKeyID: account.AccessKeyID, Secret: account.AccessKeySecret}

// post sends a form.
func (c *cloud) post(t testing.TB, fields map[string]string, filename, content string) *http.Response {
	body, contentType := formOf(t, fields, filename, content)
	return c.postBody(t, contentType, body)
}

// formOf returns a form as a browser sends it, with a field behind the file.
func formOf(t testing.TB, fields map[string]string, filename, content string) (body, contentType string) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		require.NoError(t, form.WriteField(name, fields[name]))
	}
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + filename + `"`}, "Content-Type": {"text/plain"}})
	require.NoError(t, err)
	_, err = io.WriteString(part, content)
	require.NoError(t, err)
	require.NoError(t, form.WriteField("submit", "Upload"))
	require.NoError(t, form.Close())
	return b.String(), form.FormDataContentType()
}

func (c *cloud) postBody(t testing.TB, contentType, body string) *http.Response {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/"+bucket, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", contentType)
	answer, err := http.DefaultTransport.RoundTrip(request) // follows nothing
	require.NoError(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func TestAFormMakesAnObject(t *testing.T) {
	var in inbox
	c := start(t, oss.Options{Rules: []oss.Rule{{ID: "r", Bucket: bucket, Events: []string{"oss:ObjectCreated:PostObject"}, Deliver: in.deliver}}})
	policy := c.policyOf(anySize + `,{"bucket":"` + bucket + `"},["starts-with","$key","templates/"],["eq","$x-oss-meta-team","web"],["in","$success_action_status",["","201"]]`)
	temporary := c.acct.Keys.Issue(c.clock.Now().Add(time.Hour))
	for name, fields := range map[string]map[string]string{"V1": signedForm(ownKey, policy), "STS": signedForm(temporary, policy), "V4": c.signedFormV4(policy)} {
		fields = with(fields, "key", "templates/"+name+"/${filename}", "x-oss-meta-team", "web")
		answer := c.post(t, fields, "a b+c.Dockerfile", "RUN true\n")
		require.Equal(t, 204, answer.StatusCode, name)

		key := "templates/" + name + "/a b+c.Dockerfile"
		require.Equal(t, "RUN true\n", c.get(t, key))
		head, err := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(key)})
		require.NoError(t, err)
		require.Equal(t, []string{"text/plain", "web", answer.Header.Get("ETag")}, []string{*head.ContentType, head.Metadata["team"], *head.ETag})
		events := in.take()
		require.Len(t, events, 1, name)
		var event struct {
			Events []struct {
				EventName string
				OSS       struct{ Object struct{ Key, ETag string } }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(events[0]), &event))
		require.Equal(t, "ObjectCreated:PostObject", event.Events[0].EventName)
		require.Equal(t, []string{key, strings.Trim(*head.ETag, `"`)}, []string{event.Events[0].OSS.Object.Key, event.Events[0].OSS.Object.ETag})

		answer = c.post(t, with(fields, "success_action_status", "201", "x-oss-content-type", "text/x-own"), "f", "")
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, 201, answer.StatusCode)
		require.Contains(t, string(body), "<PostResponse><Bucket>"+bucket+"</Bucket><ETag>")
		require.Contains(t, string(body), "<Key>templates/"+name+"/f</Key><Location>"+c.url+"/"+bucket+"/templates/"+name+"/f</Location>")
		in.take()
	}
}

func TestAFormMayRedirect(t *testing.T) {
	c := start(t, oss.Options{})
	fields := with(signedForm(ownKey, c.policyOf(anySize)), "key", "k", "success_action_redirect", "http://127.0.0.1:1/done?a=b")
	answer := c.post(t, fields, "f", "x")
	require.Equal(t, http.StatusSeeOther, answer.StatusCode)
	to, err := url.Parse(answer.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, url.Values{"a": {"b"}, "bucket": {bucket}, "key": {"k"}, "etag": {answer.Header.Get("ETag")}}, to.Query())
}

func TestFormsThatAreRefused(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "there", "v")
	good := func(conditions string) map[string]string {
		return with(signedForm(ownKey, c.policyOf(conditions)), "key", "k")
	}
	encode := func(policy string) map[string]string {
		return with(signedForm(ownKey, base64.StdEncoding.EncodeToString([]byte(policy))), "key", "k")
	}
	expiration := `"expiration":"` + c.clock.Now().Add(time.Minute).UTC().Format(time.RFC3339) + `"`
	for name, test := range map[string]struct {
		fields map[string]string
		status int
		code   string
	}{
		"no signature":                   {map[string]string{"key": "k"}, 403, "AccessDenied"},
		"another policy than was signed": {with(good(anySize), "policy", c.policyOf(`["content-length-range",0,1]`)), 403, "SignatureDoesNotMatch"},
		"a wrong V4 signature":           {with(c.signedFormV4(c.policyOf(anySize)), "key", "k", "x-oss-signature", "00"), 403, "SignatureDoesNotMatch"},
		"version 2":                      {with(good(anySize), "x-oss-signature-version", "OSS2"), 501, "NotImplemented"},
		"an unknown key":                 {with(good(anySize), "OSSAccessKeyId", "x"), 403, "InvalidAccessKeyId"},
		"an expired policy":              {encode(`{"expiration":"2020-01-01T00:00:00Z","conditions":[` + anySize + `]}`), 403, "AccessDenied"},
		"no expiration":                  {encode(`{"conditions":[` + anySize + `]}`), 400, "InvalidPolicyDocument"},
		"no conditions":                  {encode(`{` + expiration + `}`), 400, "InvalidPolicyDocument"},
		"no JSON":                        {encode(`{`), 400, "InvalidPolicyDocument"},
		"a condition without a mode":     {good(`["$key"]`), 400, "InvalidPolicyDocument"},
		"an unknown mode":                {good(`["matches","$key","k"]`), 400, "InvalidPolicyDocument"},
		"a range of texts":               {good(`["content-length-range",10,"test"]`), 400, "InvalidPolicyDocument"},
		"a range that is none":           {good(`["content-length-range",20,10]`), 400, "InvalidPolicyDocument"},
		"too large":                      {good(`["content-length-range",0,6]`), 400, "EntityTooLarge"},
		"too small":                      {good(`["content-length-range",8,9]`), 400, "EntityTooSmall"},
		"another bucket":                 {good(`{"bucket":"other"}`), 403, "AccessDenied"},
		"another key":                    {good(`["starts-with","$key","templates/"]`), 403, "AccessDenied"},
		"not equal":                      {good(`["eq","$key","K"]`), 403, "AccessDenied"},
		"none of them":                   {good(`["in","$key",["a"]]`), 403, "AccessDenied"},
		"one of them":                    {good(`["not-in","$key",["k"]]`), 403, "AccessDenied"},
		"no key":                         {with(good(anySize), "key", ""), 400, "InvalidObjectName"},
		"what is there":                  {with(good(anySize), "key", "there", "x-oss-forbid-overwrite", "true"), 409, "FileAlreadyExists"},
		"encryption":                     {with(good(anySize), "x-oss-server-side-encryption", "AES256"), 501, "NotImplemented"},
		"a callback":                     {with(good(anySize), "callback", "e30="), 501, "NotImplemented"},
	} {
		answer := c.post(t, test.fields, "f", "content")
		doc := requireErrorDocument(t, answer)
		require.Equal(t, test.code, doc.Code, "%s: %s", name, doc.Message)
		require.Equal(t, test.status, answer.StatusCode, name)
	}
	for body, code := range map[string]string{"": "IncorrectNumberOfFilesInPOSTRequest", "--b\r\nnonsense": "MalformedPOSTRequest",
		"--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b--\r\n": "IncorrectNumberOfFilesInPOSTRequest"} {
		require.Equal(t, code, requireErrorDocument(t, c.postBody(t, "multipart/form-data; boundary=b", body)).Code, "%q", body)
	}
	require.Equal(t, "MalformedPOSTRequest", requireErrorDocument(t, c.postBody(t, "multipart/form-data", "")).Code)
	require.Equal(t, "IncorrectNumberOfFilesInPOSTRequest", requireErrorDocument(t, c.postBody(t, "Multipart/Form-Data; boundary=b", "")).Code)
	require.Equal(t, []string{"there"}, c.listV2(t, "", "", "", 1000))
}

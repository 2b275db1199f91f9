package ecs

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

// callV3 is a request of signature version 3. The headers are what the test
// sends besides the common ones; "-" takes one away. late changes the request
// once it is signed.
type callV3 struct {
	method  string // POST by default
	action  string
	query   params
	body    string
	headers map[string]string
	key     account.Key
	signed  []string // the headers to sign; all by default
	late    func(*http.Request)
}

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// signV3Of is the test's own making, after the public page step by step.
func signV3Of(method, query string, headers map[string]string, signed []string, payload, secret string) string {
	canonical := method + "\n/\n" + query + "\n"
	for _, name := range signed {
		canonical += name + ":" + strings.TrimSpace(headers[name]) + "\n"
	}
	canonical += "\n" + strings.Join(signed, ";") + "\n" + hexSHA256(payload)
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, "ACS3-HMAC-SHA256\n"+hexSHA256(canonical))
	return hex.EncodeToString(mac.Sum(nil))
}

// The example with fixed parameters that the public page prints.
func TestPublishedSignature(t *testing.T) {
	const want = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
	headers := map[string]string{
		"host": "ecs.cn-shanghai.aliyuncs.com", "x-acs-action": "RunInstances", "x-acs-version": "2014-05-26",
		"x-acs-date": "2023-10-26T10:22:32Z", "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d", "x-acs-content-sha256": hexSHA256(""),
	}
	names := slices.Sorted(maps.Keys(headers))
	query := "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
	require.Equal(t, want, signV3Of("POST", query, headers, names, "", "YourAccessKeySecret"))

	r := httptest.NewRequest("POST", "http://ecs.cn-shanghai.aliyuncs.com/?"+query, nil)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders="+strings.Join(names, ";")+",Signature="+want)
	in := read(nil, r)
	require.NoError(t, in.err)
	require.Empty(t, in.lack(r))
	require.True(t, in.isSignedWith(r, "YourAccessKeySecret"))
	require.Equal(t, []string{"RunInstances", "YourAccessKeyId"}, []string{in.params["Action"], in.params["AccessKeyId"]})
}

func canonicalQuery(p params) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		pairs = append(pairs, escape(name)+"="+escape(p[name]))
	}
	return strings.Join(pairs, "&")
}

func (c *cloud) requestV3(call callV3) *http.Request {
	c.t.Helper()
	method := cmp.Or(call.method, "POST")
	headers := map[string]string{
		"host": c.host, "x-acs-action": call.action, "x-acs-version": apiVersion, "x-acs-date": c.clock.Now().Format(timestampForm),
		"x-acs-signature-nonce": strconv.FormatInt(nonce.Add(1), 10), "x-acs-content-sha256": hexSHA256(call.body),
	}
	maps.Copy(headers, call.headers)
	maps.DeleteFunc(headers, func(_, value string) bool { return value == "-" })
	signed := call.signed
	if signed == nil {
		signed = slices.Sorted(maps.Keys(headers))
	}
	key := call.key
	if key.AccessKeyID == "" {
		key = account.Key{AccessKeyID: account.AccessKeyID, Secret: account.AccessKeySecret}
	}
	query := canonicalQuery(call.query)
	r, err := http.NewRequest(method, c.url+"/?"+query, strings.NewReader(call.body))
	require.NoError(c.t, err)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+key.AccessKeyID+",SignedHeaders="+strings.Join(signed, ";")+
		",Signature="+signV3Of(method, query, headers, signed, call.body, key.Secret))
	if call.late != nil {
		call.late(r)
	}
	return r
}

func (c *cloud) v3(call callV3) answerBody {
	c.t.Helper()
	return c.answerTo(c.requestV3(call))
}

func (c *cloud) answerTo(r *http.Request) answerBody {
	c.t.Helper()
	response, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	a := answerBody{status: response.StatusCode, header: response.Header, text: string(body)}
	json.Unmarshal(body, &a.fields)
	return a
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json; charset=utf-8"
)

// Parameters come in the URL, as a form, or as JSON with its lists and
// structures, and are the same parameters.
func TestBodiesOfVersion3(t *testing.T) {
	c := newCloud(t, Options{})
	const content = "# 中 *~'\"!()\r\nRUN echo \"a+b&c=d %20 ~\" \\\n && true"
	form := params{"Content": content, "Name": "web", "Tag.1.Key": "k *~", "Tag.1.Value": "1"}
	for name, call := range map[string]callV3{
		"query": {query: form.with(params{"RegionId": "cn-hangzhou"})},
		"GET":   {method: "GET", query: form.with(params{"RegionId": "cn-hangzhou"})},
		"form":  {query: params{"RegionId": "cn-hangzhou"}, body: encoded(form), headers: map[string]string{"content-type": formType}},
		"JSON": {query: params{"RegionId": "cn-hangzhou"}, headers: map[string]string{"content-type": jsonType},
			body: `{"Content": ` + strconv.Quote(content) + `, "Name": "web", "Tag": [{"Key": "k *~", "Value": 1}], "Description": null}`},
	} {
		t.Run(name, func(t *testing.T) {
			call.action = "CreateImageComponent"
			a := c.v3(call)
			require.Equal(t, 200, a.status, a.text)
			got := c.component(a.fields["ImageComponentId"].(string))
			require.Equal(t, []string{content, "web", "k *~", "1", ""},
				[]string{got.Content, got.Name, got.Tags.Tag[0].TagKey, got.Tags.Tag[0].TagValue, got.Description})
		})
	}
}

// Booleans and nested structures of a JSON body.
func TestJSONBodyOfATemplate(t *testing.T) {
	c := newCloud(t, Options{})
	a := c.v3(callV3{action: "CreateImagePipeline", headers: map[string]string{"content-type": jsonType}, body: `{"RegionId": "cn-hangzhou",
		"BaseImageType": "IMAGE", "BaseImage": "m-bp67acfmxazb4p****", "SystemDiskSize": 60, "DeleteInstanceOnFailure": false,
		"ToRegionId": ["cn-beijing"], "AddAccount": [1234567890], "ImageOptions": {"ImageFeatures": {"NvmeSupport": "auto"}}}`})
	require.Equal(t, 200, a.status, a.text)
	got := c.pipeline(a.fields["ImagePipelineId"].(string))
	require.Equal(t, 60, got.SystemDiskSize)
	require.False(t, got.DeleteInstanceOnFailure)
	require.Equal(t, []string{"cn-beijing", "1234567890", "auto"},
		[]string{got.ToRegionIds.ToRegionId[0], got.AddAccounts.AddAccount[0], got.ImageOptions.ImageFeatures.NvmeSupport})
}

func TestSignatureVersion3(t *testing.T) {
	c := newCloud(t, Options{})
	at := func(d time.Duration) map[string]string {
		return map[string]string{"x-acs-date": c.clock.Now().Add(d).Format(timestampForm)}
	}
	header := func(name, value string) map[string]string { return map[string]string{name: value} }
	late := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	replace := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	tests := []struct {
		name, want string
		call       callV3
	}{
		{"signed", "200 <nil>", callV3{}},
		{"with GET", "200 <nil>", callV3{method: "GET"}},
		{"more headers signed", "200 <nil>", callV3{headers: header("x-custom", "  a  ")}},
		{"odd characters", "200 <nil>", callV3{query: params{"Name": "*~+%20中'\"\\\r\n\t&=;"}}},
		{"an empty value", "200 <nil>", callV3{query: params{"Name": ""}}},
		{"blanks after the commas", "200 <nil>", callV3{late: replace(",Signature", ", Signature")}},
		{"header names in capitals", "200 <nil>", callV3{late: replace("SignedHeaders=host;x-acs-action", "SignedHeaders=Host;X-Acs-Action")}},
		{"query changed", "400 SignatureDoesNotMatch", callV3{late: func(r *http.Request) { r.URL.RawQuery += "&Name=x" }}},
		{"method changed", "400 SignatureDoesNotMatch", callV3{late: func(r *http.Request) { r.Method = "GET" }}},
		{"path changed", "400 SignatureDoesNotMatch", callV3{late: func(r *http.Request) { r.URL.Path = "/x" }}},
		{"host changed", "400 SignatureDoesNotMatch", callV3{late: func(r *http.Request) { r.Host = "ecs.aliyuncs.com" }}},
		{"action changed", "400 SignatureDoesNotMatch", callV3{late: late("x-acs-action", "DescribeImagePipelines")}},
		{"body changed", "400 SignatureDoesNotMatch", callV3{headers: header("content-type", formType), late: func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("Name=x")), 6
		}}},
		{"body changed, and its hash", "400 SignatureDoesNotMatch", callV3{headers: header("content-type", formType), late: func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("Name=x")), 6
			r.Header.Set("x-acs-content-sha256", hexSHA256("Name=x"))
		}}},
		{"wrong hash, signed", "400 SignatureDoesNotMatch", callV3{body: "Name=web", headers: header("x-acs-content-sha256", hexSHA256(""))}},
		{"not hexadecimal", "400 SignatureDoesNotMatch", callV3{late: replace("Signature=", "Signature=x")}},
		{"other algorithm", "400 IncompleteSignature", callV3{late: replace("HMAC-SHA256", "HMAC-SM3")}},
		{"no signature", "400 IncompleteSignature", callV3{late: replace("Signature=", "Sig=")}},
		{"no signed headers", "400 IncompleteSignature", callV3{late: replace("SignedHeaders", "Headers")}},
		{"host not signed", "400 IncompleteSignature", callV3{signed: requiredV3[1:]}},
		{"version not signed", "400 IncompleteSignature", callV3{signed: requiredV3[:5]}},
		{"no hash", "400 IncompleteSignature", callV3{headers: header("x-acs-content-sha256", "-")}},
		{"no nonce", "400 IncompleteSignature", callV3{headers: header("x-acs-signature-nonce", "-")}},
		{"no date", "400 IncompleteSignature", callV3{headers: header("x-acs-date", "-")}},
		{"no action", "400 IncompleteSignature", callV3{headers: header("x-acs-action", "-")}},
		{"no key", "400 MissingParameter.AccessKeyId", callV3{late: replace("Credential", "Key")}},
		{"unknown key", "404 InvalidAccessKeyId.NotFound", callV3{key: account.Key{AccessKeyID: "LTAI0", Secret: "x"}}},
		{"wrong secret", "400 SignatureDoesNotMatch", callV3{key: account.Key{AccessKeyID: account.AccessKeyID, Secret: "x"}}},
		{"unknown action", "404 InvalidApi.NotFound", callV3{action: "DescribeInstances"}},
		{"unknown version", "400 NoSuchVersion", callV3{headers: header("x-acs-version", "2019-01-01")}},
		{"malformed date", "400 InvalidTimeStamp.Format", callV3{headers: header("x-acs-date", "20260105T080000Z")}},
		{"clock 15 minutes off", "200 <nil>", callV3{headers: at(-15 * time.Minute)}},
		{"clock too slow", "400 InvalidTimeStamp.Expired", callV3{headers: at(-16 * time.Minute)}},
		{"clock too fast", "400 InvalidTimeStamp.Expired", callV3{headers: at(16 * time.Minute)}},
		{"action given twice", "400 InvalidParameter", callV3{query: params{"Action": "DescribeImagePipelines"}}},
		{"JSON that is none", "400 InvalidParameter", callV3{body: "{", headers: header("content-type", jsonType)}},
		{"JSON that is a list", "400 InvalidParameter", callV3{body: "[]", headers: header("content-type", jsonType)}},
		{"JSON and more", "400 InvalidParameter", callV3{body: "{} {}", headers: header("content-type", jsonType)}},
		{"JSON without anything", "200 <nil>", callV3{body: "", headers: header("content-type", jsonType)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			call := tt.call
			call.action = cmp.Or(call.action, "DescribeImageComponents")
			call.query = params{"RegionId": "cn-hangzhou"}.with(call.query)
			a := c.v3(call)
			require.Equal(t, tt.want, a.code(), a.text)
			require.Contains(t, a.header.Get("Content-Type"), "application/json")
		})
	}
	require.Contains(t, c.v3(callV3{action: "DescribeImagePipelines", query: params{"RegionId": "cn-hangzhou", "Format": "XML"}}).text,
		"<DescribeImagePipelinesResponse>")
}

func TestNonceReplayInVersion3(t *testing.T) {
	c := newCloud(t, Options{})
	call := callV3{action: "DescribeImageComponents", query: params{"RegionId": "cn-hangzhou"}, headers: map[string]string{"x-acs-signature-nonce": "once"}}
	require.Equal(t, "200 <nil>", c.v3(call).code())
	require.Equal(t, "400 SignatureNonceUsed", c.v3(call).code())
	version1 := params{"Action": "DescribeImageComponents", "RegionId": "cn-hangzhou", "SignatureNonce": "once"}
	require.Equal(t, "400 SignatureNonceUsed", c.raw("GET", version1).code(), "a nonce is one of the key, whatever the version")
	c.clock.Advance(nonceWindow)
	require.Equal(t, "200 <nil>", c.v3(call).code())
}

func TestTemporaryCredentialsInVersion3(t *testing.T) {
	c := newCloud(t, Options{})
	key, expired := c.account.Keys.Issue(c.clock.Now().Add(time.Hour)), c.account.Keys.Issue(c.clock.Now())
	list := func(key account.Key, token string, signed []string) string {
		return c.v3(callV3{action: "DescribeImageComponents", query: params{"RegionId": "cn-hangzhou"}, key: key, signed: signed,
			headers: map[string]string{"x-acs-security-token": token}}).code()
	}
	require.Equal(t, "200 <nil>", list(key, key.Token, nil))
	require.Equal(t, "400 IncompleteSignature", list(key, key.Token, requiredV3), "the token must be signed")
	require.Equal(t, "400 MissingSecurityToken", list(key, "-", nil))
	require.Equal(t, "400 InvalidSecurityToken.Malformed", list(key, "nonsense", nil))
	require.Equal(t, "400 InvalidSecurityToken.MismatchWithAccessKey", list(key, expired.Token, nil))
	require.Equal(t, "400 InvalidSecurityToken.Expired", list(expired, expired.Token, nil))
}

// A token is the same for both versions of the signature.
func TestClientTokenAcrossVersions(t *testing.T) {
	c := newCloud(t, Options{})
	id := c.mustCreate(opComponent, params{"ClientToken": "job-1"})
	a := c.v3(callV3{action: "CreateImageComponent", query: minimal(opComponent).with(params{"ClientToken": "job-1", "RegionId": "cn-hangzhou"})})
	require.Equal(t, id, a.fields["ImageComponentId"], a.text)
}

// Faults find the operation and the values of version 3 too, and quote its
// string to sign.
func TestFaultsInVersion3(t *testing.T) {
	c := newCloud(t, Options{})
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "ecs", Operation: "DescribeImageComponents", Match: "web",
		Effect: account.EffectCode, Code: "SignatureDoesNotMatch", Status: 400}))
	call := callV3{action: "DescribeImageComponents", query: params{"RegionId": "cn-hangzhou", "Name": "web"}}
	a := c.v3(call)
	require.Equal(t, "400 SignatureDoesNotMatch", a.code())
	require.Contains(t, a.fields["Message"], "server string to sign is:ACS3-HMAC-SHA256\n")
	require.Equal(t, "200 <nil>", c.v3(call).code())
}

// Without authentication anything goes that names an operation.
func TestNoAuth(t *testing.T) {
	c := newCloud(t, Options{NoAuth: true})
	call := params{"Action": "DescribeImageComponents", "Version": apiVersion, "RegionId": "cn-hangzhou", "Format": "JSON"}
	require.Equal(t, "200 <nil>", c.exchange("GET", call, nil).code())
	require.Equal(t, "200 <nil>", c.exchange("POST", nil, call).code())
	require.Equal(t, "200 <nil>", c.exchange("GET", c.signed("GET", call).with(params{"Signature": "wrong", "AccessKeyId": "nobody"}), nil).code())
	replayed := c.signed("GET", call)
	require.Equal(t, "200 <nil>", c.exchange("GET", replayed, nil).code())
	require.Equal(t, "200 <nil>", c.exchange("GET", replayed, nil).code())
	version3 := callV3{action: "DescribeImageComponents", query: params{"RegionId": "cn-hangzhou"}, key: account.Key{AccessKeyID: "nobody", Secret: "x"}}
	require.Equal(t, "200 <nil>", c.v3(version3).code())
	require.Equal(t, "400 MissingParameter.Action", c.exchange("GET", call.with(params{"Action": "-"}), nil).code())
	require.Equal(t, "404 InvalidRegionId.NotFound", c.exchange("GET", call.with(params{"RegionId": "mars-1"}), nil).code())
}

// FuzzVersion3: whatever the header and the body are, the answer is a document
// of the service and no 500.
func FuzzVersion3(f *testing.F) {
	f.Add("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;x-acs-date,Signature=00", "CreateImageComponent", `{"Tag": [{"Key": "a"}], "Content": "RUN true"}`)
	f.Add("ACS3-HMAC-SHA256 ,,=;=", "DescribeImageComponents", `{"": {"": [null, [1, 2.50, true]]}}`)
	f.Add("ACS3-", "", "[")
	c := newCloud(f, Options{NoAuth: true})
	strict := newCloud(f, Options{})
	f.Fuzz(func(t *testing.T, authorization, action, body string) {
		for _, c := range []*cloud{c, strict} {
			r := httptest.NewRequest("POST", "/?RegionId=cn-hangzhou", strings.NewReader(body))
			r.Header.Set("Authorization", authorization)
			r.Header.Set("x-acs-action", action)
			r.Header.Set("x-acs-version", apiVersion)
			r.Header.Set("content-type", jsonType)
			answer := httptest.NewRecorder()
			c.handler.ServeHTTP(answer, r)
			require.NotEqual(t, http.StatusInternalServerError, answer.Code, answer.Body)
		}
	})
}

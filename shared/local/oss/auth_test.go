package oss_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

// raw sends the bytes of a request as they are.
func (c *cloud) raw(t testing.TB, request string) *http.Response {
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	method, _, _ := strings.Cut(request, " ")
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	return answer
}

// signedV1 returns the header lines of a V1 signature without any other header.
func (c *cloud) signedV1(method, resource string) string {
	date := c.clock.Now().Format(http.TimeFormat)
	h := hmac.New(sha1.New, []byte(account.AccessKeySecret))
	io.WriteString(h, method+"\n\n\n"+date+"\n"+resource)
	return "Date: " + date + "\r\nAuthorization: OSS " + account.AccessKeyID + ":" + base64.StdEncoding.EncodeToString(h.Sum(nil)) + "\r\n"
}

// signedV1ByXDate signs "GET /" with the time in x-oss-date alone.
func signedV1ByXDate(date string) string {
	h := hmac.New(sha1.New, []byte(account.AccessKeySecret))
	io.WriteString(h, "GET\n\n\n"+date+"\nx-oss-date:"+date+"\n/")
	return "x-oss-date: " + date + "\r\nAuthorization: OSS " + account.AccessKeyID + ":" + base64.StdEncoding.EncodeToString(h.Sum(nil)) + "\r\n"
}

// signedV4 returns the Authorization line over canonical parts that the test spells out.
func signedV4(now time.Time, date, query, headers, additional string) string {
	sum := sha256.Sum256([]byte("GET\n/\n" + query + "\n" + headers + "\n" + additional + "\nUNSIGNED-PAYLOAD"))
	scope := now.Format("20060102") + "/cn-hangzhou/oss/aliyun_v4_request"
	key := []byte("aliyun_v4" + account.AccessKeySecret)
	for part := range strings.SplitSeq(scope, "/") {
		key = hmac256(key, part)
	}
	line := "Authorization: OSS4-HMAC-SHA256 Credential=" + account.AccessKeyID + "/" + scope
	if additional != "" {
		line += ",AdditionalHeaders=" + additional
	}
	return line + ",Signature=" + hex.EncodeToString(hmac256(key, "OSS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hex.EncodeToString(sum[:]))) + "\r\n"
}

func hmac256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return h.Sum(nil)
}

// errorDocument is what every error answer must hold.
type errorDocument struct {
	XMLName                                            xml.Name `xml:"Error"`
	Code, Message, RequestId, HostId, EC, StringToSign string
}

// requireErrorDocument asserts that answer is a complete error, in its body or
// where it has none in x-oss-err.
func requireErrorDocument(t testing.TB, answer *http.Response) errorDocument {
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	if encoded := answer.Header.Get("x-oss-err"); encoded != "" {
		require.Empty(t, body)
		body, err = base64.StdEncoding.DecodeString(encoded)
		require.NoError(t, err)
	} else {
		require.Equal(t, "application/xml", answer.Header.Get("Content-Type"))
	}
	var doc errorDocument
	require.NoError(t, xml.Unmarshal(body, &doc), "%q", body)
	require.NotEmpty(t, doc.Code)
	require.NotEmpty(t, doc.Message)
	require.Regexp(t, `^[0-9A-F]{24}$`, doc.RequestId)
	require.Equal(t, doc.RequestId, answer.Header.Get("x-oss-request-id"))
	require.Equal(t, doc.EC, answer.Header.Get("x-oss-ec"))
	return doc
}

func stringToSign(t *testing.T, service http.Handler, r *http.Request) string {
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	answer := w.Result()
	if r.Method == http.MethodHead {
		answer.Body = http.NoBody // the recorder keeps what a server would not send
	}
	doc := requireErrorDocument(t, answer)
	require.Equal(t, "SignatureDoesNotMatch", doc.Code)
	return doc.StringToSign
}

// A request of each version, whose signature was calculated beforehand; the same
// calculation gives what the SDK signs. The secret is not the account's: the error
// document of a wrong signature gives the string to sign, from which the
// signature must follow.
func TestSignatureVectors(t *testing.T) {
	clock := account.NewManualClock(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC))
	acct := account.NewAt(clock)
	st, err := store.OpenMemory()
	require.NoError(t, err)
	defer st.Close()
	service := oss.New(acct, st, oss.Options{})
	require.NoError(t, service.CreateBucket(bucket))

	v4 := httptest.NewRequest("HEAD", "/demo-bucket/web.Dockerfile", nil)
	v4.Header.Set("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")
	v4.Header.Set("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
	v4.Header.Set("x-oss-date", "20260105T080000Z")
	v4.Header.Set("Authorization", "OSS4-HMAC-SHA256 Credential="+account.AccessKeyID+"/20260105/cn-hangzhou/oss/aliyun_v4_request,Signature=00")
	text := stringToSign(t, service, v4)
	key := []byte("aliyun_v4demoSecret")
	for _, part := range []string{"20260105", "cn-hangzhou", "oss", "aliyun_v4_request"} {
		key = hmac256(key, part)
	}
	require.Equal(t, "4ab5fc1b2346c44c5f71d2da90ee547d1b8699b0c452fa49627bee3fefb9d610", hex.EncodeToString(hmac256(key, text)))

	v1 := httptest.NewRequest("PUT", "/demo-bucket/web.Dockerfile", nil)
	v1.Header.Set("Content-Type", "application/octet-stream")
	v1.Header.Set("Date", "Mon, 05 Jan 2026 08:00:00 GMT")
	v1.Header.Set("x-oss-meta-owner", "dev")
	v1.Header.Set("Authorization", "OSS "+account.AccessKeyID+":00")
	h := hmac.New(sha1.New, []byte("demoSecret"))
	io.WriteString(h, stringToSign(t, service, v1))
	require.Equal(t, "bgueR7DqSvGul4yXIfoYIuS8Nsg=", base64.StdEncoding.EncodeToString(h.Sum(nil)))
}

// The forms of a signature that clients send besides those of the SDK.
func TestSignatureForms(t *testing.T) {
	c := start(t, oss.Options{})
	now := c.clock.Now()
	rfc1123 := now.Format(http.TimeFormat)
	iso := now.Format("20060102T150405Z")
	const payload = "x-oss-content-sha256: UNSIGNED-PAYLOAD\r\n"
	for name, request := range map[string]string{
		"V4, only Date, as ossutil 1.7": "GET /?max-keys=5&prefix HTTP/1.1\r\nHost: h\r\nDate: " + rfc1123 + "\r\n" + payload +
			signedV4(now, rfc1123, "max-keys=5&prefix", "x-oss-content-sha256:UNSIGNED-PAYLOAD\n", ""),
		"V4, additional headers, query not sorted, blanks after commas": "GET /?prefix=a+b&marker=&max-keys=5 HTTP/1.1\r\nHost: h\r\n" +
			"X-Extra:  y \r\nx-oss-date: " + iso + "\r\n" + payload +
			strings.ReplaceAll(signedV4(now, iso, "marker&max-keys=5&prefix=a%20b",
				"host:h\nx-extra:y\nx-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:"+iso+"\n", "host;x-extra"), ",", ", "),
		"V4, as ali-oss: sub-delimiters not escaped, empty values signed with =": "GET /?prefix=a!b(c)*'~&marker=&max-keys=5 HTTP/1.1\r\nHost: h\r\n" +
			"x-oss-date: " + iso + "\r\n" + payload +
			signedV4(now, iso, "marker=&max-keys=5&prefix=a%21b%28c%29%2A%27~",
				"x-oss-content-sha256:UNSIGNED-PAYLOAD\nx-oss-date:"+iso+"\n", ""),
		"V1":                              "GET / HTTP/1.1\r\nHost: h\r\n" + c.signedV1("GET", "/"),
		"V1, only x-oss-date, as ali-oss": "GET / HTTP/1.1\r\nHost: h\r\n" + signedV1ByXDate(rfc1123),
		"V1, a sub-resource":              "GET /demo-bucket?acl HTTP/1.1\r\nHost: h\r\n" + c.signedV1("GET", "/demo-bucket/?acl"),
		"V1, a bucket as it is sent, as aliyun-sdk of npm": "GET /demo-bucket?acl HTTP/1.1\r\nHost: h\r\n" + c.signedV1("GET", "/demo-bucket?acl"),
	} {
		answer := c.raw(t, request+"\r\n")
		body, _ := io.ReadAll(answer.Body)
		require.Equal(t, 200, answer.StatusCode, "%s: %s", name, body)
	}
}

func TestWhoIsRefused(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "k", "v")
	key := c.acct.Keys.Issue(c.clock.Now().Add(time.Minute))
	use := func(id, secret, token string) *sdk.Client {
		return c.newClient(func(cfg *sdk.Config) {
			cfg.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(id, secret, token))
		})
	}
	get := func(client *sdk.Client) error {
		_, err := client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
		return err
	}
	require.NoError(t, get(use(key.AccessKeyID, key.Secret, key.Token)))
	for _, test := range []struct {
		name     string
		client   *sdk.Client
		status   int
		code, ec string
	}{
		{"unknown key", use("nobody", "x", ""), 403, "InvalidAccessKeyId", "0002-00000902"},
		{"wrong secret", use(account.AccessKeyID, "x", ""), 403, "SignatureDoesNotMatch", "0002-00000040"},
		{"no token", use(key.AccessKeyID, key.Secret, ""), 403, "InvalidAccessKeyId", "0002-00000003"},
		{"another token", use(key.AccessKeyID, key.Secret, "CAISx"), 403, "InvalidSecurityToken", "0002-00000006"},
		{"a token with a long-lived key", use(account.AccessKeyID, account.AccessKeySecret, "CAISx"), 403, "InvalidAccessKeyId", "0002-00000002"},
		{"no region", c.newClient(func(cfg *sdk.Config) { cfg.WithRegion("") }), 400, "InvalidArgument", "0002-00000226"},
		{"another region", c.newClient(func(cfg *sdk.Config) { cfg.WithRegion("cn-beijing") }), 400, "InvalidArgument", "0002-00000226"},
		{"anonymous", c.newClient(func(cfg *sdk.Config) { cfg.WithCredentialsProvider(credentials.NewAnonymousCredentialsProvider()) }),
			403, "AccessDenied", "0003-00000001"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.ec, requireError(t, get(test.client), test.status, test.code).EC)
		})
	}
	_, err := use("nobody", "x", "").GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr("no-such-bucket"), Key: sdk.Ptr("k")})
	requireError(t, err, 404, "NoSuchBucket") // TestClientExtension of the vendor's SDK asserts this order
	c.clock.Advance(time.Minute)
	require.Equal(t, "0002-00000007", requireError(t, get(use(key.AccessKeyID, key.Secret, key.Token)), 403, "SecurityTokenExpired").EC)
}

func TestEverySignedPartIsChecked(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "k", "v")
	for name, tamper := range map[string]func(*http.Request){
		"method":       func(r *http.Request) { r.Method = "DELETE" },
		"key":          func(r *http.Request) { r.URL.Path += "2" },
		"query":        func(r *http.Request) { r.URL.RawQuery = "versionId=null" },
		"token":        func(r *http.Request) { r.Header.Set("x-oss-user-agent", "x") },
		"content type": func(r *http.Request) { r.Header.Set("Content-Type", "x/y") },
		"range":        func(r *http.Request) { r.Header.Set("Range", "bytes=0-0") }, // an additional header
	} {
		client := c.newClient(func(cfg *sdk.Config) {
			cfg.WithAdditionalHeaders([]string{"range"}).WithHttpClient(&http.Client{Transport: rewrite(tamper)})
		})
		request := &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), Range: sdk.Ptr("bytes=0-1")}
		_, err := client.GetObject(t.Context(), request)
		e := requireError(t, err, 403, "SignatureDoesNotMatch")
		for _, element := range []string{"<StringToSign>", "<CanonicalRequest>", "<SignatureProvided>", "<OSSAccessKeyId>", "<HostId>"} {
			require.Contains(t, string(e.Snapshot), element, name)
		}
	}
	require.Equal(t, "v", c.get(t, "k"))
}

func TestTheClock(t *testing.T) {
	c := start(t, oss.Options{})
	for _, off := range []time.Duration{-14 * time.Minute, 14 * time.Minute} {
		c.clock.Advance(off)
		c.put(t, "k", "v")
		c.clock.Advance(-off)
	}
	for _, off := range []time.Duration{-16 * time.Minute, 16 * time.Minute} {
		c.clock.Advance(off)
		_, err := c.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
		requireError(t, err, 403, "RequestTimeTooSkewed")
		correcting := c.newClient(func(cfg *sdk.Config) { cfg.WithRetryer(nil) })
		_, err = correcting.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
		require.NoError(t, err, "the SDK corrects its clock by the Date of the answer")
		c.clock.Advance(-off)
	}
}

func TestMalformedCredentials(t *testing.T) {
	c := start(t, oss.Options{})
	now := c.clock.Now()
	date := "x-oss-date: " + now.Format("20060102T150405Z") + "\r\n"
	payload := "x-oss-content-sha256: UNSIGNED-PAYLOAD\r\n"
	credential := "Authorization: OSS4-HMAC-SHA256 Credential=" + account.AccessKeyID + "/" + now.Format("20060102") + "/cn-hangzhou/oss/aliyun_v4_request"
	for name, test := range map[string]struct {
		headers string
		status  int
	}{
		"another scheme":   {"Authorization: Basic eDp5\r\n", 400},
		"version 2":        {"Authorization: OSS2 AccessKeyId:a,Signature:b\r\n", 501},
		"no credential":    {"Authorization: OSS4-HMAC-SHA256 Signature=1\r\n", 400},
		"no signature":     {date + payload + credential + "\r\n", 400},
		"short scope":      {"Authorization: OSS4-HMAC-SHA256 Credential=a/b,Signature=1\r\n", 400},
		"no date":          {payload + credential + ",Signature=1\r\n", 403},
		"not a date":       {"x-oss-date: now\r\n" + payload + credential + ",Signature=1\r\n", 403},
		"another day":      {"x-oss-date: 20200101T000000Z\r\n" + payload + credential + ",Signature=1\r\n", 400},
		"another product":  {date + payload + strings.Replace(credential, "/oss/", "/oss-cloudbox/", 1) + ",Signature=1\r\n", 400},
		"no payload hash":  {date + credential + ",Signature=1\r\n", 400},
		"V1 without colon": {"Authorization: OSS abc\r\n", 400},
		"V1 without date":  {"Authorization: OSS " + account.AccessKeyID + ":1\r\n", 403},
	} {
		answer := c.raw(t, "GET / HTTP/1.1\r\nHost: h\r\n"+test.headers+"\r\n")
		require.Equal(t, test.status, answer.StatusCode, name)
		requireErrorDocument(t, answer)
	}
	answer := c.raw(t, "GET /demo-bucket/k?x-oss-signature=1 HTTP/1.1\r\nHost: h\r\n\r\n")
	require.Equal(t, 400, answer.StatusCode, "a signed URL without credential")
	answer = c.raw(t, "GET /demo-bucket/k?a=%zz HTTP/1.1\r\nHost: h\r\n\r\n")
	require.Equal(t, 400, answer.StatusCode, "a query that is not well-formed")
}

// fetch sends a request as it is, unsigned.
func fetch(t *testing.T, method, url, body string) (status int, text string) {
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	return answer.StatusCode, read(t, answer.Body)
}

package ec2_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ec2"
	"imagedrop/shared/local/store"
)

// FuzzRequests sends requests as they are, to an endpoint that checks signatures
// and to one that does not: it never panics, and what is not a success names
// its code and says why.
func FuzzRequests(f *testing.F) {
	st, err := store.OpenMemory()
	require.NoError(f, err)
	f.Cleanup(func() { st.Close() })
	endpoints := []http.Handler{
		ec2.New(account.New(), st, ec2.Options{}), ec2.New(account.New(), st, ec2.Options{NoAuth: true}),
	}
	const arn = "arn:aws:imagebuilder:us-east-1:123456789012:component"
	for _, request := range []string{
		"PUT /CreateComponent HTTP/1.1\r\nHost: h\r\nContent-Length: 103\r\n\r\n" + `{"name":"web","semanticVersion":"1.0.0","platform":"Linux","clientToken":"t","data":"phases: []\n","x":1}`,
		"PUT /CreateComponent HTTP/1.1\r\nHost: h\r\nContent-Length: 95\r\n\r\n" + `{"name":"web","semanticVersion":"1.0.0","platform":"Linux","clientToken":"t","uri":"s3://abc/k"}`,
		"GET /GetComponent?componentBuildVersionArn=" + arn + "%2Fweb%2F1.x.x HTTP/1.1\r\nHost: h\r\n\r\n",
		"DELETE /DeleteComponent?componentBuildVersionArn=" + arn + "%2Fweb%2F1.0.0%2F1 HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /ListComponents HTTP/1.1\r\nHost: h\r\nContent-Length: 61\r\n\r\n" + `{"maxResults":1,"filters":[{"name":"type","values":["BUILD"]}]}`,
		"POST /ListComponentBuildVersions HTTP/1.1\r\nHost: h\r\nContent-Length: 19\r\n\r\n" + `{"nextToken":"abc"}`,
		"POST /tags/" + arn + "%2Fweb%2F1.0.0%2F1 HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n" + `{"tags":{"a":"b"}}  `,
		"PUT /CreateComponent HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{}", // less than it says
		"GET /tags/%zz HTTP/1.1\r\nHost: h\r\n\r\n",
		"PUT /s3/abc/k HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
		"HEAD /s3/ HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /ListComponents HTTP/1.1\r\nHost: h\r\nX-Amz-Date: 20260105T080000Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential=LOCALimagedropKEY0000001/20260105/us-east-1/imagebuilder/aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\n\r\n",
	} {
		f.Add(request)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, endpoint := range endpoints {
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
			if err != nil {
				return // net/http answers these itself
			}
			w := httptest.NewRecorder()
			endpoint.ServeHTTP(w, r)
			if w.Code < 300 || strings.HasPrefix(r.URL.Path, "/s3/") {
				require.NotEqual(t, http.StatusInternalServerError, w.Code, w.Body)
				continue
			}
			require.Less(t, w.Code, 500, w.Body)
			require.NotEmpty(t, w.Header().Get("X-Amzn-ErrorType"))
			var failure struct{ Message string }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &failure), w.Body)
			require.NotEmpty(t, failure.Message)
		}
	})
}

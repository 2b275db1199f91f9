//go:build conformance

package conformance

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"imagedrop/shared/local/account"
)

// openCurl asks ECS by curl, a process a call, with signatures that are made
// here from the published rule and share nothing with the endpoint's.
func openCurl(t *testing.T, c *cloud, _ *row) asker {
	curl := program(t, "curl", "apt-get install curl")
	return func(ctx context.Context, q call) (answer, error) {
		p := map[string]string{
			"Action": q.Do, "Version": "2014-05-26", "Format": "JSON", "RegionId": account.Region,
			"AccessKeyId": q.Key.AccessKeyID, "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
			"SignatureNonce": account.RandomHex(16), "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05Z"),
		}
		if q.Key.Token != "" {
			p["SecurityToken"] = q.Key.Token
		}
		for name, value := range q.With {
			p[name] = fmt.Sprint(value)
		}
		query := pairs(p)
		signature := hmacSHA1(q.Key.Secret+"&", "GET&%2F&"+escape(query))
		out, errOut, status, err := run(ctx, nil, curl, "--silent", "--show-error", "--max-time", "20",
			"--write-out", "\n%{http_code}", c.e.ECS+"/?"+query+"&Signature="+escape(signature))
		if err != nil || status != 0 {
			return answer{}, fmt.Errorf("curl ended with %d: %v %s", status, err, errOut)
		}
		return rpcAnswer(out)
	}
}

// rpcAnswer reads a body with the status in a line behind it.
func rpcAnswer(out string) (a answer, err error) {
	end := strings.LastIndexByte(out, '\n')
	if a.Status, err = strconv.Atoi(out[end+1:]); err != nil {
		return a, err
	}
	if err := json.Unmarshal([]byte(out[:end]), &a.Fields); err != nil {
		return a, err
	}
	if a.Status != 200 {
		a.Code = fmt.Sprint(a.Fields["Code"])
	}
	return a, nil
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

func hmacSHA1(key, text string) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

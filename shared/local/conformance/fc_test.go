//go:build conformance

package conformance

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/textproto"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"imagedrop/shared/local/account"
)

// openFCCurl asks FC by curl, a process a call, with signatures of version 3
// that are made here from the published rule.
func openFCCurl(t *testing.T, c *cloud, _ *row) asker {
	curl := program(t, "curl", "apt-get install curl")
	return func(ctx context.Context, q call) (answer, error) {
		m := members(q.With)
		path, query, body := "/2023-03-30/functions/"+take[string](m, "functionName")+"/invocations", "", take[string](m, "body")
		if qualifier := take[string](m, "qualifier"); qualifier != "" {
			query = "qualifier=" + qualifier
		}
		header := map[string]string{"host": strings.TrimPrefix(c.e.FC, "http://"), "x-acs-action": q.Do, "x-acs-version": "2023-03-30",
			"x-acs-date": moment(0), "x-acs-signature-nonce": account.RandomHex(16), "x-acs-content-sha256": sum(body)}
		if q.Key.Token != "" {
			header["x-acs-security-token"] = q.Key.Token
		}
		for name, value := range m {
			header[name] = fmt.Sprint(value)
		}
		header["Authorization"] = signFC(path, query, body, header, q.Key)
		args := []string{"--silent", "--show-error", "--max-time", "25", "--data-binary", "@-", "--dump-header", "/dev/stderr", "--write-out", "\n%{http_code}"}
		for name, value := range header {
			args = append(args, "--header", name+": "+value)
		}
		cmd := exec.CommandContext(ctx, curl, append(args, c.e.FC+path+"?"+query)...)
		var out, head strings.Builder
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(body), &out, &head
		if err := cmd.Run(); err != nil {
			return answer{}, fmt.Errorf("%w: %s", err, head.String())
		}
		return fcAnswer(out.String(), head.String())
	}
}

// signFC is the Authorization header, after the page "V3 request structure and
// signature": all headers are signed.
func signFC(path, query, body string, header map[string]string, key account.Key) string {
	names := slices.Sorted(maps.Keys(header))
	lines := []string{"POST", path, query}
	for _, name := range names {
		lines = append(lines, name+":"+header[name])
	}
	signed := strings.Join(names, ";")
	canonical := strings.Join(append(lines, "", signed, sum(body)), "\n")
	mac := hmac.New(sha256.New, []byte(key.Secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + sum(canonical)))
	return fmt.Sprintf("ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%x", key.AccessKeyID, signed, mac.Sum(nil))
}

// fcAnswer reads a body with the status in a line behind it, and the head of
// the answer.
func fcAnswer(out, head string) (a answer, err error) {
	end := strings.LastIndexByte(out, '\n')
	if a.Status, err = strconv.Atoi(out[end+1:]); err != nil {
		return a, err
	}
	reader := textproto.NewReader(bufio.NewReader(strings.NewReader(head)))
	for status := "HTTP/1.1 100"; strings.HasPrefix(status, "HTTP/1.1 100"); {
		if status, err = reader.ReadLine(); err != nil {
			return a, err
		}
		header, err := reader.ReadMIMEHeader()
		if err != nil {
			return a, err
		}
		a.Fields = map[string]any{"body": out[:end]}
		for name := range header {
			a.Fields[strings.ToLower(name)] = header.Get(name)
		}
	}
	if a.Status >= 400 {
		var refusal struct{ Code string }
		err = json.Unmarshal([]byte(out[:end]), &refusal)
		a.Code = refusal.Code
	}
	return a, err
}

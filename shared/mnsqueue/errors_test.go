package mnsqueue_test

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"text/template"

	mns "github.com/aliyun/aliyun-mns-go-sdk"
	gogap "github.com/gogap/errors"
	"github.com/stretchr/testify/require"
)

// TestErrorTexts holds the error package under the MNS SDK to the template
// engine that it spares the functions.
func TestErrorTexts(t *testing.T) {
	type answer struct {
		Code, Message string
		Count         int
		hidden        string
	}
	whole := gogap.Params{
		"resp": answer{"QueueNotExist", "The queue <a&b> does not exist.", 7, "x"}, "resource": "queues/q/messages",
		"err": &url.Error{Op: "Post", URL: "http://localhost/", Err: io.EOF}, "name": "größe", "_1": 1.5, "list": []string{"a", "b"},
	}
	for _, text := range []string{
		"", "no placeholder", "{{.err}}", "failed, {{.err}}", "{{.resp.Code}}{{.resp.Message}}", "{{.name}} {{.missing}} {{._1}}, {{.list}}",
		"status error,code: {{.resp.Code}}, message: {{.resp.Message}}, resource: {{.resource}} count: {{.resp.Count}}", "a }} b", "{ {.err}",
	} {
		var want strings.Builder
		require.NoError(t, template.Must(template.New("").Parse(text)).Execute(&want, map[string]any(whole)), text)
		made := gogap.TN("MNS", 7, text)
		require.Equal(t, want.String()+", Id: MNS#7", made.New(whole).Error(), text)
	}
	for text, want := range map[string]string{
		"{{.resp.Other}}": "<no value>", "{{.name.Length}}": "<no value>", "{{.resp.hidden}}": "<no value>", "{{.missing.Code}}": "<no value>",
	} { // no error about the error, unlike the template engine
		made := gogap.TN("MNS", 7, text)
		require.Equal(t, want+", Id: MNS#7", made.New(whole).Error(), text)
	}
	for _, text := range []string{"{{", "{{.err", "{{err}}", "{{.}}", "{{.a..b}}", "{{.a.}}", "{{ .err }}", "{{printf .err}}"} {
		require.Panics(t, func() { gogap.TN("MNS", 7, text) }, text)
	}
}

func TestErrorCodes(t *testing.T) {
	err := mns.ParseError(mns.ErrorResponse{Code: "QueueNotExist", Message: "The queue does not exist.", RequestId: "69F8", HostId: "http://x"}, "queues/q")
	require.EqualError(t, err, "ali_mns response status error,code: QueueNotExist, message: The queue does not exist., resource: queues/q request id: 69F8, host id: http://x, Id: MNS#122")
	require.True(t, mns.ERR_MNS_QUEUE_NOT_EXIST.IsEqual(err))
	require.False(t, mns.ERR_MNS_TOPIC_NOT_EXIST.IsEqual(err), "another code")
	other := gogap.TN("other", 122, "")
	require.False(t, mns.ERR_MNS_QUEUE_NOT_EXIST.IsEqual(other.New()), "another namespace")
	for _, err := range []error{nil, errors.New("x"), fmt.Errorf("%w", io.EOF)} {
		require.False(t, mns.ERR_MNS_QUEUE_NOT_EXIST.IsEqual(err))
	}
}

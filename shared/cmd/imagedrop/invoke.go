package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/spf13/cobra"
)

// invocation is what the control API says of a synchronous invocation.
type invocation struct {
	RequestID  string          `json:"requestId"`
	Body       json.RawMessage `json:"body"`
	ErrorType  string          `json:"errorType"`
	Logs       []string        `json:"logs"`
	DurationMs float64         `json:"durationMs"`
	ColdStart  bool            `json:"coldStart"`
}

func newInvoke(s streams) *cobra.Command {
	var at place
	var asJSON bool
	var object string
	cmd := &cobra.Command{
		Use:   "invoke FUNCTION [FILE]",
		Short: "Run a function on an event file and print its answer and logs",
		Long: `invoke hands the event in FILE ("-" is standard input) to a function of the
local cloud; the logs go to standard error. With --object it uploads a template
first and hands over the event of that upload: the same event that the trigger
delivers, so the function sees it twice and creates once. Exit code 1 means that
the function failed.`,
		Example: "  imagedrop invoke message events/testdata/queue-stream-objects.json\n  imagedrop invoke upload --object web.Dockerfile",
		Args:    cobra.RangeArgs(1, 2),
		PreRunE: func(_ *cobra.Command, args []string) error {
			if (object == "") == (len(args) == 1) {
				return errors.New("invoke takes an event file or --object, one of them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			event := func(context.Context, *cloud) ([]byte, error) { return readInput(args[1], s.in) }
			if object != "" {
				event = func(ctx context.Context, c *cloud) ([]byte, error) { return uploadForEvent(ctx, c, object) }
			}
			c, err := at.find(cmd.Context())
			if err != nil {
				return err
			}
			payload, err := event(cmd.Context(), c)
			if err != nil {
				return err
			}
			return invoke(cmd.Context(), c, args[0], payload, asJSON, s)
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print answer and logs as one JSON document")
	cmd.Flags().StringVar(&object, "object", "", "upload this file and make the event of the upload")
	return cmd
}

// uploadForEvent uploads the file and returns the OSS event of that upload.
func uploadForEvent(ctx context.Context, c *cloud, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	u := newUpload(keyOf(path, path), text)
	res, err := u.put(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return objectEvent(c, u.key, strings.Trim(oss.ToString(res.ETag), `"`), res.Headers.Get(oss.HeaderOssRequestID), len(text))
}

// objectEvent is the notification of a PUT in the native form of OSS.
func objectEvent(c *cloud, key, eTag, requestID string, size int) ([]byte, error) {
	return json.Marshal(map[string]any{"events": []any{map[string]any{
		"eventName":        "ObjectCreated:PutObject",
		"eventSource":      "acs:oss",
		"eventTime":        time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"eventVersion":     "1.0",
		"region":           c.Region,
		"responseElements": map[string]any{"requestId": requestID},
		"oss": map[string]any{
			"ossSchemaVersion": "1.0",
			"bucket":           map[string]any{"name": c.Bucket, "ownerIdentity": c.AccountID},
			"object":           map[string]any{"key": key, "eTag": eTag, "size": size},
		},
	}}})
}

// invoke prints what the function answered; an error of the function is bad news.
func invoke(ctx context.Context, c *cloud, function string, event []byte, asJSON bool, s streams) error {
	var got invocation
	err := doJSON(ctx, http.MethodPost, c.Console+"/v1/functions/"+url.PathEscape(function)+"/invoke", event, &got)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(s.out, got)
	} else {
		got.print(s.out, s.err)
	}
	if err == nil && got.ErrorType != "" {
		return errRejected
	}
	return err
}

func (i invocation) print(out, logs io.Writer) {
	for _, line := range i.Logs {
		fmt.Fprintln(logs, clean(line))
	}
	fmt.Fprintln(out, compact(i.Body))
}

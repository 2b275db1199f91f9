package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/spf13/cobra"

	"imagedrop/shared/local/stack"
	"imagedrop/shared/template"
)

// invocation is what the control API says of a synchronous invocation.
type invocation struct {
	RequestID string          `json:"requestId"`
	Body      json.RawMessage `json:"body"`
	ErrorType string          `json:"errorType"`
	Logs      []string        `json:"logs"`
}

func newInvoke(s streams) *cobra.Command {
	var at place
	var asJSON bool
	var object string
	cmd := &cobra.Command{
		Use:   "invoke FUNCTION [FILE]",
		Short: "Run a function on an event file and print its answer and logs",
		Long: `invoke hands the event in FILE ("-" is standard input) to a function of the
local cloud. With --object it uploads a template first and hands over the
event of that upload: the same event that the trigger delivers, so the
function sees it twice and creates once.`,
		Example: "  imagedrop invoke message events/testdata/mns-queue-objects.json\n  imagedrop invoke upload --object web.Dockerfile",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (object == "") == (len(args) == 1) {
				return errors.New("invoke takes an event file or --object, one of them")
			}
			e, err := at.find(cmd.Context())
			if err != nil {
				return err
			}
			event, err := eventOf(cmd.Context(), e, args, object, s)
			if err != nil {
				return err
			}
			return invoke(cmd.Context(), e, args[0], event, asJSON, s)
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print answer and logs as one JSON document")
	cmd.Flags().StringVar(&object, "object", "", "upload this file and make the event of the upload")
	return cmd
}

func eventOf(ctx context.Context, e stack.Endpoints, args []string, object string, s streams) ([]byte, error) {
	if object == "" {
		return readInput(args[1], s.in)
	}
	return uploadForEvent(ctx, e, object)
}

// uploadForEvent uploads the file and returns the OSS event of that upload.
func uploadForEvent(ctx context.Context, e stack.Endpoints, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key := template.Prefix + filepath.Base(path)
	res, err := ossClient(e).PutObject(ctx, &oss.PutObjectRequest{Bucket: oss.Ptr(e.Bucket), Key: oss.Ptr(key), Body: bytes.NewReader(text)})
	if err != nil {
		return nil, fmt.Errorf("upload of %s: %w", path, err)
	}
	return json.Marshal(map[string]any{"events": []any{map[string]any{
		"eventName":        "ObjectCreated:PutObject",
		"eventSource":      "acs:oss",
		"eventTime":        time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"eventVersion":     "1.0",
		"region":           e.Region,
		"responseElements": map[string]any{"requestId": res.Headers.Get("X-Oss-Request-Id")},
		"oss": map[string]any{
			"ossSchemaVersion": "1.0",
			"bucket":           map[string]any{"name": e.Bucket, "ownerIdentity": e.AccountID},
			"object":           map[string]any{"key": key, "eTag": strings.Trim(oss.ToString(res.ETag), `"`), "size": len(text)},
		},
	}}})
}

// invoke prints what the function answered; an error of the function is bad news.
func invoke(ctx context.Context, e stack.Endpoints, function string, event []byte, asJSON bool, s streams) error {
	var got invocation
	err := doJSON(ctx, http.MethodPost, e.Console+"/v1/functions/"+url.PathEscape(function)+"/invoke", event, &got)
	if err != nil {
		return err
	}
	if asJSON {
		if err := printJSON(s.out, got); err != nil {
			return err
		}
	} else {
		for _, line := range got.Logs {
			fmt.Fprintln(s.err, line)
		}
		fmt.Fprintf(s.out, "%s\n", got.Body)
	}
	if got.ErrorType != "" {
		return errRejected
	}
	return nil
}

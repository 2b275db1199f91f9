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

// enqueued is what the control API says of an asynchronous invocation.
type enqueued struct {
	RequestID   string `json:"requestId"`
	TriggerTime string `json:"triggerTime,omitempty"` // of a timer's event
}

// invokeFlags are the flags of `invoke`.
type invokeFlags struct {
	at     place
	asJSON bool
	object string // file to upload
	timer  string // trigger to fire
	time   string // of the timer's event, "" for now
	async  bool
}

func newInvoke(s streams) *cobra.Command {
	var f invokeFlags
	cmd := &cobra.Command{
		Use:   "invoke FUNCTION [FILE]",
		Short: "Run a function on an event file and print its answer and logs",
		Long: `invoke hands the event in FILE ("-" is standard input) to a function of the
local cloud; the logs go to standard error. With --object it uploads a template
first and hands over the event of that upload: the same event that the trigger
delivers, so the function sees it twice and creates once. With --async the event
is delivered as a trigger's: with retries, and to the dead-letter queue in the
end; invoke waits for none of it. --timer fires a timer trigger of the function
the same way; with the same --time it delivers the same event again. Exit code 1
means that the function failed.`,
		Example: "  imagedrop invoke message events/testdata/queue-stream-objects.json\n" +
			"  imagedrop invoke upload --object web.Dockerfile\n" +
			"  imagedrop invoke rebuild --timer nightly --time 2026-05-04T18:00:00Z",
		Args:    cobra.RangeArgs(1, 2),
		PreRunE: func(_ *cobra.Command, args []string) error { return f.check(args[1:]) },
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args, s) },
	}
	f.flags(cmd)
	return cmd
}

func (f *invokeFlags) flags(cmd *cobra.Command) {
	f.at.flags(cmd)
	fl := cmd.Flags()
	fl.BoolVar(&f.asJSON, "json", false, "print answer and logs as one JSON document")
	fl.StringVar(&f.object, "object", "", "upload this file and make the event of the upload")
	fl.BoolVar(&f.async, "async", false, "deliver it with retries and dead letters, and wait for nothing")
	fl.StringVar(&f.timer, "timer", "", "fire this timer trigger of the function")
	fl.StringVar(&f.time, "time", "", "with --timer: the time of its event, RFC 3339 (default now)")
}

func (f invokeFlags) run(ctx context.Context, args []string, s streams) error {
	c, err := f.at.find(ctx)
	if err != nil {
		return err
	}
	if f.timer != "" {
		return f.fire(ctx, c, args[0], s)
	}
	event, err := f.event(ctx, c, args[1:], s)
	if err != nil {
		return err
	}
	if f.async {
		got, err := invokeAsync(ctx, c, args[0], event)
		return f.printEnqueued(got, err, s)
	}
	return f.invoke(ctx, c, args[0], event, s)
}

func (f invokeFlags) check(files []string) error {
	sources := len(files)
	for _, flag := range []string{f.object, f.timer} {
		if flag != "" {
			sources++
		}
	}
	switch {
	case sources != 1:
		return errors.New("invoke takes one of an event file or --object or --timer")
	case f.time != "" && f.timer == "":
		return errors.New("--time needs --timer: it is the time of a timer's event")
	case f.time != "":
		if _, err := time.Parse(time.RFC3339, f.time); err != nil {
			return fmt.Errorf("--time %s: want RFC 3339, such as 2026-05-04T18:00:00Z", f.time)
		}
	}
	return nil
}

func (f invokeFlags) event(ctx context.Context, c *cloud, files []string, s streams) ([]byte, error) {
	if f.object != "" {
		return uploadForEvent(ctx, c, f.object)
	}
	return readInput(files[0], s.in)
}

// fire fires the timer.
func (f invokeFlags) fire(ctx context.Context, c *cloud, function string, s streams) error {
	var body []byte
	if f.time != "" {
		body, _ = json.Marshal(map[string]string{"triggerTime": f.time}) // strings always encode
	}
	var got enqueued
	address := c.Console + "/v1/timers/" + url.PathEscape(function) + "/" + url.PathEscape(f.timer)
	err := doJSON(ctx, http.MethodPost, address, body, &got)
	return f.printEnqueued(got, err, s)
}

func (f invokeFlags) printEnqueued(got enqueued, err error, s streams) error {
	switch {
	case err != nil:
		return err
	case f.asJSON:
		return printJSON(s.out, got)
	case got.TriggerTime != "":
		fmt.Fprintf(s.out, "fired %s for %s: request %s\n", f.timer, got.TriggerTime, got.RequestID)
	default:
		fmt.Fprintf(s.out, "accepted: request %s\n", got.RequestID)
	}
	return nil
}

// invokeAsync hands the event over as a trigger does: the platform delivers it
// at least once.
func invokeAsync(ctx context.Context, c *cloud, function string, event []byte) (got enqueued, err error) {
	err = doJSON(ctx, http.MethodPost, c.Console+"/v1/functions/"+url.PathEscape(function)+"/invoke?type=async", event, &got)
	return got, err
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
func (f invokeFlags) invoke(ctx context.Context, c *cloud, function string, event []byte, s streams) error {
	var got invocation
	err := doJSON(ctx, http.MethodPost, c.Console+"/v1/functions/"+url.PathEscape(function)+"/invoke", event, &got)
	if err != nil {
		return err
	}
	if f.asJSON {
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

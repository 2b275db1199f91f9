package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/spf13/cobra"

	"imagedrop/shared/local/stack"
	"imagedrop/shared/template"
)

// priority is what every message is sent with.
// Source: MNS SendMessage, Priority, 1 to 16, default 8; the SDK's zero value is refused.
const priority = 8

// mnsTimeout bounds one MNS call, in seconds; it exceeds a long poll of receiveWait.
const mnsTimeout = 10

func newSend(s streams) *cobra.Command {
	var at place
	var asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "send FILE...",
		Short: "Send messages to the request queue and wait for their outcomes",
		Long: `send puts the bytes of each file on the request queue as they are: a JSON
message, base64 of one, or template text. "-" is standard input.`,
		Example: "  imagedrop send message.json\n  echo 'RUN yum update -y' | imagedrop send -",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			bodies, err := readAll(paths, s.in)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return sendAndPrint(ctx, at.find, paths, bodies, newPrinter(s.out, asJSON))
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each outcome event on a line")
	cmd.Flags().DurationVar(&timeout, "timeout", defaultWait, "how long to wait for all outcomes")
	return cmd
}

func readAll(paths []string, in io.Reader) ([][]byte, error) {
	var bodies [][]byte
	for _, p := range paths {
		body, err := readInput(p, in)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// readInput reads a file, or standard input for "-".
func readInput(path string, in io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(path)
}

func sendAndPrint(ctx context.Context, find func(context.Context) (stack.Endpoints, error), paths []string, bodies [][]byte, p printer) error {
	d, err := newDropper(ctx, find, nil)
	if err != nil {
		return err
	}
	e, err := find(ctx)
	if err != nil {
		return err
	}
	jobs := make([]string, len(bodies))
	for i, body := range bodies {
		if jobs[i], err = send(e, body); err != nil {
			return fmt.Errorf("%s: %w", paths[i], err)
		}
	}
	bad := false
	for i, job := range jobs {
		o, err := d.follow.await(ctx, job)
		if err != nil {
			return fmt.Errorf("no outcome in time for %s", paths[i])
		}
		p.print(o)
		bad = bad || o.bad()
	}
	if bad {
		return errRejected
	}
	return nil
}

// send sends one message and returns the job ID that it will have.
func send(e stack.Endpoints, body []byte) (string, error) {
	if len(body) == 0 {
		return "", errors.New("an empty message cannot be sent")
	}
	res, err := mnsQueue(e, e.RequestQueue).SendMessage(ali_mns.MessageSendRequest{MessageBody: string(body), Priority: priority})
	if err != nil {
		return "", err
	}
	if token := template.ParseMessage(body).ClientToken; token != "" {
		return token, nil
	}
	return res.MessageId, nil
}

func mnsQueue(e stack.Endpoints, name string) ali_mns.AliMNSQueue {
	return ali_mns.NewMNSQueue(name, ali_mns.NewAliMNSClientWithConfig(ali_mns.AliMNSClientConfig{
		EndPoint: e.MNS, AccessKeyId: e.AccessKeyID, AccessKeySecret: e.AccessKeySecret, TimeoutSecond: mnsTimeout,
	}))
}

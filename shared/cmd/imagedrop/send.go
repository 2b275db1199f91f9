package main

import (
	"context"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/spf13/cobra"

	"imagedrop/shared/template"
)

// priority is what every message is sent with.
// Source: MNS SendMessage, Priority, 1 to 16, default 8; the SDK's zero value is refused.
const priority = 8

func newSend(s streams) *cobra.Command {
	var at place
	var asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "send FILE...",
		Short: "Send messages to the request queue and wait for their outcomes",
		Long: `send puts the bytes of each file on the request queue as they are: a JSON
message, base64 of one, or template text. "-" is standard input. A message with a
clientToken is worked once, however often it is sent.`,
		Example: "  imagedrop send message.json\n  echo 'RUN yum update -y' | imagedrop send -",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			tasks, err := messages(paths, s.in)
			if err != nil {
				return err
			}
			return runBatch(cmd.Context(), &line{find: at.find}, timeout, newScreen(s, asJSON), tasks)
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each outcome event on a line")
	cmd.Flags().DurationVar(&timeout, "timeout", defaultWait, "how long to wait for all outcomes")
	return cmd
}

func messages(paths []string, in io.Reader) ([]task, error) {
	var tasks []task
	for _, p := range paths {
		body, err := readInput(p, in)
		if err != nil {
			return nil, err
		}
		if err := sendable(body); err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		m := message{body: string(body), token: template.ParseMessage(body).ClientToken}
		tasks = append(tasks, task{path: p, submit: m.submit})
	}
	return tasks, nil
}

// sendable refuses what a queue cannot carry: MNS takes no empty message, and
// the SDK's XML would change what it has no character for.
func sendable(body []byte) error {
	if len(body) == 0 {
		return fmt.Errorf("an empty message cannot be sent")
	}
	for i, r := range string(body) {
		control := r < ' ' && r != '\t' && r != '\n' && r != '\r'
		if control || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError && body[i] != 0xEF {
			return fmt.Errorf("byte %d is nothing that a text message can carry; send the file in base64", i)
		}
	}
	return nil
}

// message is one message on its way to the request queue.
type message struct {
	body  string
	token string // the sender's own, "" where there is none
}

// submit sends the message. Where the answer is lost, only a clientToken makes
// it harmless to send it again.
func (m message) submit(ctx context.Context, c *cloud) (name string, err error) {
	if _, err := c.feedEnd(ctx); err != nil {
		return "", err // nobody there, and nothing sent
	}
	res, err := c.queue(c.RequestQueue).SendMessage(ali_mns.MessageSendRequest{MessageBody: m.body, Priority: priority})
	lost := ali_mns.ERR_SEND_REQUEST_FAILED.IsEqual(err)
	switch {
	case lost && m.token != "":
		return "", fmt.Errorf("MNS did not answer")
	case lost:
		return "", refuse("the answer was lost, and the message may be on the queue; with a clientToken in it, sending it again would be harmless")
	case err != nil:
		return "", refusal{err}
	case m.token != "":
		return jobName(m.token), nil
	}
	return jobName(res.MessageId), nil
}

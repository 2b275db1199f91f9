package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	var wait patience
	cmd := &cobra.Command{
		Use:   "send FILE...",
		Short: "Send messages to the request queue and wait for their outcomes",
		Long: `send puts the bytes of each file on the request queue as they are: a JSON
message, base64 of one, or template text. "-" is standard input. A message with a
clientToken is worked once, however often it is sent. With --builds it also waits
for the end of each build that a message starts.`,
		Example: "  imagedrop send message.json\n  imagedrop send --builds start-a-build.json\n  echo 'RUN yum update -y' | imagedrop send -",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			tasks, err := messages(paths, s.in)
			if err != nil {
				return err
			}
			return runBatch(cmd.Context(), &line{find: at.find}, wait, newScreen(s, asJSON), tasks)
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each outcome event on a line")
	wait.flags(cmd)
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
		parsed := template.ParseMessage(body)
		m := message{body: string(body), token: parsed.ClientToken}
		t := parsed.Resolve("", nil)
		tasks = append(tasks, task{path: p, builds: t.Build, targets: t.Targets, submit: m.submit})
	}
	return tasks, nil
}

// sendable refuses what a queue cannot carry: MNS takes no empty message, and
// the SDK's XML would change what it has no character for.
func sendable(body []byte) error {
	if len(body) == 0 {
		return errors.New("an empty message cannot be sent")
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
	id, err := c.send(c.RequestQueue, m.body)
	switch {
	case err == nil && m.token != "":
		return jobName(m.token), nil
	case err == nil:
		return jobName(id), nil
	case m.token == "" && !errors.As(err, new(refusal)):
		return "", refuse("%w, and the message may be on the queue; with a clientToken in it, sending it again would be harmless", err)
	}
	return "", err
}

// send sends one message and returns its ID. It reads the answer itself: of a
// refusal the SDK's queue keeps a text only.
func (c *cloud) send(queue, body string) (id string, err error) {
	answer, err := c.queues.Send(ali_mns.POST, nil, ali_mns.MessageSendRequest{MessageBody: body, Priority: priority},
		"queues/"+queue+"/messages")
	if err != nil {
		return "", errors.New("the answer of MNS was lost")
	}
	if answer.StatusCode()/100 == 2 {
		var sent ali_mns.MessageSendResponse
		err := xml.Unmarshal(answer.Body(), &sent)
		return sent.MessageId, err
	}
	var e ali_mns.ErrorResponse
	if xml.Unmarshal(answer.Body(), &e) != nil || answer.StatusCode() >= http.StatusInternalServerError {
		return "", fmt.Errorf("MNS answered %d", answer.StatusCode())
	}
	return "", refuse("MNS refused it: %s (%s, request %s)", e.Message, e.Code, e.RequestId)
}

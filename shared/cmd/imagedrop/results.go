package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/spf13/cobra"
)

// receiveWait is how long --take waits for a first message, in seconds.
const receiveWait = 1

func newResults(s streams) *cobra.Command {
	var at place
	var asJSON, follow, take bool
	cmd := &cobra.Command{
		Use:   "results",
		Short: "Show the outcomes",
		Long: `results reads the outcome feed of the local cloud and leaves the result queue
as it is. With --take it takes the messages off the result queue instead.`,
		Example: "  imagedrop results\n  imagedrop results --follow --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := at.find(cmd.Context())
			if err != nil {
				return err
			}
			p := newPrinter(s.out, asJSON)
			if take {
				return takeResults(cmd.Context(), c, p)
			}
			f := newFollower(&line{find: at.find, last: c}, 0, p.print)
			if follow {
				f.run(cmd.Context())
				return nil
			}
			return f.catchUp(cmd.Context())
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each outcome event on a line")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on showing outcomes as they arrive, until Ctrl-C")
	cmd.Flags().BoolVar(&take, "take", false, "receive and delete the messages of the result queue")
	cmd.MarkFlagsMutuallyExclusive("follow", "take")
	return cmd
}

// catchUp reads to the present end of the feed.
func (f *follower) catchUp(ctx context.Context) error {
	for {
		from := f.after
		if err := f.read(ctx, 0); err != nil || f.after == from {
			return err
		}
	}
}

// takeResults prints and deletes messages until the queue is empty. A message
// is deleted only after it was printed; what is no outcome stays.
func takeResults(ctx context.Context, c *cloud, p printer) error {
	queue := c.queue(c.ResultQueue)
	left := 0
	for ctx.Err() == nil {
		m, err := receive(queue)
		if ali_mns.ERR_MNS_MESSAGE_NOT_EXIST.IsEqual(err) {
			break
		}
		if err != nil {
			return err
		}
		raw, ok := plainJSON([]byte(m.MessageBody))
		if !ok {
			left++
			continue
		}
		p.print(readOutcome(raw))
		if err := queue.DeleteMessage(m.ReceiptHandle); err != nil {
			return err
		}
	}
	if left > 0 {
		return fmt.Errorf("%s in %s: no outcome, left there", count(left, "message"), c.ResultQueue)
	}
	return nil
}

// receive takes one message; the SDK answers through channels.
func receive(queue ali_mns.AliMNSQueue) (ali_mns.MessageReceiveResponse, error) {
	got := make(chan ali_mns.MessageReceiveResponse, 1)
	failed := make(chan error, 1)
	queue.ReceiveMessage(got, failed, receiveWait)
	select {
	case m := <-got:
		return m, nil
	case err := <-failed:
		return ali_mns.MessageReceiveResponse{}, err
	}
}

// plainJSON undoes RESULT_ENCODING=base64.
func plainJSON(body []byte) (json.RawMessage, bool) {
	if !bytes.HasPrefix(body, []byte("{")) {
		plain, err := base64.StdEncoding.DecodeString(string(body))
		if err != nil {
			return nil, false
		}
		body = plain
	}
	return body, bytes.HasPrefix(body, []byte("{")) && json.Valid(body)
}

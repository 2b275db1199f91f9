package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

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
as it is. The outcomes of one job stand together: what was created, the build
that was started and why, and how it ended, with its images. With --follow each
is shown as it arrives, and an arrow leads on from earlier lines of the same job.
With --take results takes the messages off the result queue instead.`,
		Example: "  imagedrop results\n  imagedrop results --follow\n  imagedrop results --json | jq -r .type",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := at.find(cmd.Context())
			if err != nil {
				return err
			}
			p := newPrinter(s.out, asJSON)
			p.asTale = true
			l := &line{find: at.find, last: c}
			switch {
			case take:
				return takeResults(cmd.Context(), c, p)
			case follow:
				newFollower(l, 0, p.print).run(cmd.Context())
				return nil
			}
			return showResults(cmd.Context(), l, p)
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each outcome event on a line")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on showing outcomes as they arrive, until Ctrl-C")
	cmd.Flags().BoolVar(&take, "take", false, "receive and delete the messages of the result queue")
	cmd.MarkFlagsMutuallyExclusive("follow", "take")
	return cmd
}

// showResults prints what is there, as it came for programs, and for people the
// outcomes of each job together.
func showResults(ctx context.Context, l *line, p printer) error {
	var all []outcome
	first := map[string]int{}
	err := newFollower(l, 0, func(o outcome) {
		if _, known := first[o.Data.Job.ID]; !known {
			first[o.Data.Job.ID] = len(all)
		}
		all = append(all, o)
	}).catchUp(ctx)
	if !p.asJSON {
		slices.SortStableFunc(all, func(a, b outcome) int { return cmp.Compare(first[a.Data.Job.ID], first[b.Data.Job.ID]) })
	}
	for _, o := range all {
		p.print(o)
	}
	return err
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

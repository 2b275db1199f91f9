package main

import (
	"context"
	"encoding/json"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/spf13/cobra"

	"imagedrop/shared/local/stack"
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
			e, err := at.find(cmd.Context())
			if err != nil {
				return err
			}
			p := newPrinter(s.out, asJSON)
			switch {
			case take:
				return takeResults(e, p)
			case follow:
				newFollower(at.find, p.print).run(cmd.Context(), 0)
				return nil
			}
			return showResults(cmd.Context(), e, p)
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each outcome event on a line")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on showing outcomes as they arrive, until Ctrl-C")
	cmd.Flags().BoolVar(&take, "take", false, "receive and delete the messages of the result queue")
	cmd.MarkFlagsMutuallyExclusive("follow", "take")
	return cmd
}

// showResults prints the feed from its beginning to its present end.
func showResults(ctx context.Context, e stack.Endpoints, p printer) error {
	var after uint64
	for {
		page, err := readFeed(ctx, e, after, 0)
		if err != nil {
			return err
		}
		if len(page.Outcomes) == 0 {
			return nil
		}
		for _, entry := range page.Outcomes {
			if o, err := readOutcome(entry.Outcome); err == nil {
				p.print(o)
			}
		}
		after = page.Next
	}
}

// takeResults prints and deletes messages until the queue is empty. A message
// is deleted only after it was printed.
func takeResults(e stack.Endpoints, p printer) error {
	queue := mnsQueue(e, e.ResultQueue)
	for {
		got := make(chan ali_mns.MessageReceiveResponse, 1)
		failed := make(chan error, 1)
		queue.ReceiveMessage(got, failed, receiveWait)
		select {
		case m := <-got:
			if o, err := readOutcome(json.RawMessage(m.MessageBody)); err == nil {
				p.print(o)
			}
			if err := queue.DeleteMessage(m.ReceiptHandle); err != nil {
				return err
			}
		case err := <-failed:
			if ali_mns.ERR_MNS_MESSAGE_NOT_EXIST.IsEqual(err) {
				return nil
			}
			return err
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Exit codes of every command.
const (
	exitDone     = 0
	exitRejected = 1 // error findings, rejected or failed outcomes
	exitTrouble  = 2 // usage, I/O, nothing answering, time-out
)

// errRejected ends a command that did its work and has bad news, all printed.
var errRejected = errors.New("rejected")

// streams is where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run executes the command line and returns the exit code.
func run(args []string, s streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return runContext(ctx, args, s)
}

func runContext(ctx context.Context, args []string, s streams) int {
	root := newRoot(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errRejected):
		return exitRejected
	}
	fmt.Fprintln(s.err, "imagedrop:", err)
	return exitTrouble
}

func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "imagedrop",
		Short: "Drop a template, get an image",
		Long: `imagedrop turns Dockerfile-style templates into ECS Image Builder components
and pipelines, exactly once. This command runs the local cloud and talks to it.

Exit codes: 0 done; 1 error findings, rejected or failed outcomes;
2 usage, I/O, nothing answering, time-out.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newUp(s), newDrop(s), newSend(s), newResults(s), newInvoke(s), newEnv(s), newLint(s))
	return root
}

// isTerminal reports whether w is a terminal: progress and colour go nowhere else.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colours reports whether w may get colour: a terminal, and never with NO_COLOR.
func colours(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == ""
}

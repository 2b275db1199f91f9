package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
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

// run executes the command line and returns the exit code. The first signal
// asks the command to end, a second one ends the process.
func run(args []string, s streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop)
	return runContext(ctx, args, s)
}

func runContext(ctx context.Context, args []string, s streams) int {
	out := &checked{Writer: s.out}
	s.out = out
	root, running := newRoot(s)
	root.SetArgs(append([]string{}, args...)) // never nil, which means those of the process
	cmd, err := root.ExecuteContextC(ctx)
	if out.failure != nil {
		err = fmt.Errorf("output was lost: %w", out.failure)
	}
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errRejected):
		return exitRejected
	case errors.Is(err, context.Canceled):
		err = errors.New("interrupted")
	}
	for _, e := range each(err) {
		fmt.Fprintln(s.err, "imagedrop:", cleanLines(e.Error()))
	}
	if !*running {
		fmt.Fprintf(s.err, "see `%s --help`\n", cmd.CommandPath())
	}
	return exitTrouble
}

// each are the errors that were joined to one: each is a line of its own.
func each(err error) (all []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if lost, ok := err.(*fs.PathError); ok { // which call of the system said so helps nobody
			err = fmt.Errorf("%s: %w", lost.Path, lost.Err)
		}
		return []error{err}
	}
	for _, e := range joined.Unwrap() {
		all = append(all, each(e)...)
	}
	return all
}

// newRoot returns the command line; running says whether a command was reached,
// so that an error before is one of usage.
func newRoot(s streams) (root *cobra.Command, running *bool) {
	root = &cobra.Command{
		Use:   "imagedrop",
		Short: "Drop a template, get an image",
		Long: `imagedrop turns Dockerfile-style templates into ECS Image Builder components
and pipelines, exactly once. This command runs the local cloud and talks to it.

Exit codes: 0 done; 1 error findings, rejected or failed outcomes;
2 usage, I/O, nothing answering, time-out.`,
		Example:       "  imagedrop up --drop events/templates\n  imagedrop lint web.Dockerfile",
		Version:       imagebuild.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newUp(s), newDrop(s), newSend(s), newResults(s), newInvoke(s), newEnv(s), newFaults(s), newLint(s), newRules(s),
		newLSP(s), newPlan(s), newTranslate(s), newRedrive(s))
	root.SetFlagErrorFunc(nearFlag)
	helpOf(root)
	running = new(bool)
	note(root.Commands(), running)
	return root, running
}

// helpOf has `help` fail for what is no command, with the commands that may be
// meant.
func helpOf(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	show := help.Run
	help.Run = nil
	help.RunE = func(cmd *cobra.Command, args []string) error {
		if _, _, err := root.Find(args); err != nil {
			return err
		}
		show(cmd, args)
		return nil
	}
}

// nearFlag adds to an error of flags the one that may be meant, with one dash too
// few in front of it, too.
func nearFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	word, _, _ := strings.Cut(cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName()), "=")
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := template.Nearest(word, names); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return err
}

// counted says how a command is called where it got too few or too many
// arguments; of one that has commands below it, the word is unknown.
func counted(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err != nil && !cmd.HasSubCommands() {
			return fmt.Errorf("usage: %s", cmd.UseLine())
		}
		return err
	}
}

// note lets running say that one of the commands was reached.
func note(commands []*cobra.Command, running *bool) {
	for _, c := range commands {
		if c.Args != nil {
			c.Args = counted(c.Args)
		}
		do := c.RunE
		c.RunE = func(cmd *cobra.Command, args []string) error {
			*running = true
			return do(cmd, args)
		}
		note(c.Commands(), running)
	}
}

// checked remembers that output was lost: a command that could not say what it
// found has not done its work.
type checked struct {
	io.Writer
	failure error
}

func (c *checked) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	if c.failure == nil {
		c.failure = err
	}
	return n, err
}

// terminalWidth returns how many cells a line of the terminal w has, 0 where it
// is none.
func terminalWidth(w io.Writer) int {
	if c, ok := w.(*checked); ok {
		w = c.Writer
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

// redraws reports whether what stands on w can be written over, as progress is:
// on a terminal that can do more than a printer.
func redraws(w io.Writer) bool { return terminalWidth(w) > 0 && os.Getenv("TERM") != "dumb" }

// colours reports whether w may get colour: a terminal that knows it, and never
// with NO_COLOR.
func colours(w io.Writer) bool { return redraws(w) && os.Getenv("NO_COLOR") == "" }

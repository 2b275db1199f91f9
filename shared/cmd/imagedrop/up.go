package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"imagedrop/shared/local/stack"
)

// upFlags are the flags of `up`.
type upFlags struct {
	opt      stack.Options
	drop     string
	exit     bool
	timeout  time.Duration
	asJSON   bool
	showLogs bool
}

func newUp(s streams) *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the local cloud and show each outcome as it arrives",
		Long: `up starts the functions of s.yaml in the local cloud: FC runtime, OSS, MNS and
ECS Image Builder endpoints on this machine, one process, no account. It serves
until Ctrl-C; with --drop it drops the templates below a folder first, and with
--exit it stops when each of them has its outcome and the builds that they start
have ended. Exit code 0 then, also where a template is rejected; 1 where a build
made no image; 2 where something did not come in time.`,
		Example: "  imagedrop up --drop events/templates\n  imagedrop up --drop templates --exit --memory --json",
		Args:    cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.check(cmd) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return up(cmd.Context(), f, s) },
	}
	f.flags(cmd)
	return cmd
}

func (f *upFlags) flags(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.drop, "drop", "", "drop the templates below this folder")
	fl.BoolVar(&f.exit, "exit", false, "stop when every dropped template has its outcome, and every build its end")
	fl.DurationVar(&f.timeout, "timeout", defaultWait, "with --exit: how long to wait, for everything together")
	fl.BoolVar(&f.asJSON, "json", false, "print one outcome event a line on standard output, all else on standard error")
	fl.BoolVar(&f.showLogs, "logs", false, "show what the functions log, on standard error")
	fl.BoolVar(&f.opt.Memory, "memory", false, "keep nothing; find it with --port-base")
	fl.StringVar(&f.opt.StateDir, "state", defaultState, "where the state is kept")
	fl.IntVar(&f.opt.PortBase, "port-base", stack.DefaultPortBase, "first of the ports; 0 takes free ones")
	fl.StringVarP(&f.opt.File, "file", "f", "s.yaml", "the deployment to run")
	fl.StringVar(&f.opt.Generation, "generation", "current", "rules of the documents: 2023 or current")
	fl.BoolVar(&f.opt.Strict, "strict", false, "only the ids of the catalogue exist, and for imports only objects of the local OSS")
	fl.BoolVar(&f.opt.NoAuth, "no-auth", false, "check no signatures: whatever is sent comes from the account")
	fl.StringVar(&f.opt.Catalogue, "catalogue", "", "file with more images, families, regions and ids that exist")
	fl.StringVar(&f.opt.Faults, "faults", "", "file of faults that strike from the start, as those of imagedrop faults add --file")
	fl.Float64Var(&f.opt.TimeScale, "time-scale", stack.DefaultTimeScale,
		"how much faster builds, retries, delayed checks and delays of faults pass than in the cloud;\n"+
			"times of timers, time-outs, visibility and retention are real")
	cmd.MarkFlagsMutuallyExclusive("memory", "state")
}

// check refuses flags that say nothing together.
func (f *upFlags) check(cmd *cobra.Command) error {
	if f.exit && f.drop == "" {
		return errors.New("--exit needs --drop: it waits for the outcomes of what was dropped")
	}
	if cmd.Flags().Changed("timeout") && !f.exit {
		return errors.New("--timeout needs --exit: without it, up serves until Ctrl-C")
	}
	if !(f.opt.TimeScale > 0) {
		return errors.New("--time-scale takes a number above 0, such as 60, or 1 for the cloud's own times")
	}
	return nil
}

// info is for people: with --json standard output is for outcomes alone.
func (f upFlags) info(s streams) io.Writer {
	if f.asJSON {
		return s.err
	}
	return s.out
}

func up(ctx context.Context, f upFlags, s streams) error {
	var groups [][]task
	if f.drop != "" {
		var err error
		if groups, err = uploads(ctx, []string{f.drop}); err != nil {
			return err
		}
	}
	st, err := startStack(ctx, f, s)
	if err != nil {
		if ctx.Err() != nil && !f.exit {
			return nil // stopped before it had begun
		}
		return err
	}
	info := f.info(s)
	announce(info, st)
	if f.opt.NoAuth {
		fmt.Fprintln(info, "note: no signature is checked (--no-auth)")
	}
	l := &line{find: func(ctx context.Context) (*cloud, error) { return cloudAt(ctx, st.Endpoints().Console) }}
	if f.exit {
		err = dropAndExit(ctx, l, groups, f, s)
	} else {
		err = serve(ctx, l, groups, f, s)
	}
	return errors.Join(err, st.Close())
}

// startStack starts the local cloud. One that keeps nothing leaves the state
// directory, and who may be using it, alone.
func startStack(ctx context.Context, f upFlags, s streams) (*stack.Stack, error) {
	if f.opt.Memory {
		f.opt.StateDir = ""
	}
	f.opt.Report = s.err
	if f.showLogs {
		f.opt.Log, f.opt.Report = s.err, nil
	}
	st, err := stack.Start(ctx, f.opt)
	if _, missing := os.Stat(f.opt.File); err != nil && errors.Is(missing, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: run this where it is, or name it with -f", f.opt.File)
	}
	return st, err
}

// announce says where the local cloud is and with which keys it opens.
func announce(w io.Writer, st *stack.Stack) {
	e := st.Endpoints()
	fmt.Fprintf(w, "local cloud, account %s, region %s\n", e.AccountID, e.Region)
	for _, service := range [][2]string{{"console", e.Console}, {"ECS", e.ECS}, {"OSS", e.OSS}, {"MNS", e.MNS}, {"EC2", e.EC2}} {
		fmt.Fprintf(w, "  %-8s %s\n", service[0], service[1])
	}
	fmt.Fprintf(w, "  %-8s beside each, see `imagedrop env --https`; certificate authority %s\n", "HTTPS", e.CAFile)
	fmt.Fprintf(w, "  %-8s %s / %s (test keys, good for nothing else)\n", "keys", e.AccessKeyID, e.AccessKeySecret)
	for _, n := range st.Notices() {
		fmt.Fprintln(w, "note:", n)
	}
}

func dropAndExit(ctx context.Context, l *line, groups [][]task, f upFlags, s streams) error {
	err := runBatch(ctx, l, patience{f.timeout, true}, newScreen(s, f.asJSON), groups...)
	if errors.Is(err, errRejected) && !errors.Is(err, errFailedBuild) {
		return nil // every template has its outcome, and that was the question
	}
	return err
}

// serve drops the templates and shows every outcome until Ctrl-C, which is how
// it is meant to end.
func serve(ctx context.Context, l *line, groups [][]task, f upFlags, s streams) error {
	info, screen := f.info(s), newScreen(s, f.asJSON)
	b, err := begin(ctx, l, screen.print)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(info, "stopped")
		return nil
	case err != nil:
		return err
	}
	b.settled, screen.stays = screen.progress, true
	err = screen.watch(b, groups, func() error { return b.run(ctx, groups...) })
	if err != nil && !errors.Is(err, errRejected) && ctx.Err() == nil {
		fmt.Fprintln(s.err, err) // a template that OSS refused is no reason to stop
	}
	if ctx.Err() == nil {
		fmt.Fprintln(info, "serving until Ctrl-C; drop more with `imagedrop drop PATH...`, send with `imagedrop send FILE...`")
	}
	<-ctx.Done()
	fmt.Fprintln(info, "stopped")
	return nil
}

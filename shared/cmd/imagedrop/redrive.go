package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/mnsqueue"
	"imagedrop/shared/sdkclient"
)

const (
	// receiveBatch is how many messages are received at a time.
	receiveBatch = 16

	// firstWait and nextWait are how long redrive waits for messages. What
	// another run has just given back can be received again after a second, and
	// not all of it at the same moment.
	firstWait = 2 * time.Second
	nextWait  = time.Second

	// giveBackWithin bounds giving messages back when the command was interrupted.
	giveBackWithin = 5 * time.Second
)

// redriveFlags are the flags of `redrive`.
type redriveFlags struct {
	at              place
	selected        []string
	dryRun, discard bool
	save            string // folder
	cloud           bool
	endpoint, queue string // of MNS, "" for those of the local cloud
	asJSON          bool
}

func newRedrive(s streams) *cobra.Command {
	var f redriveFlags
	cmd := &cobra.Command{
		Use:   "redrive",
		Short: "Send events again that the platform gave up on",
		Long: `redrive lists the events on the queue where deadletter parks what the platform
gave up on, hands each to its function again and takes it off the queue. The
event is the original one, so what it created before is not created twice, and
its outcomes show with the same job. With --dry-run it only lists; nothing is
taken off the queue. --select chooses by ID, original ID, job, function or kind
of reason, and may be repeated. What is hopeless goes with --discard. Exit code 1
means that an event could not be sent again; it stays parked.

With --cloud the queue is the real one, named by --queue and --mns-endpoint and
opened by the usual credentials. Functions there are invoked with Serverless Devs
or in the FC console: --save writes the event of each to a file and shows the
command.`,
		Example: `  imagedrop redrive --dry-run
  imagedrop redrive --select upload
  imagedrop redrive --cloud --save events --queue imagedrop-parked --mns-endpoint https://1234567890123456.mns.cn-hangzhou.aliyuncs.com`,
		Args:    cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.check(cmd) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return redrive(cmd.Context(), f, s) },
	}
	f.at.flags(cmd)
	fl := cmd.Flags()
	fl.StringArrayVar(&f.selected, "select", nil, "only events with this ID, original ID, job, function or kind of reason")
	fl.BoolVar(&f.dryRun, "dry-run", false, "list the events and leave them where they are")
	fl.BoolVar(&f.discard, "discard", false, "take the selected events off the queue without sending them")
	fl.StringVar(&f.save, "save", "", "write the events to files in this folder and leave them where they are")
	fl.BoolVar(&f.cloud, "cloud", false, "read the queue of the real cloud")
	fl.StringVar(&f.endpoint, "mns-endpoint", os.Getenv("MNS_ENDPOINT"), "with --cloud: https://<account>.mns.<region>.aliyuncs.com")
	fl.StringVar(&f.queue, "queue", "", "name of the queue (default: PARKED_QUEUE of the deployment)")
	fl.BoolVar(&f.asJSON, "json", false, "print one JSON document a line for each event")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "discard", "save")
	cmd.MarkFlagsMutuallyExclusive("cloud", "state")
	cmd.MarkFlagsMutuallyExclusive("cloud", "port-base")
	return cmd
}

func (f *redriveFlags) check(cmd *cobra.Command) error {
	switch {
	case f.discard && len(f.selected) == 0:
		return errors.New("--discard needs --select: it says which events are hopeless")
	case !f.cloud && cmd.Flags().Changed("mns-endpoint"):
		return errors.New("--mns-endpoint needs --cloud: the local cloud knows its own")
	case !f.cloud:
		return nil
	}
	if f.queue == "" {
		f.queue = os.Getenv("PARKED_QUEUE")
	}
	switch {
	case f.endpoint == "" || f.queue == "":
		return errors.New("--cloud needs --mns-endpoint and --queue, or MNS_ENDPOINT and PARKED_QUEUE in the environment")
	case !f.dryRun && !f.discard && f.save == "":
		return errors.New("--cloud cannot invoke functions: list with --dry-run, write the events to files with --save, " +
			"and invoke with Serverless Devs or in the FC console")
	}
	return nil
}

// parkedQueue is a queue of parked events with what it takes to work on it.
type parkedQueue struct {
	*mnsqueue.Client
	name string
	send func(context.Context, imagebuild.Parked) (requestID string, err error) // nil where there is no way
}

// open returns the queue and the context of its calls.
func (f redriveFlags) open(ctx context.Context) (context.Context, parkedQueue, error) {
	if f.cloud {
		return f.openCloud(ctx)
	}
	c, err := f.at.find(ctx)
	if err != nil {
		return ctx, parkedQueue{}, err
	}
	if f.queue == "" {
		f.queue = c.ParkedQueue
	}
	if f.queue == "" {
		return ctx, parkedQueue{}, errors.New("no function of this deployment has the setting PARKED_QUEUE; name the queue with --queue")
	}
	client, err := mnsqueue.New(mnsqueue.Options{Endpoint: c.MNS, Queue: f.queue})
	ctx = sdkclient.WithCredentials(ctx, sdkclient.Credentials{AccessKeyID: c.AccessKeyID, AccessKeySecret: c.AccessKeySecret})
	return ctx, parkedQueue{client, f.queue, func(ctx context.Context, p imagebuild.Parked) (string, error) {
		got, err := invokeAsync(ctx, c, p.Function, []byte(p.Event))
		return got.RequestID, err
	}}, err
}

func (f redriveFlags) openCloud(ctx context.Context) (context.Context, parkedQueue, error) {
	client, err := mnsqueue.New(mnsqueue.Options{Endpoint: f.endpoint, Queue: f.queue})
	if err != nil {
		return ctx, parkedQueue{}, err
	}
	c, err := cloudCredentials()
	if err != nil {
		return ctx, parkedQueue{}, err
	}
	return sdkclient.WithCredentials(ctx, c), parkedQueue{Client: client, name: f.queue}, nil
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// redrive works through the queue once.
func redrive(ctx context.Context, f redriveFlags, s streams) error {
	ctx, queue, err := f.open(ctx)
	if err != nil {
		return err
	}
	r := &redriving{redriveFlags: f, queue: queue, printer: newPrinter(s.out, f.asJSON), matched: map[string]bool{},
		worked: map[string]worked{}, actions: map[string]int{}}
	err = r.run(ctx)
	if !f.asJSON && err == nil {
		r.summary(s.err)
	}
	if err == nil {
		err = r.verdict()
	}
	return err
}

// summary says how much was done, and what to do next.
func (r *redriving) summary(w io.Writer) {
	if len(r.actions) == 0 && len(r.selected) == 0 {
		fmt.Fprintf(w, "nothing is parked on %s\n", r.queue.name)
		return
	}
	var parts []string
	for _, action := range slices.Sorted(maps.Keys(r.actions)) {
		parts = append(parts, fmt.Sprintf("%d %s", r.actions[action], action))
	}
	text := strings.Join(parts, ", ")
	if r.actions["sent"] > 0 {
		text += "; `imagedrop results --follow` shows what becomes of it"
	}
	if text != "" {
		fmt.Fprintln(w, text)
	}
}

// redriving is one run of redrive.
type redriving struct {
	redriveFlags
	queue   parkedQueue
	printer printer

	held    []string          // handles of messages to give back
	matched map[string]bool   // the selections that chose something
	worked  map[string]worked // by function and original ID
	actions map[string]int    // how many events each was done with
	stuck   int               // events that could not be sent again
	foreign int               // messages that are no parked events
}

// worked is what became of an event.
type worked struct {
	id   string // of the parked event
	gone bool
}

// run receives until what comes was there before. What stays on the queue is
// held until then, so that it does not come again and again.
func (r *redriving) run(ctx context.Context) error {
	defer r.giveBack(ctx)
	seen := map[string]bool{}
	for wait := firstWait; ; wait = nextWait {
		messages, err := r.queue.Receive(ctx, receiveBatch, wait)
		if err != nil {
			return err
		}
		news := false
		for _, m := range messages {
			if seen[m.ID] {
				r.held = append(r.held, m.Handle)
				continue
			}
			seen[m.ID], news = true, true
			if err := r.work(ctx, m); err != nil {
				return err
			}
		}
		if !news {
			return nil
		}
	}
}

// giveBack makes what was held visible again, also after an interruption.
// Where that fails the queue's visibility time-out does it.
func (r *redriving) giveBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackWithin)
	defer cancel()
	for _, handle := range r.held {
		if r.queue.Release(ctx, handle) != nil {
			return
		}
	}
}

// work decides about one message, and shows what it did.
func (r *redriving) work(ctx context.Context, m mnsqueue.Message) error {
	p, err := imagebuild.DecodeParked(m.Body)
	if err != nil {
		r.foreign++
	}
	if err != nil || !r.chooses(p) {
		r.held = append(r.held, m.Handle)
		return nil
	}
	gone, err := r.once(ctx, p)
	if err == nil && gone {
		err = r.queue.Delete(ctx, m.Handle)
	}
	if !gone || err != nil {
		r.held = append(r.held, m.Handle)
	}
	return err
}

// once acts on each event once in a run. What was parked twice goes like the
// first. What was given up again since, under another ID, stays for the next
// run: an event that fails each time would go round without end.
func (r *redriving) once(ctx context.Context, p imagebuild.Parked) (gone bool, err error) {
	key := p.Function + " " + cmp.Or(p.OriginalID, p.ID)
	if before, ok := r.worked[key]; ok {
		return before.gone && before.id == p.ID, nil
	}
	e := newParkedEvent(p)
	gone, err = r.act(ctx, p, &e)
	if err == nil {
		r.worked[key] = worked{p.ID, gone}
		r.actions[e.Action]++
		r.printer.parked(e)
	}
	return gone, err
}

// chooses reports whether the event is selected.
func (r *redriving) chooses(p imagebuild.Parked) bool {
	chosen := len(r.selected) == 0
	names := append([]string{p.ID, p.OriginalID, p.Function, p.Reason.Kind}, p.Jobs...)
	for _, s := range r.selected {
		if s != "" && slices.Contains(names, s) {
			r.matched[s], chosen = true, true
		}
	}
	return chosen
}

// act does with the event what the flags say, and reports whether it may leave
// the queue.
func (r *redriving) act(ctx context.Context, p imagebuild.Parked, e *parkedEvent) (gone bool, err error) {
	switch {
	case r.dryRun:
		e.Action = "parked"
		return false, nil
	case r.discard:
		e.Action = "discarded"
		return true, nil
	}
	if why := hopeless(p); why != "" {
		r.stuck++
		e.Action, e.Why = "stuck", why
		return false, nil
	}
	if r.save != "" {
		e.Action = "saved"
		e.File, err = saveEvent(r.save, p)
		e.Command = r.invocation(p, e.File)
		return false, err
	}
	id, err := r.queue.send(ctx, p)
	if errors.Is(err, errNoCloud) || ctx.Err() != nil {
		return false, err
	}
	if err != nil {
		r.stuck++
		e.Action, e.Why = "stuck", err.Error()
		return false, nil
	}
	e.Action, e.RequestID = "sent", id
	return true, nil
}

// hopeless says why an event cannot be sent, "" where it can.
func hopeless(p imagebuild.Parked) string {
	switch {
	case p.EventBytes > 0:
		return fmt.Sprintf("the event has %d bytes and was too large to be parked: cause it again, then --discard this one", p.EventBytes)
	case p.Function == "":
		return "nothing says whose event it is: --save it, and hand the file to its function with `imagedrop invoke FUNCTION FILE --async`"
	}
	return ""
}

// saveEvent writes the event for its owner alone: it may hold a template.
func saveEvent(folder string, p imagebuild.Parked) (path string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(folder, fileName(p.ID)+".json")
	return path, os.WriteFile(path, []byte(p.Event), 0o600)
}

// fileName makes a file's name of an ID from elsewhere.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '-' || r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z') {
			return r
		}
		return '_'
	}, id)
}

// invocation is the command that hands a file to the event's function.
func (r *redriving) invocation(p imagebuild.Parked, file string) string {
	if !r.cloud {
		return fmt.Sprintf("imagedrop invoke %s %s --async", quote(p.Function), quote(file))
	}
	return fmt.Sprintf("s cli fc3 invoke --region %s --function-name %s --invocation-type async --event-file %s",
		quote(regionOf(r.endpoint)), quote(p.Function), quote(file))
}

// regionOf reads the region out of an endpoint as the MNS SDK does.
func regionOf(endpoint string) string {
	parts := strings.Split(endpoint, ".")
	if len(parts) < 3 {
		return ""
	}
	return strings.TrimSuffix(parts[2], "-internal")
}

// verdict is the error that the run ends with.
func (r *redriving) verdict() error {
	for _, s := range r.selected {
		if !r.matched[s] {
			return fmt.Errorf("nothing on %s has the ID, original ID, job, function or kind of reason %q", r.queue.name, s)
		}
	}
	switch {
	case r.foreign > 0:
		return fmt.Errorf("%s in %s: no parked event, left there", count(r.foreign, "message"), r.queue.name)
	case r.stuck > 0:
		return errRejected
	}
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"imagedrop/shared/local/account"
)

// faultList is what the control API answers, and what --json prints.
type faultList struct {
	Faults []account.Fault `json:"faults"`
}

func newFaults(s streams) *cobra.Command {
	f := faultsCommand{streams: s}
	cmd := &cobra.Command{
		Use:   "faults",
		Short: "Let calls of the local cloud fail as those of the real one do",
		Long: `faults lists the faults that are armed in the local cloud; add arms more, clear
disarms all. A fault strikes calls of an operation of a service (ecs, oss, mns,
ec2, fc), or what is delivered: events to a function (service fc, operation is
the function's name) and messages into a queue (service mns, SendMessage and
BatchSendMessage, --match is the queue, or PublishMessage for the copies of a
message in the queues that subscribe, --match is the topic). A restart forgets
them.

Effects:
` + effectLines(),
		Example: "  imagedrop faults\n  imagedrop faults add --service ecs --operation CreateImageComponent --effect throttle --count 2\n" +
			"  imagedrop faults clear",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.do(cmd.Context(), http.MethodGet, nil) },
	}
	cmd.AddCommand(f.list(), f.add(), f.clear())
	for _, c := range append(cmd.Commands(), cmd) {
		f.at.flags(c)
		c.Flags().BoolVar(&f.asJSON, "json", false, "print the faults as one JSON document")
	}
	return cmd
}

// effectLines is the table of effects, for people.
func effectLines() string {
	var b strings.Builder
	for _, e := range account.Effects {
		fmt.Fprintf(&b, "  %-12s %s\n", e.Effect, e.Does)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// faultsCommand is what its three commands share.
type faultsCommand struct {
	streams
	at     place
	asJSON bool
}

func (f *faultsCommand) list() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the faults that are armed",
		Example: "  imagedrop faults list --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.do(cmd.Context(), http.MethodGet, nil) },
	}
}

func (f *faultsCommand) clear() *cobra.Command {
	return &cobra.Command{
		Use:     "clear",
		Short:   "Disarm every fault",
		Example: "  imagedrop faults clear",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.do(cmd.Context(), http.MethodDelete, nil) },
	}
}

func (f *faultsCommand) add() *cobra.Command {
	var n faultFlags
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Arm a fault, or those of a file",
		Long: `add arms a fault behind those that are there: the first that fits strikes. A file
has them as YAML, the names of its keys those of --json:

  faults:
    - {service: mns, operation: SendMessage, effect: duplicate, probability: 0.2, seed: 7}

Effects:
` + effectLines(),
		Example: "  imagedrop faults add --service ecs --operation CreateImageComponent --effect throttle --count 2\n" +
			"  imagedrop faults add --service oss --operation '*' --effect slow --delay-ms 5000 --probability 0.1 --seed 7\n" +
			"  imagedrop faults add --service fc --operation upload --effect duplicate\n" +
			"  imagedrop faults add --file faults.yaml",
		Args:    cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return n.check() },
		RunE: func(cmd *cobra.Command, _ []string) error {
			faults, err := n.faults()
			if err != nil {
				return err
			}
			return f.do(cmd.Context(), http.MethodPost, faults)
		},
	}
	n.flags(cmd)
	return cmd
}

// faultFlags are those of `faults add`: one fault, or a file of them.
type faultFlags struct {
	fault account.Fault
	file  string
}

func (n *faultFlags) flags(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&n.file, "file", "", "arm the faults of this file, all or none")
	fl.StringVar(&n.fault.Service, "service", "", "whose calls: "+strings.Join(account.Services, ", "))
	fl.StringVar(&n.fault.Operation, "operation", "",
		"which calls, as the API spells it, or * for any; of deliveries of fc, the function")
	fl.StringVar((*string)(&n.fault.Effect), "effect", "", "what happens to them")
	fl.StringVar(&n.fault.Match, "match", "",
		"only calls that have this value: a parameter, bucket, key or queue; or events that hold this text")
	fl.IntVar(&n.fault.Skip, "skip", 0, "how many pass first")
	fl.IntVar(&n.fault.Count, "count", 0, "how many are struck; 0 is one, and with --probability any number")
	fl.Float64Var(&n.fault.Probability, "probability", 0, "how likely each is struck, to 1; 0 is always")
	fl.Uint64Var(&n.fault.Seed, "seed", 0, "of the draws: the same seed and order of calls, the same faults")
	fl.StringVar(&n.fault.Code, "code", "", "error code to answer, or reason to give")
	fl.IntVar(&n.fault.Status, "status", 0, "HTTP status of the code; 0 is 500")
	fl.StringVar(&n.fault.Phase, "phase", "", "phase of the execution that fails")
	fl.IntVar(&n.fault.DelayMs, "delay-ms", 0, "delay, in milliseconds of the cloud: up --time-scale says how fast they pass")
	fl.IntVar(&n.fault.SkewSeconds, "skew-seconds", 0, "how much the service's clock is ahead; negative: behind")
	for _, name := range []string{"service", "operation", "effect", "match", "skip", "count", "probability", "seed",
		"code", "status", "phase", "delay-ms", "skew-seconds"} {
		cmd.MarkFlagsMutuallyExclusive("file", name)
	}
}

func (n *faultFlags) check() error {
	if n.file == "" && (n.fault.Service == "" || n.fault.Operation == "" || n.fault.Effect == "") {
		return errors.New("a fault needs --service, --operation and --effect, or --file")
	}
	return nil
}

func (n *faultFlags) faults() ([]account.Fault, error) {
	if n.file == "" {
		return []account.Fault{n.fault}, nil
	}
	return account.ReadFaults(n.file)
}

// do asks the control API and shows the faults that are armed then.
func (f *faultsCommand) do(ctx context.Context, method string, add []account.Fault) error {
	c, err := f.at.find(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(add)
	if err != nil {
		return err
	}
	var list faultList
	if err := doJSON(ctx, method, c.Console+"/v1/faults", body, &list); err != nil {
		return err
	}
	if f.asJSON {
		return printJSON(f.out, list)
	}
	return printFaults(f.out, list.Faults)
}

func printFaults(w io.Writer, faults []account.Fault) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range faults {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.Service, f.Operation, f.Effect, strings.Join(details(f), ", "))
	}
	return table.Flush()
}

// details says what else a fault has.
func details(f account.Fault) (list []string) {
	for _, d := range []struct {
		isSet bool
		text  string
	}{
		{f.Count > 0, count(f.Count, "time")},
		{f.Count == 0, "until cleared"},
		{f.Skip > 0, fmt.Sprintf("after %d", f.Skip)},
		{f.Probability > 0, fmt.Sprintf("probability %g, seed %d", f.Probability, f.Seed)},
		{f.Match != "", "match " + f.Match},
		{f.Code != "", "code " + f.Code},
		{f.Status != 0, fmt.Sprintf("status %d", f.Status)},
		{f.Phase != "", "phase " + f.Phase},
		{f.DelayMs != 0, fmt.Sprintf("%d ms", f.DelayMs)},
		{f.SkewSeconds != 0, fmt.Sprintf("clock %+d s", f.SkewSeconds)},
	} {
		if d.isSet {
			list = append(list, d.text)
		}
	}
	return list
}

// Package stack is the local cloud as a whole: it reads s.yaml, joins the
// services over one store, and owns listeners, function processes and
// lifetimes. It emulates nothing itself.
package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/console"
	"imagedrop/shared/local/ec2"
	"imagedrop/shared/local/ecs"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

// stateFile is the store's file in the state directory.
const stateFile = "state.db"

// DefaultTimeScale makes seconds of what takes minutes in the cloud.
const DefaultTimeScale = 60

// Between these every wait can be told: with the greatest, nothing waits.
const (
	minTimeScale = 1e-3
	maxTimeScale = 1e9
)

// Options are the choices of one local cloud.
type Options struct {
	File       string    // s.yaml
	StateDir   string    // for the state and endpoints.json
	Memory     bool      // keeps nothing; endpoints.json is written where StateDir is given
	PortBase   int       // of all ports, DefaultPortBase and up; 0 takes free ones
	Generation string    // of the Image Builder rules: "current" (also "") or "2023"
	Strict     bool      // only what the catalogue lists exists
	Catalogue  string    // a file that adds to the catalogue; "" for none
	Faults     string    // a file of faults that strike from the start; "" for none
	TimeScale  float64   // account.Account.Scale: 0 means 1
	BinDir     string    // of the functions, as BinDir/<function>/<handler>; "": the code paths of s.yaml
	Log        io.Writer // for what the functions log, and all that Report gets; nil: nowhere
	// Report is for what a user must know besides: a function that does not
	// start, an event given up, a service that fails. nil: Log only.
	Report io.Writer
	// OnDemand starts a function with its first event, not before: for those who
	// start many clouds.
	OnDemand bool
	// NoAuth lets every service take every request as the account's, whatever
	// its signature: for experiments.
	NoAuth bool
	Clock  account.Clock // nil: the system's
	// LookupEnv answers the ${env(...)} of s.yaml; nil: os.LookupEnv.
	LookupEnv func(string) (string, bool)
}

// generations are the values of Options.Generation.
var generations = []string{"current", "2023"}

// Stack is a running local cloud.
type Stack struct {
	opt       Options
	plan      *plan
	account   *account.Account
	store     *store.Store
	feed      *console.Feed
	mns       *mns.Service
	oss       *oss.Service
	functions *fc.Host
	authority *authority
	listeners map[string][]net.Listener // by service
	secured   map[string][]net.Listener // of HTTPS, likewise
	endpoints Endpoints
	log       *log.Logger // of what the functions write
	report    *log.Logger

	closers []func() error // in order of opening
	closed  sync.Once
	failure error // of the close
}

// Start starts a local cloud and returns when all its parts serve. Mistakes in
// s.yaml are answered as *FileError; where another local cloud has the state,
// the error is store.ErrLocked. ctx bounds the start only.
func Start(ctx context.Context, opt Options) (*Stack, error) {
	s := &Stack{opt: opt, log: log.New(cmp.Or[io.Writer](opt.Log, io.Discard), "", 0)}
	s.report = log.New(io.MultiWriter(lines{s.log}, cmp.Or[io.Writer](opt.Report, io.Discard)), "", 0)
	for _, step := range []func(context.Context) error{
		s.readFile, s.makeAccount, s.openStore, s.openAuthority, s.openPorts, s.joinServices, s.createNames, s.serveAll, s.publish,
	} {
		if err := errors.Join(ctx.Err(), step(ctx)); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// lines writes to a log, so that only the log writes to what is behind it.
type lines struct{ *log.Logger }

func (l lines) Write(line []byte) (int, error) { return len(line), l.Output(0, string(line)) }

// Endpoints returns the addresses.
func (s *Stack) Endpoints() Endpoints { return s.endpoints }

// Account returns the account that the services share.
func (s *Stack) Account() *account.Account { return s.account }

// Notices are what a user should know of this start: triggers that are not
// served, settings without an effect.
func (s *Stack) Notices() []string { return s.plan.notices }

// Close stops the functions, then the services, then the store, and returns
// when no process, goroutine or port is left.
func (s *Stack) Close() error {
	s.closed.Do(func() {
		for _, c := range slices.Backward(s.closers) {
			s.failure = errors.Join(s.failure, c())
		}
	})
	return s.failure
}

func (s *Stack) onClose(c func() error) { s.closers = append(s.closers, c) }

func (s *Stack) readFile(context.Context) error {
	if !slices.Contains(generations, cmp.Or(s.opt.Generation, "current")) {
		return fmt.Errorf("unknown generation %q%s", s.opt.Generation, suggest(s.opt.Generation, generations))
	}
	if scale := s.opt.TimeScale; scale != 0 && !(scale >= minTimeScale && scale <= maxTimeScale) {
		return fmt.Errorf("time scale %v is not within %v and %v", scale, minTimeScale, maxTimeScale)
	}
	lookup := s.opt.LookupEnv
	if lookup == nil {
		lookup = os.LookupEnv
	}
	p, err := read(s.opt.File, lookup)
	if err != nil {
		return err
	}
	if s.opt.BinDir != "" {
		p.runFrom(s.opt.BinDir)
	}
	s.plan = p
	return p.checkExecutables(s.opt.File)
}

func (s *Stack) makeAccount(context.Context) error {
	s.account = account.New()
	if s.opt.Clock != nil {
		s.account = account.NewAt(s.opt.Clock)
	}
	s.account.Scale = s.opt.TimeScale
	if s.opt.Strict {
		s.account.Catalogue.Strict()
	}
	if s.opt.Catalogue != "" {
		if err := s.account.Catalogue.Load(s.opt.Catalogue); err != nil {
			return err
		}
	}
	if s.opt.Faults == "" {
		return nil
	}
	faults, err := account.ReadFaults(s.opt.Faults)
	if err != nil {
		return err
	}
	if err := s.account.Faults.Add(faults...); err != nil {
		return fmt.Errorf("faults %s: %w", s.opt.Faults, err)
	}
	return nil
}

func (s *Stack) openStore(context.Context) (err error) {
	if s.opt.Memory {
		s.store, err = store.OpenMemory()
	} else {
		s.store, err = store.Open(filepath.Join(s.opt.StateDir, stateFile))
	}
	if errors.Is(err, store.ErrLocked) {
		return s.locked()
	}
	if err == nil {
		s.onClose(s.store.Close)
		s.store.OnFailure(func(err error) {
			s.report.Printf("the state cannot be written, what would change it is refused until it can: %v", err)
		})
		s.feed = console.NewFeed(s.store)
	}
	return err
}

// lockedError says who has the state, instead of what the store says.
type lockedError string

func (e lockedError) Error() string { return string(e) }
func (e lockedError) Unwrap() error { return store.ErrLocked }

func (s *Stack) locked() error {
	who := "another local cloud"
	if e, err := ReadEndpoints(s.opt.StateDir); err == nil && e.runs() {
		who = fmt.Sprintf("the local cloud with process ID %d (%s, since %s)", e.PID, e.Console, e.StartedAt.Local().Format(time.DateTime))
	}
	return lockedError(fmt.Sprintf("%s uses the state in %s: stop it, or choose another directory with --state", who, s.opt.StateDir))
}

// openAuthority keeps the authority of HTTPS beside the state. Where nothing is
// kept, clients read its certificate from a file that goes with this cloud.
func (s *Stack) openAuthority(context.Context) error {
	dir := s.opt.StateDir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "imagedrop-ca-*"); err != nil {
			return err
		}
		s.onClose(func() error { return os.RemoveAll(dir) })
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	s.authority, err = openAuthority(dir, time.Now())
	return err
}

func (s *Stack) openPorts(context.Context) (err error) {
	if s.opt.PortBase < 0 || s.opt.PortBase > maxPortBase {
		return fmt.Errorf("port base %d is not within 0 and %d", s.opt.PortBase, maxPortBase)
	}
	plain, secure := ports{over: "HTTP", base: s.opt.PortBase}, ports{over: "HTTPS"}
	if plain.base != 0 {
		secure.base = plain.base + httpsOffset
	}
	if e, err := ReadEndpoints(s.opt.StateDir); s.opt.StateDir != "" && err == nil {
		plain.previous, secure.previous = previousPorts(e.Addresses), previousPorts(e.HTTPS)
	}
	if s.listeners, err = s.listenAll(plain); err != nil {
		return err
	}
	s.secured, err = s.listenAll(secure)
	return err
}

// listenAll opens the listeners of every service.
func (s *Stack) listenAll(p ports) (map[string][]net.Listener, error) {
	all := map[string][]net.Listener{}
	for _, service := range keysOf(portOffsets) {
		listeners, err := p.listen(service)
		if err != nil {
			return nil, err
		}
		all[service] = listeners
		s.onClose(func() error { return closeAll(listeners) })
	}
	return all, nil
}

// closeAll frees the ports of a start that failed; a server has closed its own.
func closeAll(listeners []net.Listener) error {
	for _, l := range listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return nil
}

// joinServices makes the services; they call each other through s.
func (s *Stack) joinServices(ctx context.Context) (err error) {
	s.endpoints = s.makeEndpoints(ctx)
	s.mns = mns.New(s.account, s.store, mns.Options{NoAuth: s.opt.NoAuth, OnSend: s.feedOutcome, OnPublish: s.publishToFunctions})
	s.oss = oss.New(s.account, s.store, oss.Options{NoAuth: s.opt.NoAuth, Rules: s.objectRules()})
	s.functions, err = fc.New(s.account, s.store, fc.Options{
		OnDemand: s.opt.OnDemand, NoAuth: s.opt.NoAuth, Functions: s.deployed(), Triggers: s.queueTriggers(),
		Timers: s.plan.timers, Topics: s.plan.topics,
		Log:    func(function, line string) { s.log.Printf("[%s] %s", function, line) },
		Report: func(function, text string) { s.report.Printf("function %s: %s", function, text) },
	})
	if err == nil {
		s.account.Faults.OnKill(s.functions.KillCaller)
	}
	return err
}

// createNames makes the buckets, queues and topics that s.yaml names, so that a file
// that deploys also runs.
func (s *Stack) createNames(context.Context) error {
	for _, q := range s.plan.queues {
		if err := s.mns.CreateQueue(q, mns.DefaultAttributes()); err != nil {
			return fmt.Errorf("queue %s: %w", q, err)
		}
	}
	for _, t := range s.plan.topics {
		if err := s.mns.CreateTopic(t.Topic); err != nil {
			return fmt.Errorf("topic %s: %w", t.Topic, err)
		}
	}
	for _, b := range s.plan.buckets {
		if err := s.oss.CreateBucket(b); err != nil {
			return fmt.Errorf("bucket %s: %w", b, err)
		}
	}
	return nil
}

// serveAll opens the services and then starts the functions, which call them.
func (s *Stack) serveAll(context.Context) error {
	var servers []*server
	for service, h := range map[string]http.Handler{
		"console": console.New(console.Options{
			Account: s.account, Feed: s.feed, Functions: s.functions, Queues: s.mns, Work: s.work, Endpoints: s.endpoints,
			Versions: versions(s.opt.Generation),
		}),
		"ecs": ecs.New(s.account, s.store, s.imageBuilder()),
		"oss": s.oss,
		"ec2": ec2.New(s.account, s.store, ec2.Options{NoAuth: s.opt.NoAuth}),
		"mns": s.mns,
		"fc":  console.LocalOnly(s.functions),
	} {
		listeners := slices.Concat(s.listeners[service], s.authority.secure(s.secured[service]))
		servers = append(servers, serve(listeners, h, s.report))
	}
	s.onClose(func() error { return closeServers(servers) })
	s.onClose(s.functions.Close)
	return s.functions.Start(s.listeners["fc"][0].Addr().String())
}

// publish writes the addresses for the commands, and says what is not served.
func (s *Stack) publish(context.Context) error {
	for _, n := range s.plan.notices {
		s.log.Print(n)
	}
	if s.opt.StateDir == "" {
		return nil
	}
	if err := os.MkdirAll(s.opt.StateDir, 0o755); err != nil {
		return err
	}
	if err := s.endpoints.write(s.opt.StateDir); err != nil {
		return err
	}
	s.onClose(func() error { return os.Remove(filepath.Join(s.opt.StateDir, endpointsFile)) })
	return nil
}

func (s *Stack) makeEndpoints(ctx context.Context) Endpoints {
	e := Endpoints{
		Addresses: addresses(ctx, "http://", s.listeners), HTTPS: addresses(ctx, "https://", s.secured), CAFile: s.authority.file,
		Region: account.Region, AccountID: account.ID, AccessKeyID: account.AccessKeyID, AccessKeySecret: account.AccessKeySecret,
		PID: os.Getpid(), StartedAt: time.Now().UTC().Truncate(time.Second),
	}
	if len(s.plan.objects) > 0 {
		e.Bucket, e.Prefix = s.plan.objects[0].bucket, s.plan.objects[0].prefix
	}
	if len(s.plan.sources) > 0 {
		e.RequestQueue = s.plan.sources[0].queue
	}
	if results := s.plan.resultQueues(); len(results) > 0 {
		e.ResultQueue = results[0]
	}
	if regions := s.plan.valuesOf(awsRegion); len(regions) > 0 {
		e.AWSRegion = regions[0]
	}
	if parked := s.plan.valuesOf(parkedQueue); len(parked) > 0 {
		e.ParkedQueue = parked[0]
	}
	if policies := s.plan.valuesOf(policy); len(policies) == 1 {
		e.Policy = policies[0]
	}
	return e
}

func addresses(ctx context.Context, scheme string, listeners map[string][]net.Listener) Addresses {
	at := func(service string) string { return scheme + listeners[service][0].Addr().String() }
	return Addresses{
		Console: at("console"), ECS: at("ecs"), OSS: at("oss"), EC2: at("ec2"), FC: at("fc"),
		MNS: mnsEndpoint(ctx, scheme, portOf(listeners["mns"][0])),
	}
}

// mnsEndpoint returns the address in the form that the MNS SDK can take apart:
// five parts between dots. Where localhost has no address the SDK at least
// sends to the shorter form.
func mnsEndpoint(ctx context.Context, scheme string, port int) string {
	if _, err := net.DefaultResolver.LookupHost(ctx, "localhost"); err != nil {
		return fmt.Sprintf("%s127.0.0.1:%d/%s.mns", scheme, port, account.ID)
	}
	return fmt.Sprintf("%slocalhost:%d/%s.mns.%s.aliyuncs.com", scheme, port, account.ID, account.Region)
}

func versions(generation string) map[string]string {
	v := map[string]string{"go": runtime.Version(), "imagedrop": "", "imageBuilder": cmp.Or(generation, "current")}
	if info, ok := debug.ReadBuildInfo(); ok {
		v["imagedrop"] = info.Main.Version
	}
	return v
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// DefaultPortBase is the port of the console; the services follow it.
const DefaultPortBase = 4700

// The services and how far their ports are from the base; those of HTTPS are
// httpsOffset further.
var portOffsets = map[string]int{"console": 0, "ecs": 1, "oss": 2, "mns": 3, "ec2": 4, "fc": 5}

const (
	httpsOffset = 10
	maxPortBase = 65_520
	// freeTries is how often a free port is looked for that ::1 has, too.
	freeTries = 10
	// headerTimeout ends connections that send nothing.
	headerTimeout = 10 * time.Second
	// drainTime is how long answers may take at the end.
	drainTime = 2 * time.Second
)

// ports opens the listeners of HTTP or of HTTPS, all on loopback.
type ports struct {
	over     string         // the protocol
	base     int            // 0: free ones
	previous map[string]int // by service: preferred where base is 0
}

// previousPorts returns the ports of the local cloud that had the state before
// and did not end in order, so that its clients find this one.
func previousPorts(a Addresses) map[string]int {
	found := map[string]int{}
	for service, address := range a.byService() {
		if u, err := url.Parse(address); err == nil {
			found[service], _ = strconv.Atoi(u.Port())
		}
	}
	return found
}

func (p ports) listen(service string) ([]net.Listener, error) {
	if p.base != 0 {
		port := p.base + portOffsets[service]
		listeners, err := listenAt(service, port)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("port %d (%s over %s) is in use, perhaps by another local cloud: "+
				"stop it, or move all ports with --port-base (0 takes free ones)", port, service, p.over)
		}
		return listeners, err
	}
	if port := p.previous[service]; port != 0 {
		if listeners, err := listenAt(service, port); err == nil {
			return listeners, nil
		}
	}
	for try := 1; ; try++ {
		listeners, err := listenAt(service, 0)
		if err == nil || try == freeTries {
			return listeners, err
		}
	}
}

// listenAt listens on 127.0.0.1 and, for MNS, whose clients say "localhost",
// on the same port of ::1 where the machine has it.
func listenAt(service string, port int) ([]net.Listener, error) {
	first, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	if service != "mns" {
		return []net.Listener{first}, nil
	}
	second, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(portOf(first))))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, errors.Join(err, first.Close())
	}
	if err != nil {
		return []net.Listener{first}, nil // no IPv6 here
	}
	return []net.Listener{first, second}, nil
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// server serves one handler on its listeners.
type server struct {
	http   http.Server
	cancel context.CancelFunc // ends the requests that wait for something
	done   sync.WaitGroup
}

func serve(listeners []net.Listener, h http.Handler, errorLog *log.Logger) *server {
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{cancel: cancel}
	s.http = http.Server{
		Handler: h, ErrorLog: errorLog, ReadHeaderTimeout: headerTimeout,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	for _, l := range listeners {
		s.done.Go(func() { s.http.Serve(l) }) // ends with ErrServerClosed
	}
	return s
}

// close ends waiting requests, lets the others answer, and frees the ports.
func (s *server) close() error {
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close() // what has not answered by now is cut off
	}
	s.done.Wait()
	return err
}

// closeServers closes them all at once: each may have clients to wait for.
func closeServers(servers []*server) error {
	var all errgroup.Group
	for _, s := range servers {
		all.Go(s.close)
	}
	return all.Wait()
}

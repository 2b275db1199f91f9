// Command message is the function behind the MNS triggers: each message of the
// request queue or topic becomes a component or a pipeline, and its outcome is
// published.
package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/aliyun/fc-runtime-go-sdk/fc"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/mnsqueue"
	"imagedrop/shared/ossobject"
	"imagedrop/shared/settings"
)

// idleConnections is for the runtime SDK, which polls through the default
// transport: with the 2 of that transport it connects anew for most polls.
const idleConnections = 64

// A function holds little and makes much garbage: at the default of 100 a fifth
// of its CPU goes into collecting it. The limit, soft and in bytes, is what the
// smallest instance of 128 MB can spare.
const (
	gcPercent   = 400
	memoryLimit = 96 << 20
)

func main() {
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = idleConnections
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	h, err := newHandler(os.Getenv, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "message:", err)
		os.Exit(1)
	}
	fc.Start(h.handle)
}

// newHandler builds what needs neither credentials nor region: an invocation
// brings those.
func newHandler(getenv func(string) string, log io.Writer) (*handler, error) {
	s, err := settings.LoadMessage(getenv)
	if err != nil {
		return nil, err
	}
	outbox, err := mnsqueue.New(mnsqueue.Options{Endpoint: s.MNSEndpoint, Queue: s.ResultQueue})
	if err != nil {
		return nil, fmt.Errorf("MNS_ENDPOINT: %w", err)
	}
	resources, err := ecsimage.New(ecsimage.Options{Endpoint: s.ECSEndpoint})
	if err != nil {
		return nil, fmt.Errorf("ECS_ENDPOINT: %w", err)
	}
	return &handler{
		log:         slog.New(slog.NewJSONHandler(log, nil)),
		resultQueue: s.ResultQueue,
		connect: func(region string) (imagebuild.Objects, error) {
			return ossobject.New(ossobject.Options{Endpoint: s.OSSEndpoint, Region: region})
		},
		builder: imagebuild.Builder{Resources: resources, Publisher: imagebuild.Publisher{Outbox: outbox, Base64: s.ResultBase64}, Policy: s.Policy,
			SkipLookup: s.SkipLookup, Concurrency: s.Concurrency},
	}, nil
}

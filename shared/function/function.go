// Package function is what the functions have in common around their use case:
// the start of the process, what an invocation brings, and the deliveries of
// the events. It judges nothing.
package function

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
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

// Handler handles the events of a function. It takes the raw payload: the
// runtime would answer a payload that it cannot decode with an error, and the
// platform would deliver it again in vain. An error means: deliver again.
type Handler interface {
	Handle(ctx context.Context, payload []byte) error
}

// Start runs the function called name. A setting that build refuses ends the
// process, so that a deployment fails and not its first event. Start does not
// return.
func Start[H Handler](name string, build func(getenv func(string) string, log *slog.Logger) (H, error)) {
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = idleConnections
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	h, err := build(os.Getenv, NewLog(os.Stdout))
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
	fc.Start(h.Handle)
}

// NewLog returns the log of a function: a JSON object a line, which begins with
// the time.
func NewLog(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }

// Begin returns what the platform says of the invocation of ctx: a context with
// its credentials, its function, region and account, and a log that names it.
// name is the function's where the platform does not say.
func Begin(ctx context.Context, log *slog.Logger, name string) (context.Context, imagebuild.Invocation, *slog.Logger) {
	call, ok := fccontext.FromContext(ctx)
	if !ok {
		call = &fccontext.FcContext{}
	}
	c := call.Credentials
	ctx = sdkclient.WithCredentials(ctx, sdkclient.Credentials{
		AccessKeyID: c.AccessKeyId, AccessKeySecret: c.AccessKeySecret, SecurityToken: c.SecurityToken,
	})
	i := imagebuild.Invocation{Function: cmp.Or(call.Function.Name, name), Region: call.Region, AccountID: call.AccountId}
	return ctx, i, log.With("requestId", call.RequestID)
}

// End logs the results, and returns the error of those that need another
// delivery, nil where none does.
func End(log *slog.Logger, results []imagebuild.Result) error {
	for _, r := range results {
		r.Log(log)
	}
	return imagebuild.Redeliver(results)
}

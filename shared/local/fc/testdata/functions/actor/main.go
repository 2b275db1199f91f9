// Command actor is a function that does what its event tells it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

type order struct {
	Do      string
	Payload string // of a timer's event: an order as JSON
	Message string // of a topic's event: an order as JSON
	Text    string
	URL     string
	Times   int
}

// read accepts the batch of a queue trigger too: then the order is the first
// message's body; and the event of a timer or topic: then it is the payload or
// the message.
func read(payload []byte) (order, error) {
	var batch []string
	if json.Unmarshal(payload, &batch) == nil {
		var event struct {
			Data struct{ MessageBody string }
		}
		if err := json.Unmarshal([]byte(batch[0]), &event); err != nil {
			return order{}, err
		}
		payload = []byte(event.Data.MessageBody)
	}
	var o order
	err := json.Unmarshal(payload, &o)
	if inner := o.Payload + o.Message; err == nil && inner != "" {
		err = json.Unmarshal([]byte(inner), &o)
	}
	return o, err
}

var acts = map[string]func(context.Context, order, []byte) (any, error){
	"echo":  func(_ context.Context, _ order, payload []byte) (any, error) { return json.RawMessage(payload), nil },
	"size":  func(_ context.Context, _ order, payload []byte) (any, error) { return len(payload), nil },
	"big":   func(_ context.Context, o order, _ []byte) (any, error) { return strings.Repeat("x", o.Times), nil },
	"env":   func(context.Context, order, []byte) (any, error) { return os.Environ(), nil },
	"cwd":   func(context.Context, order, []byte) (any, error) { return os.Getwd() },
	"pid":   func(context.Context, order, []byte) (any, error) { return os.Getpid(), nil },
	"fail":  func(_ context.Context, o order, _ []byte) (any, error) { return nil, errors.New(o.Text) },
	"panic": func(_ context.Context, o order, _ []byte) (any, error) { panic(o.Text) },
	"get":   get,
	"exit": func(_ context.Context, o order, _ []byte) (any, error) {
		fmt.Fprintln(os.Stderr, o.Text)
		os.Exit(7)
		return nil, nil
	},
	"stray panic": func(_ context.Context, o order, _ []byte) (any, error) {
		go panic(o.Text)
		select {}
	},
	"hang": func(_ context.Context, o order, _ []byte) (any, error) {
		fmt.Println(o.Text)
		time.Sleep(time.Hour)
		return nil, nil
	},
	"until deadline": func(ctx context.Context, _ order, _ []byte) (any, error) {
		deadline, _ := ctx.Deadline()
		return deadline.UnixMilli(), nil
	},
	"context": func(ctx context.Context, _ order, _ []byte) (any, error) {
		fctx, _ := fccontext.FromContext(ctx)
		return fctx, nil
	},
	"fail until": func(ctx context.Context, o order, _ []byte) (any, error) {
		fctx, _ := fccontext.FromContext(ctx)
		if _, err := get(ctx, order{URL: fmt.Sprintf("%s?retry=%d", o.URL, fctx.RetryCount)}, nil); err != nil {
			return nil, err
		}
		if fctx.RetryCount < o.Times {
			return nil, fmt.Errorf("attempt %d", fctx.RetryCount)
		}
		return "done", nil
	},
	"log": func(ctx context.Context, o order, _ []byte) (any, error) {
		for i := range o.Times {
			fmt.Printf("out %d %s\n", i, o.Text)
			fmt.Fprintf(os.Stderr, "err %d %s\n", i, o.Text)
		}
		fmt.Print("no end")
		return nil, nil
	},
	"spawn": func(ctx context.Context, o order, _ []byte) (any, error) {
		// A process of the function's own, which holds its standard output open.
		child := exec.Command("/bin/sleep", "3600")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return nil, err
		}
		return child.Process.Pid, nil
	},
}

// get calls the URL and answers what it answers; the test holds it there as
// long as it likes.
func get(_ context.Context, o order, _ []byte) (any, error) {
	resp, err := http.Get(o.URL)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(string(body))
	}
	return string(body), err
}

func main() {
	fc.Start(func(ctx context.Context, payload []byte) (any, error) {
		o, err := read(payload)
		if err != nil {
			return nil, err
		}
		act, ok := acts[o.Do]
		if !ok {
			return nil, fmt.Errorf("no act %q", o.Do)
		}
		return act(ctx, o, payload)
	})
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"imagedrop/shared/local/stack"
)

// defaultState is the state directory of the local cloud.
const defaultState = ".imagedrop"

// errNoCloud says how to get what is missing.
var errNoCloud = errors.New("no local cloud answers; start one with `imagedrop up`")

// place is how a command finds the local cloud.
type place struct {
	state    string
	portBase int
}

func (p *place) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.state, "state", defaultState, "state directory of the local cloud to talk to")
	cmd.Flags().IntVar(&p.portBase, "port-base", 0, "find the local cloud by its first port instead")
}

// find returns the addresses of the running local cloud.
func (p *place) find(ctx context.Context) (stack.Endpoints, error) {
	if p.portBase == 0 {
		e, err := stack.ReadEndpoints(p.state)
		if err != nil {
			return e, fmt.Errorf("%w (state directory %s)", errNoCloud, p.state)
		}
		return e, nil
	}
	var e stack.Endpoints
	err := getJSON(ctx, fmt.Sprintf("http://127.0.0.1:%d/v1/endpoints", p.portBase), &e)
	if err != nil {
		return e, fmt.Errorf("%w (port %d)", errNoCloud, p.portBase)
	}
	return e, nil
}

// entry is one outcome of the feed.
type entry struct {
	Seq     uint64          `json:"seq"`
	Outcome json.RawMessage `json:"outcome"`
}

// page is one answer of the feed.
type page struct {
	Outcomes []entry `json:"outcomes"`
	Next     uint64  `json:"next"`
}

// readFeed returns the outcomes behind number after; with wait it waits that
// long for the first.
func readFeed(ctx context.Context, e stack.Endpoints, after uint64, wait time.Duration) (page, error) {
	q := url.Values{"after": {strconv.FormatUint(after, 10)}, "waitSeconds": {strconv.Itoa(int(wait.Seconds()))}}
	var p page
	return p, getJSON(ctx, e.Console+"/v1/outcomes?"+q.Encode(), &p)
}

// feedEnd returns the number of the newest outcome.
func feedEnd(ctx context.Context, e stack.Endpoints) (uint64, error) {
	var p page
	err := getJSON(ctx, e.Console+"/v1/outcomes?after=end", &p)
	return p.Next, err
}

func getJSON(ctx context.Context, address string, into any) error {
	return doJSON(ctx, http.MethodGet, address, nil, into)
}

// doJSON calls the control API; an answer other than 200 is an error with the
// API's own text.
func doJSON(ctx context.Context, method, address string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the local cloud answered %s: %s", res.Status, bytes.TrimSpace(data))
	}
	return json.Unmarshal(data, into)
}

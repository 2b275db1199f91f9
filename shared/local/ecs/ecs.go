// Package ecs is the local cloud's ECS endpoint: the Image Builder operations
// of ECS API 2014-05-26, and those for regions, tags and resource groups of what
// they make; RPC style, as the public pages describe them. It was
// never compared with the real service, and its builds run no commands: they
// pass the phases in their time, and their images are entries in a list. It reads
// contents in its own plain way and shares no code with the linter: a stand-in
// that shares our code proves nothing.
package ecs

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// apiVersion is the only version of the API.
const apiVersion = "2014-05-26"

// Generation2023 chooses the rules of the pages of 2021 to 2023 as a whole.
const Generation2023 = "2023"

// The defaults of Options, chosen here: the documents name neither the lifetime
// of a token nor the number of a quota.
const (
	defaultTokenLifetime = 24 * time.Hour
	defaultQuota         = 1_000_000
)

// Options are the endpoint's switches; the zero value is the newest rules.
type Options struct {
	// Generation is "current" (also ""), or "2023": FROM wins or is prepended
	// and returned; COMPONENT, YAML, Test, Windows and OSS are refused.
	Generation string
	// TokenLifetime is how long an answer is kept under its ClientToken; 0 means 24 hours.
	TokenLifetime time.Duration
	// ComponentQuota and PipelineQuota count per region; 0 means 1,000,000.
	ComponentQuota, PipelineQuota int
	// NoAuth takes every request as the account's, whatever its signature, key,
	// token, timestamp and nonce: for experiments.
	NoAuth bool
	// ObjectExists reports whether OSS has an object that a template imports;
	// nil: it has every one.
	ObjectExists func(tx *store.Tx, bucket, key string) (bool, error)
}

type service struct {
	account  *account.Account
	store    *store.Store
	old      bool // the rules of 2023
	open     bool // no signature is checked
	inOSS    func(tx *store.Tx, bucket, key string) (bool, error)
	lifetime time.Duration
	quota    map[string]int // by kind
	nonces   nonces
	working  sync.Map // keys of the client tokens that are being worked
}

// request is one call that passed the gateway's checks.
type request struct {
	params
	id string
}

// operation answers a value to encode, a *refusal, or another error.
type operation func(*service, request) (any, error)

var operations = map[string]operation{
	"CancelImagePipelineExecution":    (*service).cancelImagePipelineExecution,
	"CreateImageComponent":            (*service).createImageComponent,
	"CreateImagePipeline":             (*service).createImagePipeline,
	"DeleteImageComponent":            (*service).deleteImageComponent,
	"DeleteImagePipeline":             (*service).deleteImagePipeline,
	"DescribeImageComponents":         (*service).describeImageComponents,
	"DescribeImageFromFamily":         (*service).describeImageFromFamily,
	"DescribeImagePipelineExecutions": (*service).describeImagePipelineExecutions,
	"DescribeImagePipelines":          (*service).describeImagePipelines,
	"DescribeImages":                  (*service).describeImages,
	"DescribeRegions":                 (*service).describeRegions,
	"JoinResourceGroup":               (*service).joinResourceGroup,
	"ListTagResources":                (*service).listTagResources,
	"StartImagePipelineExecution":     (*service).startImagePipelineExecution,
	"TagResources":                    (*service).tagResources,
	"UntagResources":                  (*service).untagResources,
}

// New returns the endpoint's handler. It owns no listener and takes the faults
// of service "ecs"; their operation is the Action.
func New(acct *account.Account, st *store.Store, opt Options) http.Handler {
	s := &service{
		account:  acct,
		store:    st,
		old:      opt.Generation == Generation2023,
		open:     opt.NoAuth,
		inOSS:    opt.ObjectExists,
		lifetime: orDefault(opt.TokenLifetime, defaultTokenLifetime),
		quota: map[string]int{
			components: orDefault(opt.ComponentQuota, defaultQuota),
			pipelines:  orDefault(opt.PipelineQuota, defaultQuota),
		},
	}
	if s.inOSS == nil {
		s.inOSS = func(*store.Tx, string, string) (bool, error) { return true, nil }
	}
	faulty := acct.Faults.Wrap("ecs", action, hasValue, writeFault, http.HandlerFunc(s.serve))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		faulty.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), inputKey{}, read(w, r))))
	})
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

type inputKey struct{}

func inputOf(r *http.Request) input {
	in, _ := r.Context().Value(inputKey{}).(input)
	return in
}

func action(r *http.Request) string { return inputOf(r).params["Action"] }

// hasValue reports whether a parameter of the request has that value.
func hasValue(r *http.Request, value string) bool { return inputOf(r).params.have(value) }

func writeFault(w http.ResponseWriter, r *http.Request, status int, code string) {
	detail := "A fault on demand."
	if code == "SignatureDoesNotMatch" { // as ever: it quotes the request
		detail = inputOf(r).toSign(r)
	}
	writeRefusal(w, r, account.NewRequestID(), status, &refusal{code: code, detail: detail})
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	id := account.NewRequestID()
	answer, err := s.answer(r, id)
	var refused *refusal
	switch {
	case err == nil:
		write(w, r, http.StatusOK, id, answer)
	case errors.As(err, &refused):
		writeRefusal(w, r, id, refused.status(), refused)
	default:
		writeRefusal(w, r, id, http.StatusInternalServerError, &refusal{code: "InternalError", detail: "The local cloud: " + err.Error()})
	}
}

// answer runs the checks that every operation shares, lets happen what is due,
// whoever asks, and then does the operation.
func (s *service) answer(r *http.Request, id string) (any, error) {
	in := inputOf(r)
	if in.err != nil {
		return nil, in.err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return nil, refuse("UnsupportedOperation", "The method must be GET or POST.")
	}
	if err := s.authenticate(r, in); err != nil {
		return nil, err
	}
	do, err := operationOf(in.params)
	if err != nil {
		return nil, err
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	return do(s, request{params: in.params, id: id})
}

func operationOf(p params) (operation, error) {
	if err := p.require("Action", "Version"); err != nil {
		return nil, err
	}
	if p["Version"] != apiVersion {
		return nil, refuse("NoSuchVersion", "Version")
	}
	do, known := operations[p["Action"]]
	if !known {
		return nil, refuse("InvalidApi.NotFound", "Action")
	}
	return do, nil
}

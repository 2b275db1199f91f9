// Package lsp tells an editor what the linter finds: diagnostics as one types,
// what a command or key means, what may be written, and fixes. It speaks the
// Language Server Protocol 3.17 over a stream.
package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"slices"

	"github.com/sourcegraph/jsonrpc2"
	"go.lsp.dev/protocol"

	"imagedrop/shared/template"
)

// Judge finds what is wrong with a document. Positions are those of its text;
// only what can be mended there has a fix.
type Judge func(path string, text []byte) []template.Finding

// ErrNoShutdown is returned where the editor left without saying so first.
var ErrNoShutdown = errors.New("the editor left without a shutdown request")

// Serve speaks to one editor until it leaves, its process ends, or ctx ends. Nothing is written to
// out but the protocol.
func Serve(ctx context.Context, in io.Reader, out io.Writer, version string, judge Judge) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{version: version, judge: judge, documents: map[protocol.DocumentURI]*document{}, gone: make(chan struct{})}
	stream := heard{jsonrpc2.NewBufferedStream(pipe{in, out}, codec{}), make(chan error, 1)}
	handler := jsonrpc2.HandlerWithError(s.handle)
	conn := jsonrpc2.NewConn(ctx, stream, handler.SuppressErrClosed(), jsonrpc2.SetLogger(log.New(io.Discard, "", 0)))
	select {
	case <-conn.DisconnectNotify():
	case <-s.gone:
		return ErrNoShutdown
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-stream.broken:
		return fmt.Errorf("the editor sent %w", err)
	default:
	}
	if !s.down {
		return ErrNoShutdown
	}
	return nil
}

// server is the state of one conversation. Messages are handled one by one, in
// their order, so that an answer is about the text that the editor has.
type server struct {
	version   string
	judge     Judge
	utf8      bool // agreed on with the editor, else UTF-16
	documents map[protocol.DocumentURI]*document
	up, down  bool
	gone      chan struct{} // closed when the editor's process has ended
}

// method handles one method of the protocol.
type method func(ctx context.Context, s *server, conn *jsonrpc2.Conn, params json.RawMessage) (any, error)

// on is a method with its parameters decoded.
func on[P any](f func(ctx context.Context, s *server, conn *jsonrpc2.Conn, p *P) (any, error)) method {
	return func(ctx context.Context, s *server, conn *jsonrpc2.Conn, params json.RawMessage) (any, error) {
		p := new(P)
		if err := json.Unmarshal(params, p); err != nil {
			return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: "the parameters are not those of the method"}
		}
		return f(ctx, s, conn, p)
	}
}

var methods map[string]method

// init, because the methods refer to what looks them up.
func init() {
	methods = map[string]method{
		protocol.MethodInitialize:             on(initialize),
		protocol.MethodShutdown:               shutdown,
		protocol.MethodExit:                   exit,
		protocol.MethodTextDocumentDidOpen:    on(didOpen),
		protocol.MethodTextDocumentDidChange:  on(didChange),
		protocol.MethodTextDocumentDidClose:   on(didClose),
		protocol.MethodTextDocumentHover:      on(hover),
		protocol.MethodTextDocumentCompletion: on(completion),
		protocol.MethodTextDocumentCodeAction: on(codeAction),
	}
}

// codeNotInitialized is the protocol's code for a request before initialize.
const codeNotInitialized = -32002

func (s *server) handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) (result any, err error) {
	defer func() {
		if p := recover(); p != nil { // an editor keeps its server; the text is not repeated
			result, err = nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: fmt.Sprintf("imagedrop failed on %s", req.Method)}
		}
	}()
	switch {
	case !s.up && req.Method != protocol.MethodInitialize && req.Method != protocol.MethodExit:
		return nil, &jsonrpc2.Error{Code: codeNotInitialized, Message: "initialize comes first"}
	case s.up && req.Method == protocol.MethodInitialize:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "initialize comes once"}
	case s.down && req.Method != protocol.MethodExit:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the server was shut down"}
	}
	m := methods[req.Method]
	if m == nil {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "imagedrop has no " + req.Method}
	}
	var params json.RawMessage
	if req.Params != nil {
		params = *req.Params
	}
	return m(ctx, s, conn, params)
}

// initializeParams is what is asked of an editor; of all else that it says of
// itself nothing is read, and so nothing can be wrong.
type initializeParams struct {
	ProcessID    int32 `json:"processId"`
	Capabilities struct {
		General struct {
			PositionEncodings []string `json:"positionEncodings"`
		} `json:"general"`
	} `json:"capabilities"`
}

// capabilities has what the library, of 3.16, does not know.
// Source: Language Server Protocol 3.17, ServerCapabilities.
type capabilities struct {
	protocol.ServerCapabilities
	PositionEncoding string `json:"positionEncoding"`
}

func initialize(ctx context.Context, s *server, _ *jsonrpc2.Conn, p *initializeParams) (any, error) {
	s.up = true
	watchEditor(ctx, int(p.ProcessID), s.gone)
	encoding := "utf-16"
	if s.utf8 = slices.Contains(p.Capabilities.General.PositionEncodings, "utf-8"); s.utf8 {
		encoding = "utf-8"
	}
	return struct {
		Capabilities capabilities        `json:"capabilities"`
		ServerInfo   protocol.ServerInfo `json:"serverInfo"`
	}{
		capabilities{PositionEncoding: encoding, ServerCapabilities: protocol.ServerCapabilities{
			// All of the text with each change: a template is small, and client libraries
			// send the range of such a change as 0:0 to 0:0, which would be an insertion.
			TextDocumentSync:   protocol.TextDocumentSyncOptions{OpenClose: true, Change: protocol.TextDocumentSyncKindFull},
			HoverProvider:      true,
			CompletionProvider: &protocol.CompletionOptions{TriggerCharacters: []string{"#", " ", ":", "\""}},
			CodeActionProvider: &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{protocol.QuickFix, fixAll}},
		}},
		protocol.ServerInfo{Name: source, Version: s.version},
	}, nil
}

func shutdown(_ context.Context, s *server, _ *jsonrpc2.Conn, _ json.RawMessage) (any, error) {
	s.down = true
	return nil, nil
}

func exit(_ context.Context, _ *server, conn *jsonrpc2.Conn, _ json.RawMessage) (any, error) {
	return nil, conn.Close()
}

func didOpen(ctx context.Context, s *server, conn *jsonrpc2.Conn, p *protocol.DidOpenTextDocumentParams) (any, error) {
	d := newDocument(p.TextDocument)
	d.utf8 = s.utf8
	s.documents[d.uri] = d
	return nil, s.publish(ctx, conn, d)
}

func didChange(ctx context.Context, s *server, conn *jsonrpc2.Conn, p *protocol.DidChangeTextDocumentParams) (any, error) {
	d := s.documents[p.TextDocument.URI]
	if d == nil {
		return nil, nil
	}
	d.version = p.TextDocument.Version
	for _, c := range p.ContentChanges {
		d.change(c.Range, c.Text)
	}
	return nil, s.publish(ctx, conn, d)
}

func didClose(ctx context.Context, s *server, conn *jsonrpc2.Conn, p *protocol.DidCloseTextDocumentParams) (any, error) {
	delete(s.documents, p.TextDocument.URI)
	return nil, conn.Notify(ctx, protocol.MethodTextDocumentPublishDiagnostics,
		protocol.PublishDiagnosticsParams{URI: p.TextDocument.URI, Diagnostics: []protocol.Diagnostic{}})
}

// published names the version that the findings are of, which may be 0; the
// library's type leaves that out.
type published struct {
	URI         protocol.DocumentURI  `json:"uri"`
	Version     int32                 `json:"version"`
	Diagnostics []protocol.Diagnostic `json:"diagnostics"`
}

// publish judges a document and tells what was found.
func (s *server) publish(ctx context.Context, conn *jsonrpc2.Conn, d *document) error {
	d.findings, d.mending = nil, nil
	if d.ours() {
		d.findings = s.judge(d.path, []byte(d.text))
	}
	return conn.Notify(ctx, protocol.MethodTextDocumentPublishDiagnostics,
		published{URI: d.uri, Version: d.version, Diagnostics: d.diagnostics()})
}

func hover(_ context.Context, s *server, _ *jsonrpc2.Conn, p *protocol.HoverParams) (any, error) {
	d := s.documents[p.TextDocument.URI]
	if d == nil || !d.ours() {
		return nil, nil
	}
	if h := d.hover(d.offset(p.Position)); h != nil {
		return h, nil
	}
	return nil, nil
}

func completion(_ context.Context, s *server, _ *jsonrpc2.Conn, p *protocol.CompletionParams) (any, error) {
	d := s.documents[p.TextDocument.URI]
	if d == nil || !d.ours() {
		return protocol.CompletionList{Items: []protocol.CompletionItem{}}, nil
	}
	return protocol.CompletionList{Items: d.completion(d.offset(p.Position))}, nil
}

// codeActionParams are where and which actions are wanted; the findings that an
// editor adds may be of other servers, in any form.
type codeActionParams struct {
	TextDocument protocol.TextDocumentIdentifier `json:"textDocument"`
	Range        protocol.Range                  `json:"range"`
	Context      struct {
		Only []protocol.CodeActionKind `json:"only"`
	} `json:"context"`
}

func codeAction(_ context.Context, s *server, _ *jsonrpc2.Conn, p *codeActionParams) (any, error) {
	d := s.documents[p.TextDocument.URI]
	if d == nil || !d.ours() {
		return []protocol.CodeAction{}, nil
	}
	return d.actions(p.Range, p.Context.Only, s.judge), nil
}

// unescape decodes the path of an address, where it is one.
func unescape(path string) string {
	if text, err := url.PathUnescape(path); err == nil {
		return text
	}
	return path
}

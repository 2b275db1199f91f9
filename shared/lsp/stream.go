package lsp

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"reflect"
	"strconv"

	"github.com/sourcegraph/jsonrpc2"
)

// pipe joins the two halves of a stream; it is closed by who opened them.
type pipe struct {
	io.Reader
	io.Writer
}

func (pipe) Close() error { return nil }

// maxMessage bounds the bytes of one message: a text of many megabytes, escaped.
const maxMessage = 64 << 20

// codec reads and writes messages with a header. Names in a header are read as
// those of HTTP, in any case; a message is read to the end that its header says,
// whatever stands behind its JSON.
// Source: Language Server Protocol 3.16, "Base Protocol".
type codec struct{ jsonrpc2.VSCodeObjectCodec }

// ReadObject implements jsonrpc2.ObjectCodec. A body that is no message is a
// *jsonrpc2.Error; after another error nothing can be read. None repeats anything
// of the stream, which holds text of templates.
func (codec) ReadObject(stream *bufio.Reader, v any) error {
	header, err := textproto.NewReader(stream).ReadMIMEHeader()
	if malformed := textproto.ProtocolError(""); errors.As(err, &malformed) {
		return errors.New("a malformed header")
	}
	if err != nil {
		return err
	}
	size, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil || size < 0 || size > maxMessage {
		return fmt.Errorf("a header without a Content-Length of at most %d", maxMessage)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(stream, body); err != nil {
		return err
	}
	switch {
	case !json.Valid(body):
		return &jsonrpc2.Error{Code: jsonrpc2.CodeParseError, Message: "the body is no JSON"}
	case json.Unmarshal(body, v) != nil:
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the body is no message"}
	}
	return nil
}

// heard is a stream that answers what is no message, and keeps why it could not
// be read on; its end is no reason.
type heard struct {
	jsonrpc2.ObjectStream
	broken chan error // has room for one
}

// refusal answers a body that has no ID to answer to.
type refusal struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      *jsonrpc2.ID    `json:"id"` // null
	Error   *jsonrpc2.Error `json:"error"`
}

// ReadObject implements jsonrpc2.ObjectStream.
func (h heard) ReadObject(v any) error {
	err := h.ObjectStream.ReadObject(v)
	for refused := new(jsonrpc2.Error); errors.As(err, &refused); err = h.ObjectStream.ReadObject(v) {
		if err := h.WriteObject(refusal{JSONRPC: "2.0", Error: refused}); err != nil {
			return err
		}
		reflect.ValueOf(v).Elem().SetZero() // of what it took for a message
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		h.broken <- err
	}
	return err
}

package fc

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"syscall"
)

// maxLine is where a line without end is cut. Source: FC 3.0 limits, one log line 32 KB.
const maxLine = 32 << 10

// output is one stream of a process, cut into lines. Whoever needs what was
// written up to now (before an answer is handed on) drains it.
type output struct {
	file *os.File
	raw  syscall.RawConn
	emit func(line string)

	mu   sync.Mutex
	rest []byte // of an unfinished line
	buf  [maxLine]byte
}

// newOutput returns the output and the end that the process writes to.
func newOutput(emit func(line string)) (*output, *os.File, error) {
	// Not os.Pipe: our end must not block, and that of the process must.
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	err := syscall.SetNonblock(fds[0], true)
	r, w := os.NewFile(uintptr(fds[0]), "|0"), os.NewFile(uintptr(fds[1]), "|1")
	if err != nil {
		return nil, nil, errors.Join(err, r.Close(), w.Close())
	}
	raw, err := r.SyscallConn()
	if err != nil {
		return nil, nil, errors.Join(err, r.Close(), w.Close())
	}
	return &output{file: r, raw: raw, emit: emit}, w, nil
}

// run reads until the end of the stream or close.
func (o *output) run() {
	// An error says that the file was closed: the end as well.
	_ = o.raw.Read(func(fd uintptr) bool { return o.read(int(fd)) })
}

// drain emits what has been written already, without waiting for more.
func (o *output) drain() {
	_ = o.raw.Control(func(fd uintptr) { o.read(int(fd)) })
}

// close drains, emits an unfinished last line, and ends run.
func (o *output) close() {
	o.drain()
	o.mu.Lock()
	if len(o.rest) > 0 {
		o.emit(string(o.rest))
		o.rest = nil
	}
	o.mu.Unlock()
	_ = o.file.Close()
}

// read takes what the pipe, which does not block, has; true means that no
// more will come.
func (o *output) read(fd int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		n, err := syscall.Read(fd, o.buf[:])
		switch {
		case n > 0:
			o.lines(o.buf[:n])
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return false
		default:
			return true
		}
	}
}

func (o *output) lines(data []byte) {
	o.rest = append(o.rest, data...)
	for len(o.rest) > 0 {
		line, rest, whole := bytes.Cut(o.rest, []byte("\n"))
		if !whole && len(line) < maxLine {
			return
		}
		if len(line) > maxLine {
			line, rest = o.rest[:maxLine], o.rest[maxLine:]
		}
		o.emit(string(line))
		o.rest = rest
	}
	o.rest = nil
}

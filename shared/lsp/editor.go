package lsp

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// watchEditor closes gone as the process of the editor ends, unless ctx ends
// first: an editor that is killed may leave its end of the pipe to a child. A
// process that is not to be seen, in another container for one, is not watched.
// Source: Language Server Protocol 3.16, InitializeParams, processId.
func watchEditor(ctx context.Context, pid int, gone chan<- struct{}) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return
	}
	process := os.NewFile(uintptr(fd), "pidfd")
	conn, err := process.SyscallConn()
	if err != nil {
		process.Close()
		return
	}
	stop := context.AfterFunc(ctx, func() { process.Close() })
	go func() {
		if conn.Read(hasEnded) == nil {
			close(gone)
		}
		if stop() {
			process.Close()
		}
	}()
}

// hasEnded asks a pidfd, which can be read from when its process ends.
func hasEnded(pidfd uintptr) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 0)
	return err == nil && n > 0
}

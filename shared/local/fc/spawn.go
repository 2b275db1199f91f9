package fc

import (
	"os/exec"
	"runtime"
)

// spawner starts processes from one OS thread. The kernel sends the
// parent-death signal when the thread that forked ends, not the process, so
// that thread has to live as long as the host.
type spawner struct{ jobs chan func() }

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	started := make(chan error)
	s.jobs <- func() { started <- cmd.Start() }
	return <-started
}

// close lets the thread go; no process may be left.
func (s *spawner) close() { close(s.jobs) }

package fc

import (
	"os"
	"slices"
	"time"
)

// settled is how long a changed binary must rest before it is taken for whole:
// a compiler or a copy may still be writing it.
const settled = 300 * time.Millisecond

// replaceOutdated ends the idle instances of a binary that has changed since;
// new ones start from it. Where the binary is gone, or is being written, they
// go on. The caller holds mu.
func (p *pool) replaceOutdated() {
	if len(p.idle) == 0 {
		return
	}
	now, err := os.Stat(p.fn.Command)
	if err != nil || time.Since(now.ModTime()).Abs() < settled {
		return
	}
	for _, in := range slices.Clone(p.idle) {
		if !in.isDebug() && !isSameBinary(in.binary, now) {
			p.retire(in)
		}
	}
}

func isSameBinary(a, b os.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

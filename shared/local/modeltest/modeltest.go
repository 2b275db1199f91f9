// Package modeltest holds services of the local cloud against models of them, in
// runs of random steps. Only tests import it.
package modeltest

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// A few hundred steps, the same in every run, unless the command line says
// otherwise: -rapid.seed=0 -rapid.checks=100 -rapid.steps=100 are 10,000 others.
func init() {
	flag.Set("rapid.seed", "1")
	flag.Set("rapid.checks", "20")
	flag.Set("rapid.nofailfile", "true")
}

// Ground is what a service stands on in one run.
type Ground struct {
	Clock *account.ManualClock
	Store *store.Store // on a disk

	path  string
	serve func()
}

// Check plays runs, each on a ground of its own.
func Check(t *testing.T, run func(*rapid.T, *Ground)) {
	dir, runs := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		g := &Ground{
			Clock: account.NewManualClock(time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)),
			path:  filepath.Join(dir, fmt.Sprint(runs, ".db")),
		}
		run(rt, g)
	})
}

// Start opens the store and has serve make the service on it, now and with each
// Restart.
func (g *Ground) Start(t *rapid.T, serve func()) {
	g.serve = serve
	g.open(t)
	t.Cleanup(func() { g.Store.Close() })
}

// Restart is a step: the service finds what it left on the disk.
func (g *Ground) Restart(t *rapid.T) {
	require.NoError(t, g.Store.Close())
	g.open(t)
}

func (g *Ground) open(t *rapid.T) {
	st, err := store.Open(g.path)
	require.NoError(t, err)
	g.Store = st
	g.serve()
}

// Pick draws one of few values, so that they meet.
func Pick[T any](t *rapid.T, label string, from []T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

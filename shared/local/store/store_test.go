package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/store"
)

func open(t testing.TB, path string) *store.Store {
	s, err := store.Open(path)
	require.NoError(t, err)
	return s
}

func TestWhatWasAnsweredIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "state.db")
	s := open(t, path)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			require.NoError(t, s.Update(func(tx *store.Tx) error {
				return tx.Put("b", fmt.Sprintf("%03d", i), []byte("v"))
			}))
		})
	}
	wg.Wait()
	require.NoError(t, s.Close())
	s = open(t, path)
	defer s.Close()
	n := 0
	require.NoError(t, s.View(func(tx *store.Tx) error {
		tx.Scan("b", "", "", func(string, []byte) bool { n++; return true })
		return nil
	}))
	require.Equal(t, 200, n)
}

func TestAFailedUpdateKeepsNothingAndHurtsNobody(t *testing.T) {
	s, err := store.OpenMemory()
	require.NoError(t, err)
	defer s.Close()
	boom := errors.New("boom")
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			committed := false
			err := s.Update(func(tx *store.Tx) error {
				tx.OnCommit(func() { committed = true })
				if err := tx.Put("b", fmt.Sprint(i), nil); err != nil {
					return err
				}
				switch i % 3 {
				case 1:
					return boom
				case 2:
					panic("bug")
				}
				return nil
			})
			require.Equal(t, i%3 == 0, err == nil, "update %d: %v", i, err)
			require.Equal(t, i%3 == 0, committed)
		})
	}
	wg.Wait()
	require.NoError(t, s.View(func(tx *store.Tx) error {
		for i := range 50 {
			require.Equal(t, i%3 == 0, tx.Get("b", fmt.Sprint(i)) != nil, "key %d", i)
		}
		return nil
	}))
}

func TestScanKeepsToPrefixAndStart(t *testing.T) {
	s, err := store.OpenMemory()
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Update(func(tx *store.Tx) error {
		for _, k := range []string{"a/1", "a/2", "a/3", "b/1"} {
			if err := tx.Put("b", k, []byte(k)); err != nil {
				return err
			}
		}
		return nil
	}))
	var got []string
	require.NoError(t, s.View(func(tx *store.Tx) error {
		tx.Scan("b", "a/", "a/2", func(k string, _ []byte) bool { got = append(got, k); return true })
		return nil
	}))
	require.Equal(t, []string{"a/2", "a/3"}, got)
}

func TestASecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	defer s.Close()
	_, err := store.Open(path)
	require.ErrorIs(t, err, store.ErrLocked)
}

// Whatever was done to the file, it is served whole or not at all, and who
// started the local cloud learns which file it is.
func TestADamagedFileIsRefused(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "state.db")
	s := open(t, whole)
	for i := range 3 {
		require.NoError(t, s.Update(func(tx *store.Tx) error {
			for n := range 14 {
				if err := tx.Put(fmt.Sprint("b", i), fmt.Sprint(n), make([]byte, 1000)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	require.NoError(t, s.Close())
	data, err := os.ReadFile(whole)
	require.NoError(t, err)
	const page = 4096
	refused := func(damaged []byte) bool {
		path := filepath.Join(t.TempDir(), "state.db")
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		s, err := store.Open(path)
		if err == nil {
			require.NoError(t, s.Close())
			return false
		}
		require.ErrorIs(t, err, store.ErrDamaged)
		require.ErrorContains(t, err, path)
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, damaged, now, "it is not changed")
		return true
	}
	require.False(t, refused(data))
	for _, size := range []int{1, page, 2 * page, len(data) / 2, len(data) / 2 / page * page} {
		require.True(t, refused(data[:size]), "cut to %d bytes", size)
	}
	require.True(t, refused([]byte("not a state file\n")))
	zeroed := 0
	for at := 0; at < len(data); at += page {
		damaged := bytes.Clone(data)
		clear(damaged[at : at+page])
		if refused(damaged) {
			zeroed++
		}
	}
	require.Greater(t, zeroed, len(data)/page/2, "the others are free, hold values, or are the older of the two heads")
}

func TestAfterCloseCallsAreRefused(t *testing.T) {
	s, err := store.OpenMemory()
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Update(func(*store.Tx) error { return nil }), store.ErrClosed)
	require.ErrorIs(t, s.View(func(*store.Tx) error { return nil }), store.ErrClosed)
}

func BenchmarkUpdate(b *testing.B) {
	for _, workers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("%d", workers), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "state.db"))
			defer s.Close()
			b.SetParallelism(workers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_ = s.Update(func(tx *store.Tx) error { return tx.Put("b", "k", []byte("v")) })
				}
			})
		})
	}
}

package store_test

import (
	"errors"
	"fmt"
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

func TestAfterCloseUpdatesAreRefused(t *testing.T) {
	s, err := store.OpenMemory()
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Update(func(*store.Tx) error { return nil }), store.ErrClosed)
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

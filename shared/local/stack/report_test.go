package stack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A function that ends as it starts leaves its uploads without an outcome: who
// runs the local cloud learns why without asking for the functions' logs.
func TestAFunctionThatDoesNotStartIsReported(t *testing.T) {
	opt := options()
	opt.BinDir, opt.OnDemand = t.TempDir(), false
	for _, name := range functionNames() {
		path := filepath.Join(opt.BinDir, name, "main")
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\necho RESULT_QUEUE is missing >&2\nexit 3\n"), 0o755))
	}
	report := make(reports, 100)
	opt.Report = report
	start(t, opt)
	for line := range report {
		require.NotContains(t, line, "to debug it")
		if strings.HasPrefix(line, "function upload: ") {
			require.Contains(t, line, "exit status 3")
			require.Contains(t, line, "RESULT_QUEUE is missing")
			return
		}
	}
}

// reports takes one line a write, as many as there is room for.
type reports chan string

func (r reports) Write(line []byte) (int, error) {
	select {
	case r <- string(line):
	default:
	}
	return len(line), nil
}

//go:build conformance

package conformance

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the table of the README")

// The table stands between these in the README.
const (
	tableBegins = "<!-- conformance: written by make conformance ARGS=-update -->\n"
	tableEnds   = "<!-- end of conformance -->\n"
	tableHead   = "| client | service | cases | passed | cannot express |\n|---|---|---|---|---|\n"
)

func (r *row) name() string { return fmt.Sprintf("| %s | %s |", r.client, r.service) }

func (r *row) String() string {
	return fmt.Sprintf("%s %d | %d | %d |", r.name(), r.cases, r.passed, r.left)
}

// printRows says what each client came to, and which were not asked.
func printRows(rows []*row) {
	for _, r := range rows {
		if r.skipped != "" {
			fmt.Printf("%-40s %-4s SKIPPED (all or in part): %s\n", r.client, r.service, r.skipped)
		} else {
			fmt.Printf("%-40s %-4s %3d of %3d cases passed, %d cannot be expressed\n", r.client, r.service, r.passed, r.cases, r.left)
		}
	}
}

// compareWithREADME holds the rows of the clients that were asked against
// those of the README, or puts them there. What was not asked stays as it is.
func compareWithREADME(t *testing.T, rows []*row) {
	path := filepath.Join(repository, "README.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, begins := strings.Cut(string(text), tableBegins)
	table, after, ends := strings.Cut(rest, tableEnds)
	require.True(t, begins && ends, "README.md has the two comments of the table")
	fresh := renew(table, rows)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+tableBegins+fresh+tableEnds+after), 0o644))
		return
	}
	require.Equal(t, fresh, table, "the table of the README is not that of this run: make conformance ARGS=-update")
}

// renew returns the table with the rows of this run.
func renew(table string, rows []*row) string {
	old := strings.Split(table, "\n")
	fresh := tableHead
	for _, r := range rows {
		line := r.String()
		if r.skipped != "" {
			i := slices.IndexFunc(old, func(l string) bool { return strings.HasPrefix(l, r.name()) })
			if i < 0 {
				continue
			}
			line = old[i]
		}
		fresh += line + "\n"
	}
	return fresh
}

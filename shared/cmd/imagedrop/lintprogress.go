package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// manyFiles is how many files are worth a progress bar.
const manyFiles = 50

// lintProgress shows on a terminal how far lint has come with many files; step
// counts one, done takes the bar away.
func lintProgress(files int, o lintOptions, err io.Writer) (step, done func()) {
	if files < manyFiles || o.format != formatText || !isTerminal(err) {
		return func() {}, func() {}
	}
	bar := progressbar.NewOptions(files, progressbar.OptionSetWriter(err), progressbar.OptionSetDescription("files"),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(false),
		progressbar.OptionThrottle(50*time.Millisecond))
	return func() { _ = bar.Add(1) }, func() { _ = bar.Clear() } // an error would be one of the terminal
}

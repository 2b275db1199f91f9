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
	return fileProgress(files, files >= manyFiles && o.format == formatText, err)
}

// planProgress is lintProgress of plan, whose files take calls to a cloud.
func planProgress(files int, f planFlags, err io.Writer) (step, done func()) {
	return fileProgress(files, files > planWidth && !f.asJSON, err)
}

func fileProgress(files int, isWorth bool, err io.Writer) (step, done func()) {
	if !isWorth || !redraws(err) {
		return func() {}, func() {}
	}
	bar := newBar(err, files, "files", progressbar.OptionThrottle(50*time.Millisecond))
	return func() { _ = bar.Add(1) }, func() { _ = bar.Clear() } // an error would be one of the terminal
}

const (
	barCells   = 30
	barsBeside = 46 // cells of what stands beside a bar, the words, percentage and count
)

// newBar is a progress bar on a terminal: shorter on a narrow one, for a line
// that wraps is not taken away again.
func newBar(w io.Writer, total int, words string, more ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions(total, append(more, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(words),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(min(barCells, max(1, terminalWidth(w)-barsBeside))), progressbar.OptionSetPredictTime(false))...)
}

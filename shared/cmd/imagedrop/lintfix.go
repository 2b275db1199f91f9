package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"imagedrop/shared/template"
)

// mend applies the fixes of an input, writes the file unless only the
// difference is wanted, and answers what is left; of a difference, what is there.
func (l *linted) mend(o lintOptions) *judged {
	before := string(l.text)
	asIs := l.sum()
	shown := l.covered()
	after, mended := template.Mend(before, func(text string) []template.Finding {
		l.text = []byte(text)
		l.lint(o)
		return l.mendable(l.tmpl.Findings)
	})
	l.text = []byte(after)
	l.lint(o)
	r := l.sum()
	r.left = len(r.findings)
	if o.diff {
		r.findings = asIs.findings // the file stays as it is
	} else if len(mended) > 0 && l.path != "-" {
		r.err = l.replace(before)
	}
	r.before, r.after = before, after
	if o.diff {
		r.shownBefore, r.shownAfter = shown, l.covered()
	}
	for _, f := range mended {
		r.mended = append(r.mended, spot{Finding: f, place: l.place(f)})
	}
	return r
}

// replace writes the mended text; an error names the file, not only the one
// that was to take its place.
func (l *linted) replace(before string) error {
	if err := replaceFile(l.path, before, l.text); err != nil {
		return fmt.Errorf("%s was not mended: %w", l.name, err)
	}
	return nil
}

// mendable are findings with fixes only where their positions are those of the
// file: base64 is not mended.
func (l *linted) mendable(findings []template.Finding) []template.Finding {
	found := make([]template.Finding, len(findings))
	for i, f := range findings {
		if !l.holds(f) {
			f.Fix = nil
		}
		found[i] = f
	}
	return found
}

// replaceFile writes a file in one step, so that nobody reads half of it, unless
// it has another text by now than was judged. A link stays one; mode and owner
// stay where the system allows it.
func replaceFile(path, before string, text []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0) // what may not be written is not replaced
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is a pipe or a device")
	}
	switch now, err := io.ReadAll(f); {
	case err != nil:
		return err
	case bytes.Equal(now, text): // another mended it
		return nil
	case string(now) != before:
		return errors.New("it was changed meanwhile")
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".imagedrop-*")
	if err != nil {
		return err
	}
	if err := writeAs(temp, text, info); err != nil {
		os.Remove(temp.Name())
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		os.Remove(temp.Name())
		return err
	}
	return nil
}

// writeAs fills and closes a file that takes the place of another.
func writeAs(f *os.File, text []byte, other os.FileInfo) error {
	_, err := f.Write(text)
	if was, ok := other.Sys().(*syscall.Stat_t); ok && err == nil {
		_ = f.Chown(int(was.Uid), int(was.Gid)) // only root may give files away
	}
	if err == nil {
		err = f.Chmod(other.Mode().Perm())
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// printFixes says what was mended, and returns where the report of what is left
// goes: nowhere after a difference.
func printFixes(results []*judged, o lintOptions, s streams) (io.Writer, error) {
	if o.diff {
		return nil, printDiffs(results, s)
	}
	if len(results) == 1 && results[0].name == o.stdinShown() {
		_, err := io.WriteString(s.out, results[0].after)
		return s.err, err
	}
	to := s.err
	if o.format == formatText {
		to = s.out
	}
	return s.out, printMended(results, to)
}

// stdinShown is how standard input is called.
func (o *lintOptions) stdinShown() string {
	if o.stdinName != "" {
		return o.stdinName
	}
	return stdin
}

func printMended(results []*judged, w io.Writer) error {
	out := bufio.NewWriter(w)
	p := newPrinter(w, false)
	for _, r := range results {
		if r == nil || r.err != nil { // not reached, not written
			continue
		}
		for _, f := range r.mended {
			fmt.Fprintf(out, "%s:%d:%d: %s %s: %s\n", clean(f.place), f.Line, f.Column, p.paint(green, "mended"),
				f.Rule, clean(f.Fix.Title))
		}
	}
	return out.Flush()
}

// printDiffs prints what the fixes would change, and on standard error how much
// that is.
func printDiffs(results []*judged, s streams) error {
	out := bufio.NewWriter(s.out)
	p := newPrinter(s.out, false)
	files, mended, left := 0, 0, 0
	for _, r := range results {
		left += r.left
		if r.before == r.after {
			continue
		}
		files++
		mended += len(r.mended)
		name := diffName(r.name)
		p.diff(out, unified(name, name, r.shownBefore, r.shownAfter))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.err, "--fix would mend %s in %s; %d left\n", count(mended, "finding"), count(files, "file"), left)
	return err
}

// diffColour is the colour of a line of a difference by its first character.
var diffColour = map[byte]string{'+': green, '-': red, '@': cyan}

// diff writes a unified difference: as it is where a program reads it, for a
// terminal without what that would obey.
func (p printer) diff(w io.Writer, text string) {
	if p.width == 0 {
		io.WriteString(w, text)
		return
	}
	for line := range strings.Lines(text) {
		fmt.Fprintln(w, p.paint(diffColour[line[0]], string(expand([]rune(strings.TrimRight(line, "\r\n")), 0))))
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// file is one template on disk.
type file struct {
	path string
	key  string // of its object in the bucket
}

// findTemplates lists the templates that paths name, directories walked, each
// once.
func findTemplates(ctx context.Context, paths []string) ([]file, error) {
	var files []file
	byKey := map[string]string{}
	for _, p := range paths {
		found, err := walk(ctx, p)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, noTemplate(p)
		}
		for _, f := range found {
			switch other, taken := byKey[f.key]; {
			case !taken:
				byKey[f.key] = f.path
				files = append(files, f)
			case !sameFile(other, f.path):
				return nil, fmt.Errorf("%s and %s would be the same object, %s", other, f.path, f.key)
			}
		}
	}
	return files, nil
}

func noTemplate(name string) error {
	return fmt.Errorf("%s: no template; their names are X.Dockerfile, Dockerfile.X, Dockerfile, X.yaml or X.yml", name)
}

// skipped are folders of other people's files; hidden folders and files, an
// editor's lock or the settings of a tool, are, too. Named on the command line
// they are taken like any other.
var skipped = map[string]bool{"node_modules": true, "vendor": true}

// walk lists the templates below root in the order of their names, or root
// itself where it is one. Links to files are followed, links to folders are not,
// so that no walk goes in circles. What cannot be read keeps nothing else from
// being found; an interrupt ends the walk.
func walk(ctx context.Context, root string) (files []file, err error) {
	if info, err := os.Stat(root); err == nil && info.IsDir() {
		root = filepath.Clean(root) + "/" // so that a link to a directory is one
	}
	var unread []error
	_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return fs.SkipAll
		case err != nil:
			unread = append(unread, err)
			return nil
		}
		hidden := strings.HasPrefix(d.Name(), ".")
		switch {
		case d.IsDir() && p != root && (hidden || skipped[d.Name()]):
			return fs.SkipDir
		case !d.IsDir() && template.IsTemplate(d.Name()) && (p == root || !hidden && isFile(p, d)):
			files = append(files, file{path: p, key: keyOf(root, p)})
		}
		return nil
	})
	return files, errors.Join(append(unread, ctx.Err())...)
}

// isFile tells files, and links to them, from what a read could wait at for
// ever. A link that leads nowhere is taken for one: reading it says so.
func isFile(p string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(p)
	return err != nil || info.Mode().IsRegular()
}

// keyOf names the object of a template. One file of a templates folder has the
// same key, dropped alone as dropped with the folder: so it is the same object,
// and its default name the same resource. Elsewhere it is the path below root;
// a Dockerfile keeps the folder that names it, be that root itself or the
// working directory.
func keyOf(root, p string) string {
	whole := filepath.ToSlash(filepath.Clean(p))
	if _, below, ok := strings.Cut("/"+whole, "/"+template.Prefix); ok {
		return template.Prefix + below
	}
	rel, err := filepath.Rel(root, p)
	if err == nil && rel != "." && rel != unnamed {
		return template.Prefix + filepath.ToSlash(rel)
	}
	name := path.Base(whole)
	if folder := folderOf(p); name == unnamed && folder != "/" {
		name = folder + "/" + name
	}
	return template.Prefix + name
}

// unnamed is the template that its folder names.
const unnamed = "Dockerfile"

// folderOf is the name of the folder that a file is in.
func folderOf(p string) string {
	whole, err := filepath.Abs(p)
	if err != nil {
		return "/"
	}
	return path.Base(path.Dir(filepath.ToSlash(whole)))
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// readInput reads a file, or standard input for "-".
func readInput(path string, in io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(path)
}

// readFile reads a file up to the size that a function reads, and one byte of
// what is more. The text may stand in room, until that is used again.
func readFile(ctx context.Context, path string, room *bytes.Buffer) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() && info.Size() <= imagebuild.MaxRaw {
		return readRegular(path, room)
	}
	return waitFor(ctx, func() ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, imagebuild.MaxRaw+1))
	})
}

// readRegular opens a file as one that must not block, which no regular file does:
// without, Go asks the system in five more calls whether it could.
func readRegular(path string, room *bytes.Buffer) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	room.Reset()
	_, err = room.ReadFrom(io.LimitReader(f, imagebuild.MaxRaw+1))
	return room.Bytes(), err
}

// waitFor reads what may come late or never, a terminal or a pipe: an interrupt
// ends the wait.
func waitFor(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		text []byte
		err  error
	}
	come := make(chan answer, 1)
	go func() {
		text, err := read()
		come <- answer{text, err}
	}()
	select {
	case a := <-come:
		return a.text, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

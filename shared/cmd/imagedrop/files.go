package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"imagedrop/shared/template"
)

// file is one template on disk.
type file struct {
	path string
	key  string // of its object in the bucket
}

// findTemplates lists the templates that paths name, directories walked, each
// once.
func findTemplates(paths []string) ([]file, error) {
	var files []file
	byKey := map[string]string{}
	for _, p := range paths {
		found, err := walk(p)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no template; their names are X.Dockerfile, Dockerfile.X, Dockerfile, X.yaml or X.yml", p)
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

func walk(root string) ([]file, error) {
	if info, err := os.Stat(root); err == nil && info.IsDir() {
		root = filepath.Clean(root) + "/" // so that a link to a directory is one
	}
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != root && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if template.IsTemplate(d.Name()) {
			files = append(files, file{path: p, key: keyOf(root, p)})
		}
		return nil
	})
	return files, err
}

// keyOf names the object of a template. One file of a templates folder has the
// same key, dropped alone as dropped with the folder: so it is the same object,
// and its default name the same resource. Elsewhere it is the path below root;
// a Dockerfile keeps the folder that names it.
func keyOf(root, p string) string {
	whole := filepath.ToSlash(filepath.Clean(p))
	if _, below, ok := strings.Cut("/"+whole, "/"+template.Prefix); ok {
		return template.Prefix + below
	}
	rel, err := filepath.Rel(root, p)
	if err == nil && rel != "." {
		return template.Prefix + filepath.ToSlash(rel)
	}
	name := path.Base(whole)
	if folder := path.Base(path.Dir(whole)); name == "Dockerfile" && folder != "." && folder != ".." && folder != "/" {
		name = folder + "/" + name
	}
	return template.Prefix + name
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

// Command lint reads the Dockerfiles of a folder with BuildKit and prints what
// its linter says of each: the peer of `imagedrop lint` in `make bench`.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"imagedrop/shared/template/buildkit"
)

func main() {
	paths, err := filepath.Glob(filepath.Join(os.Args[1], "*.Dockerfile"))
	if err != nil || len(paths) == 0 {
		fmt.Fprintln(os.Stderr, "usage: lint FOLDER")
		os.Exit(2)
	}
	said := make([]string, len(paths))
	var work sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for i := range next {
				said[i] = judge(paths[i])
			}
		})
	}
	for i := range paths {
		next <- i
	}
	close(next)
	work.Wait()
	var out bytes.Buffer
	for i, path := range paths {
		fmt.Fprintf(&out, "%s: %s\n", path, said[i])
	}
	os.Stdout.Write(out.Bytes())
}

func judge(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	warnings, err := buildkit.Lint(text)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(warnings, " warnings")
}

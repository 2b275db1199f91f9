// Command broken is a function that cannot start while the file named by
// BROKEN_WHILE exists: it ends, or, where BROKEN_AT is set, stays at that URL and never asks for work.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

func main() {
	if _, err := os.Stat(os.Getenv("BROKEN_WHILE")); err == nil {
		if url := os.Getenv("BROKEN_AT"); url != "" {
			_, _ = http.Get(url)
		}
		fmt.Fprintln(os.Stderr, "broken: setting RESULT_QUEUE is missing")
		os.Exit(1)
	}
	fc.Start(func(context.Context, []byte) (string, error) { return "mended", nil })
}

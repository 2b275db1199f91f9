// Command broken is a function that cannot start while the file named by
// BROKEN_WHILE exists: it ends, or, with BROKEN_HOW=hang, never asks for work.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

func main() {
	if _, err := os.Stat(os.Getenv("BROKEN_WHILE")); err == nil {
		if os.Getenv("BROKEN_HOW") == "hang" {
			time.Sleep(time.Hour)
		}
		fmt.Fprintln(os.Stderr, "broken: setting RESULT_QUEUE is missing")
		os.Exit(1)
	}
	fc.Start(func(context.Context, []byte) (string, error) { return "mended", nil })
}

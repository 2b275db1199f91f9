// Command hello is the FC SDK's hello world: the floor that the benchmarks
// measure the functions against.
package main

import (
	"context"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

func main() {
	fc.Start(func(context.Context, []byte) error { return nil })
}

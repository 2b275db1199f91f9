// Command versioned is a function that answers which build it is.
package main

import "github.com/aliyun/fc-runtime-go-sdk/fc"

var version string // set by the linker

func main() { fc.Start(func() (string, error) { return version, nil }) }

// Command hooks is a function with lifecycle hooks. Each reports to REPORT_TO.
package main

import (
	"context"
	"net/http"
	"os"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

func report(what string) {
	resp, err := http.Get(os.Getenv("REPORT_TO") + "?hook=" + what)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		panic(what + " refused")
	}
}

func main() {
	fc.RegisterInitializerFunction(func(context.Context) { report("initializer") })
	fc.RegisterPreStopFunction(func(context.Context) { report("preStop") })
	fc.Start(func(context.Context, []byte) error {
		report("handler")
		return nil
	})
}

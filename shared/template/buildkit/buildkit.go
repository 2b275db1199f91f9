// Package buildkit holds our scanner of templates to the parser that Docker
// uses, and our linter to the speed of its. It is a module of its own, so that
// neither BuildKit nor what it needs stands in the go.mod of the product.
package buildkit

import (
	"bytes"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// Lint reads a Dockerfile as BuildKit does before a build and returns the
// number of warnings. It knows neither COMPONENT nor RESTART.
func Lint(text []byte) (warnings int, err error) {
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	warn := func(string, string, string, string, []parser.Range) { warnings++ }
	_, _, err = instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	return warnings + len(parsed.Warnings), err
}

package stack

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// FileError lists what is wrong with s.yaml, one mistake a line:
// "s.yaml:41:16: timeout: 0 is not within 1 and 86400".
type FileError struct {
	file     string
	problems []problem
}

// Error implements error.
func (e *FileError) Error() string {
	lines := make([]string, len(e.problems))
	for i, p := range e.problems {
		lines[i] = fmt.Sprintf("%s:%d:%d: %s", e.file, p.line, p.column, p.text)
	}
	return strings.Join(lines, "\n")
}

// errorOf returns the problems as one error in the order of the file, nil
// where there are none.
func errorOf(file string, problems []problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column), strings.Compare(a.text, b.text))
	})
	return &FileError{file, slices.Compact(problems)}
}

// read returns what file describes, or a *FileError with all its mistakes.
func read(file string, lookupEnv func(string) (string, bool)) (*plan, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	return readData(file, dir, data, lookupEnv)
}

func readData(file, dir string, data []byte, lookupEnv func(string) (string, bool)) (*plan, error) {
	root, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	d := &decoder{at: map[any]*yaml.Node{}}
	v := &variables{root: root, dir: dir, getenv: lookupEnv, fail: d.failAt}
	v.resolveAll()
	if err := errorOf(file, d.problems); err != nil {
		return nil, err // what follows from it would only confuse
	}
	var p project
	d.decode(root, reflect.ValueOf(&p).Elem(), filepath.Base(file), nil)
	d.decodeTriggers(&p)
	if err := errorOf(file, d.problems); err != nil {
		return nil, err
	}
	pl := newPlan(d, &p, dir)
	if err := errorOf(file, d.problems); err != nil {
		return nil, err
	}
	return pl, nil
}

// decodeTriggers reads each triggerConfig as what its triggerType says.
func (d *decoder) decodeTriggers(p *project) {
	for _, r := range p.Resources {
		for i := range r.Props.Triggers {
			t := &r.Props.Triggers[i]
			if make, known := triggerConfigs[t.TriggerType]; known && d.has(&t.TriggerConfig) {
				t.config = make()
				d.decode(&t.TriggerConfig, reflect.ValueOf(t.config).Elem(), "triggerConfig", nil)
			}
		}
	}
}

// parse returns the mapping of a file with one YAML document.
func parse(file string, data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if err == nil {
		if err = decoder.Decode(&second); errors.Is(err, io.EOF) {
			return document.Content[0], nil
		}
		if err == nil {
			err = fmt.Errorf("line %d: a second document", second.Line)
		}
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("line 1: the file is empty")
	}
	return nil, syntaxError(file, err)
}

// syntaxError gives an error of the YAML library, "yaml: line 3: text", the
// form of the others. It does not tell the column.
func syntaxError(file string, err error) error {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	p := problem{1, 1, message}
	if _, scanErr := fmt.Sscanf(message, "line %d:", &p.line); scanErr == nil {
		_, p.text, _ = strings.Cut(message, ": ")
	}
	return errorOf(file, []problem{p})
}

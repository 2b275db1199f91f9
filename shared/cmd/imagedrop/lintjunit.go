package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"imagedrop/shared/template"
)

// junitTime stands where a duration is demanded: lint measures none, so that
// the same input gives the same report.
const junitTime = "0"

// printJUnit prints a suite for each file and in it a test case for each rule
// that found something: failed at or above the threshold, else passed with the
// findings as output. A file without findings is one passed case, one that could
// not be read a case with an error.
func printJUnit(w io.Writer, results []*judged, o lintOptions) error {
	suites := junit.Testsuites{Name: "imagedrop lint", Time: junitTime}
	for i, r := range results {
		suites.AddSuite(suiteOf(i, r, o))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return suites.WriteXML(w)
}

func suiteOf(id int, r *judged, o lintOptions) junit.Testsuite {
	suite := junit.Testsuite{ID: id, Name: clean(r.name), File: clean(r.name), Time: junitTime}
	if r.err != nil {
		suite.AddTestcase(junit.Testcase{Name: "lint", Classname: suite.Name, Time: junitTime,
			Error: &junit.Result{Message: clean(r.err.Error()), Type: "unread"}})
	}
	for _, rule := range rulesOf(r.findings) {
		suite.AddTestcase(caseOf(suite.Name, rule, r.findings, o))
	}
	if suite.Tests == 0 {
		suite.AddTestcase(junit.Testcase{Name: "lint", Classname: suite.Name, Time: junitTime})
	}
	return suite
}

// rulesOf are the rules of findings, each once, by their id.
func rulesOf(findings []spot) (ids []string) {
	for _, f := range findings {
		ids = append(ids, f.Rule)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// caseOf is the test case of one rule.
func caseOf(file, rule string, findings []spot, o lintOptions) junit.Testcase {
	var text strings.Builder
	first, failed, n := "", template.Severity(""), 0
	for _, f := range findings {
		if f.Rule != rule {
			continue
		}
		if n++; n == 1 {
			first = said(f.Finding)
		}
		if o.fails(f.Finding) && failed != template.Error {
			failed = f.Severity
		}
		fmt.Fprintf(&text, "%s:%d:%d: %s %s: %s\n", clean(f.place), f.Line, f.Column, f.Severity, rule, said(f.Finding))
		if f.Help != "" {
			fmt.Fprintf(&text, "  help: %s\n", clean(f.Help))
		}
	}
	if n > 1 {
		first = fmt.Sprintf("%s, and %d more", first, n-1)
	}
	made := junit.Testcase{Name: rule, Classname: file, Time: junitTime}
	if failed == "" {
		made.SystemOut = &junit.Output{Data: text.String()}
	} else {
		made.Failure = &junit.Result{Message: first, Type: string(failed), Data: text.String()}
	}
	return made
}

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
	"imagedrop/shared/template/rules"
)

const (
	// sarifRoot is what relative addresses of files begin at: the checkout, as code
	// hosts expect it.
	sarifRoot = "%SRCROOT%"
	// fingerprintName names the way fingerprints are made; another way, another number.
	fingerprintName = "imagedrop/v1"
)

var sarifLevel = map[template.Severity]string{template.Error: sarif.LevelError, template.Warning: sarif.LevelWarning,
	template.Info: sarif.LevelNote}

// printSARIF prints a SARIF 2.1.0 log with one run.
func printSARIF(w io.Writer, results []*judged, _ lintOptions) error {
	s := sarifLog{run: sarif.NewRun().WithColumnKind("unicodeCodePoints"), root: repositoryRoot()}
	s.run.WithOriginalUriBaseIds(map[string]sarif.ArtifactLocation{
		sarifRoot: *sarif.NewArtifactLocation().WithDescription(sarif.NewTextMessage("the checkout, or the working directory")),
	})
	s.driver(results)
	invocation := sarif.NewInvocation().WithExecutionSuccessful(true)
	for _, r := range results {
		if r.err != nil {
			invocation.WithExecutionSuccessful(false).AddToolExecutionNotification(unreadNotification(r.err))
		}
		s.results(r)
	}
	s.run.AddInvocation(invocation)
	var whole bytes.Buffer
	if err := sarif.NewReport().AddRun(s.run).Write(&whole); err != nil {
		return err
	}
	var log any
	reader := json.NewDecoder(&whole)
	reader.UseNumber()
	if err := reader.Decode(&log); err != nil {
		return err
	}
	return printJSON(w, bare(log))
}

// bare leaves out of a log what the library writes where nothing is known: -1,
// which the standard has for a member that is absent and readers take for a
// place, and empty lists. That nothing was found is said, and so is that no rule
// found anything: GitHub's code scanning demands both.
func bare(log any) any {
	switch v := log.(type) {
	case []any:
		for _, item := range v {
			bare(item)
		}
	case map[string]any:
		for name, member := range v {
			list, ok := member.([]any)
			if member == json.Number("-1") || ok && len(list) == 0 && name != "results" && name != "rules" {
				delete(v, name)
			}
			bare(member)
		}
	}
	return log
}

// sarifLog is a run under way.
type sarifLog struct {
	run  *sarif.Run
	root string
	ids  []string // of the rules in the run
}

// driver describes the tool and the rules that found something, with their pages.
func (s *sarifLog) driver(results []*judged) {
	var found []spot
	for _, r := range results {
		found = append(found, r.findings...)
	}
	s.ids = rulesOf(found)
	driver := sarif.NewToolComponent().WithName("imagedrop").WithVersion(imagebuild.Version)
	for _, id := range s.ids {
		rule := sarif.NewRule(id)
		for i := range template.Rules {
			if row := &template.Rules[i]; row.ID == id {
				rule.WithDescription(row.Doc).WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel[row.Severity]))
			}
		}
		rule.WithFullDescription(sarif.NewMultiformatMessageString().WithText(rules.Gist(id))) // code scanning of GitHub demands it
		driver.AddRule(rule.WithMarkdownHelp(rules.Page(id)))
	}
	s.run.WithTool(sarif.NewTool().WithDriver(driver))
}

func unreadNotification(err error) *sarif.Notification {
	return sarif.NewNotification().WithLevel(sarif.LevelError).WithMessage(sarif.NewTextMessage(err.Error()))
}

func (s *sarifLog) results(r *judged) {
	artifact := s.artifact(r.name)
	same := map[string]int{}
	for _, f := range r.findings {
		place := sarif.NewPhysicalLocation().WithArtifactLocation(artifact).WithRegion(f.inFile.sarif())
		location := sarif.NewLocation().WithPhysicalLocation(place)
		if pointer, ok := strings.CutPrefix(f.place, r.name+"#"); ok {
			location.AddLogicalLocation(sarif.NewLogicalLocation().WithFullyQualifiedName(pointer).WithKind("member"))
		}
		result := sarif.NewRuleResult(f.Rule).WithRuleIndex(slices.Index(s.ids, f.Rule)).WithLevel(sarifLevel[f.Severity]).
			WithMessage(sarif.NewTextMessage(f.annotation(r.name))).AddLocation(location).
			WithPartialFingerprints(map[string]string{fingerprintName: f.fingerprint(same)})
		s.run.AddResult(result)
	}
}

// sarif is the region in SARIF, which has no region of no lines: all of a file
// is its first line.
func (r region) sarif() *sarif.Region {
	if r.line == 0 {
		return sarif.NewRegion().WithStartLine(1)
	}
	return sarif.NewRegion().WithStartLine(r.line).WithStartColumn(r.column).WithEndLine(r.endLine).WithEndColumn(r.endColumn)
}

// artifact is the address of a file: relative to the root, or whole where it
// lies elsewhere.
func (s *sarifLog) artifact(name string) *sarif.ArtifactLocation {
	path := below(s.root, name)
	if filepath.IsAbs(path) {
		return sarif.NewArtifactLocation().WithURI((&url.URL{Scheme: "file", Path: path}).String())
	}
	return sarif.NewArtifactLocation().WithURI((&url.URL{Path: path}).String()).WithURIBaseID(sarifRoot)
}

// fingerprint tells a finding from others of its file, and stays the same when
// lines come and go above it: the rule, the text of its line, and a number where
// a line says the same again. A secret in the line is covered.
func (f spot) fingerprint(same map[string]int) string {
	key := f.Rule + "\n" + f.Path + "\n" + strings.Join(strings.Fields(f.line), " ")
	same[key]++
	sum := sha256.Sum256([]byte(key + "\n" + strconv.Itoa(same[key])))
	return fmt.Sprintf("%s:%d", hex.EncodeToString(sum[:8]), same[key])
}

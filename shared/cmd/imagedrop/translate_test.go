package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const twoClouds = "# ---\n# name: web\n# targets: [alibaba, aws]\n# ---\nENV PORT=\"80\"\nRUN echo $PORT\n"

// The document on standard output, everything else on standard error.
func TestTranslate(t *testing.T) {
	dir := folder(t, map[string]string{"web.Dockerfile": twoClouds, "plain.Dockerfile": "RUN echo 80\n", "bad.Dockerfile": "RUN true\nCOPY oss://b/k /x\n",
		"web.yaml":     "# a comment\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - {name: a, action: Reboot}\n",
		"bad.yaml":     "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: a, action: Rebot}]}]\n",
		"message.json": `{"name": "web", "content": "RUN echo 80"}`, "uri.json": `{"name": "web", "aws": {"uri": "s3://bucket/a.yaml"}}`})
	for name, test := range map[string]struct {
		code     int
		out, err string
	}{
		"web.Dockerfile":   {exitDone, "PORT", "info IB0514"},
		"plain.Dockerfile": {exitDone, "echo 80", ""},
		"message.json":     {exitDone, "echo 80", ""},
		"web.yaml":         {exitDone, "action: Reboot", ""},
		"bad.Dockerfile":   {exitRejected, "", "bad.Dockerfile:2:6: error IB0504"},
		"bad.yaml":         {exitRejected, "", "bad.yaml:2:50: error IB0523"},
		"uri.json":         {exitTrouble, "", "its document is s3://bucket/a.yaml"},
		"none.Dockerfile":  {exitTrouble, "", "no such file"},
	} {
		r := imagedrop(t, "translate", dir+"/"+name).requireCode(t, test.code)
		require.Contains(t, r.out, test.out, name)
		require.Contains(t, r.err, test.err, name)
		require.NotContains(t, r.out, "comment")
		if test.code != exitDone {
			require.Empty(t, r.out, name)
			continue
		}
		var document struct {
			SchemaVersion float64 `yaml:"schemaVersion"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(r.out), &document), name)
		require.Equal(t, 1.0, document.SchemaVersion)
		require.Equal(t, r.out, imagedrop(t, "translate", dir+"/"+name).out, "the same bytes")
	}
}

// The form that consumers rely on.
func TestTranslateJSON(t *testing.T) {
	r := imagedropOn(t, twoClouds, "translate", "--json", "-").requireCode(t, exitDone)
	var got struct {
		Version  int
		Document string
		Lines    []struct {
			Line              int
			Command, Fidelity string
		}
		Findings []finding
	}
	require.NoError(t, json.Unmarshal([]byte(r.out), &got))
	require.Equal(t, 1, got.Version)
	require.Contains(t, got.Document, "L006-run")
	require.Len(t, got.Lines, 2)
	require.Equal(t, []string{"approximate", "exact"}, []string{got.Lines[0].Fidelity, got.Lines[1].Fidelity})
	require.Equal(t, "IB0514", got.Findings[0].Rule)
	require.Empty(t, r.err)
}

// lint finds what the function awscomponent would, where the template goes to AWS.
func TestLintOfTargetAWS(t *testing.T) {
	r := imagedropOn(t, twoClouds+"COPY oss://b/k /x\n", "lint", "-").requireCode(t, exitRejected)
	require.Contains(t, r.out, "<stdin>:7:6: error IB0504")
	require.NotContains(t, imagedropOn(t, "RUN true\nCOPY oss://b/k /x\n", "lint", "-").requireCode(t, exitDone).out, "IB05")
	require.Regexp(t, `ok, 2 commands, \d+ of 16384 bytes; aws: \d+ of 16000 characters\n1 info; .*\n$`,
		imagedropOn(t, twoClouds, "lint", "-").requireCode(t, exitDone).out)
	byURI := imagedropOn(t, `{"targets": ["aws"], "name": "web", "templateUri": "oss://bucket/web.Dockerfile"}`, "lint", "-").requireCode(t, exitDone)
	require.NotContains(t, byURI.out, "IB05")
}

// drop and send wait for the outcome of each target.
func TestDropToTwoClouds(t *testing.T) {
	l := newLocal(t)
	for _, args := range [][]string{{"drop", folder(t, map[string]string{"web.Dockerfile": twoClouds, "doc.yaml": "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: a, action: Reboot}]}]\n"})},
		{"send", folder(t, map[string]string{"m.json": `{"name": "sent", "targets": ["alibaba", "aws"], "content": "RUN true"}`}) + "/m.json"}} {
		r := l.run(append(args, "--json")...).requireCode(t, exitDone)
		var targets []string
		for _, o := range r.outcomes(t) {
			targets = append(targets, o.Data.Target.Provider+" "+o.Data.Status)
		}
		want := "alibaba created,aws created"
		if args[0] == "drop" {
			want += ",aws created"
		}
		require.ElementsMatch(t, strings.Split(want, ","), targets)
	}
}

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
)

// commands are those of this version.
var commands = []string{"up", "drop", "send", "results", "invoke", "env", "faults", "lint", "rules", "plan", "translate", "redrive"}

func TestEveryCommandExplainsItself(t *testing.T) {
	help := imagedrop(t, "--help").requireCode(t, exitDone).out
	for _, name := range commands {
		require.Regexp(t, `(?m)^  `+name+` +[A-Z]`, help)
		r := imagedrop(t, name, "--help").requireCode(t, exitDone)
		require.Regexp(t, `(?m)^Examples:\n  .*imagedrop `+name, r.out)
		require.Contains(t, r.out, "--json", name)
		require.NotRegexp(t, `(?m)^ +(-., )?--[a-z-]+ \S+ \S+  `, r.out, "a value has a name of one word")
		require.Empty(t, r.err)
	}
	require.Equal(t, help, imagedrop(t).requireCode(t, exitDone).out)
	require.Equal(t, "imagedrop version "+imagebuild.Version+"\n", imagedrop(t, "--version").requireCode(t, exitDone).out)
}

func TestWrongUsageIsCode2AndNamed(t *testing.T) {
	dir := folder(t, map[string]string{"a.txt": "RUN true\n", "s.yaml": "edition: 3.0.0\n"})
	text := filepath.Join(dir, "a.txt")
	tests := map[string]struct {
		args []string
		want string
		hint string // at the help of this command, where it is one of usage
	}{
		"command":            {[]string{"dorp"}, `unknown command "dorp" for "imagedrop"`, "imagedrop"},
		"flag":               {[]string{"lint", "--fast", "x"}, "unknown flag: --fast", "imagedrop lint"},
		"no path":            {[]string{"drop"}, "usage: imagedrop drop PATH... [flags]", "imagedrop drop"},
		"too many arguments": {[]string{"results", "x"}, "usage: imagedrop results [flags]", "imagedrop results"},
		"command below":      {[]string{"faults", "ad"}, `unknown command "ad" for "imagedrop faults"`, "imagedrop faults"},
		"one dash":           {[]string{"lint", "-format=json", "x"}, "unknown shorthand flag: 'f' in -format=json; did you mean --format?", "imagedrop lint"},
		"near flag":          {[]string{"lint", "--formt", "json", "x"}, "unknown flag: --formt; did you mean --format?", "imagedrop lint"},
		"format":             {[]string{"lint", "--format", "xml", "x"}, `--format is text, json, sarif, github or junit, not "xml"`, "imagedrop lint"},
		"two formats":        {[]string{"lint", "--format", "sarif", "--json", "x"}, "--json means --format json, not sarif", "imagedrop lint"},
		"format of a diff":   {[]string{"lint", "--diff", "--json", "x"}, "--diff prints a difference, not --format json", "imagedrop lint"},
		"threshold":          {[]string{"lint", "--fail-on", "never", "x"}, `--fail-on is error, warning or info, not "never"`, "imagedrop lint"},
		"name of nothing":    {[]string{"lint", "--stdin-name", "a.Dockerfile", "x"}, "--stdin-name needs -, standard input", "imagedrop lint"},
		"fix of two":         {[]string{"lint", "--fix", "-", "x"}, "--fix prints the mended standard input", "imagedrop lint"},
		"exit without drop":  {[]string{"up", "--exit"}, "--exit needs --drop", "imagedrop up"},
		"timeout alone":      {[]string{"up", "--timeout", "3s"}, "--timeout needs --exit", "imagedrop up"},
		"no time scale":      {[]string{"up", "--time-scale", "0"}, "--time-scale takes a number above 0", "imagedrop up"},
		"no number to scale": {[]string{"up", "--time-scale", "NaN"}, "--time-scale takes a number above 0", "imagedrop up"},
		"two events":         {[]string{"invoke", "upload", "event.json", "--timer", "nightly"}, "one of an event file or --object or --timer", "imagedrop invoke"},
		"time alone":         {[]string{"invoke", "upload", "event.json", "--time", "2026-05-04T18:00:00Z"}, "--time needs --timer", "imagedrop invoke"},
		"malformed time":     {[]string{"invoke", "rebuild", "--timer", "nightly", "--time", "tonight"}, "--time tonight: want RFC 3339", "imagedrop invoke"},
		"memory and state":   {[]string{"up", "--memory", "--state", dir}, "[memory state]", "imagedrop up"},
		"state and port":     {[]string{"env", "--state", dir, "--port-base", "4700"}, "[port-base state]", "imagedrop env"},
		"follow and take":    {[]string{"results", "--follow", "--take"}, "[follow take]", "imagedrop results"},
		"no event":           {[]string{"invoke", "upload"}, "an event file or --object", "imagedrop invoke"},
		"event and object":   {[]string{"invoke", "upload", "x", "--object", "y"}, "an event file or --object", "imagedrop invoke"},
		"fault of nothing":   {[]string{"faults", "add"}, "a fault needs --service, --operation and --effect, or --file", "imagedrop faults add"},
		"file and effect":    {[]string{"faults", "add", "--file", "x", "--effect", "slow"}, "[effect file]", "imagedrop faults add"},
		"duration":           {[]string{"drop", "--timeout", "soon", "x"}, `invalid argument "soon"`, "imagedrop drop"},

		"discard all":      {[]string{"redrive", "--discard"}, "--discard needs --select", "imagedrop redrive"},
		"list and save":    {[]string{"redrive", "--dry-run", "--save", dir}, "[dry-run save]", "imagedrop redrive"},
		"endpoint alone":   {[]string{"redrive", "--mns-endpoint", "https://x"}, "--mns-endpoint needs --cloud", "imagedrop redrive"},
		"cloud of no name": {[]string{"redrive", "--cloud", "--dry-run"}, "--cloud needs --mns-endpoint and --queue", "imagedrop redrive"},
		"cloud invokes":    {[]string{"redrive", "--cloud", "--mns-endpoint", "https://1.mns.cn-hangzhou.aliyuncs.com", "--queue", "q"}, "--cloud cannot invoke functions", "imagedrop redrive"},
		"cloud and state":  {[]string{"redrive", "--cloud", "--dry-run", "--mns-endpoint", "https://x", "--queue", "q", "--state", dir}, "[cloud state]", "imagedrop redrive"},

		"help of nothing": {[]string{"help", "lnt"}, `unknown command "lnt" for "imagedrop"`, ""},
		"no template":     {[]string{"drop", text}, "a.txt: no template; their names are X.Dockerfile", ""},
		"hostile name":    {[]string{"lint", dir + "/\x1b[31m.Dockerfile"}, "imagedrop: " + dir + "/\ufffd[31m.Dockerfile: no such file or directory", ""},
		"no such file":    {[]string{"drop", dir + "/none"}, "none: no such file or directory", ""},
		"no such folder":  {[]string{"up", "--drop", dir + "/none"}, "none: no such file or directory", ""},
		"nothing to send": {[]string{"send", dir + "/none.json"}, "none.json: no such file or directory", ""},
		"no s.yaml":       {[]string{"up", "-f", dir + "/t.yaml"}, "there is no " + dir + "/t.yaml: run this where it is, or name it with -f", ""},
		"an empty s.yaml": {[]string{"up", "-f", dir + "/s.yaml", "--memory"}, dir + "/s.yaml:1:1: ", ""},
		"no such policy":  {[]string{"lint", "--policy", dir + "/none", text}, "none: no such file or directory", ""},
		"bad policy":      {[]string{"lint", "--policy", dir + "/s.yaml", text}, "s.yaml: ", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := imagedrop(t, test.args...).requireCode(t, exitTrouble)
			require.Empty(t, r.out)
			require.True(t, strings.HasPrefix(r.err, "imagedrop: "), r.err)
			require.Contains(t, r.err, test.want)
			if test.hint == "" {
				require.NotContains(t, r.err, "--help")
			} else {
				require.True(t, strings.HasSuffix(r.err, "\nsee `"+test.hint+" --help`\n"), r.err)
			}
		})
	}
}

// Without a local cloud, and where a killed one has left its addresses.
func TestNothingAnsweringIsCode2(t *testing.T) {
	none, dead := t.TempDir(), t.TempDir()
	addresses := `{"console":"http://127.0.0.1:1"}`
	require.NoError(t, os.WriteFile(filepath.Join(dead, "endpoints.json"), []byte(addresses), 0o600))
	file := write(t, "tool-a.Dockerfile", "RUN true\n")
	for _, place := range [][]string{{"--state", none}, {"--state", dead}, {"--port-base", "1"}} {
		for _, args := range [][]string{
			{"drop", file}, {"send", file}, {"results"}, {"results", "--follow"}, {"results", "--take"}, {"invoke", "upload", file},
			{"invoke", "upload", "--object", file}, {"env"}, {"faults"}, {"faults", "clear"}, {"redrive", "--dry-run"},
		} {
			r := imagedrop(t, append(args, place...)...).requireCode(t, exitTrouble)
			require.Empty(t, r.out)
			require.Contains(t, r.err, "no local cloud answers; start one with `imagedrop up`", "%v", args)
		}
	}
}

// full is a device without space left.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestLostOutputIsCode2(t *testing.T) {
	var err strings.Builder
	file := write(t, "tool-a.Dockerfile", "RUN true\n")
	for _, format := range []string{"text", "json"} {
		err.Reset()
		code := runContext(t.Context(), []string{"lint", "--format", format, file}, streams{out: full{}, err: &err})
		require.Equal(t, exitTrouble, code)
		require.Contains(t, err.String(), "output was lost: no space left")
	}
}

// A shell that asks what may follow hears the choices, and no files.
func TestShellsComplete(t *testing.T) {
	for asked, want := range map[string]string{
		"lint --format ": "text\njson\nsarif\ngithub\njunit\n:4\n", "lint --fail-on ": "error\nwarning\ninfo\n:4\n", "rules IB0112": "IB0112\n:4\n",
		"lint ": ":0\n",
	} {
		require.Equal(t, want, imagedrop(t, append([]string{"__complete"}, strings.Split(asked, " ")...)...).requireCode(t, exitDone).out, asked)
	}
}

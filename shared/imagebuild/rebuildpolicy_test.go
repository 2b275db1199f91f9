package imagebuild_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
)

func TestParseRebuildPolicy(t *testing.T) {
	defaults := imagebuild.RebuildPolicy{NamePattern: "*", MaxAge: 7 * 24 * time.Hour, MaxFailures: 3, MaxRunning: 5}
	with := func(change func(*imagebuild.RebuildPolicy)) imagebuild.RebuildPolicy {
		p := defaults
		change(&p)
		return p
	}
	for payload, want := range map[string]imagebuild.RebuildPolicy{
		everything:                       defaults,
		"\n { \"namePattern\" : \"*\" }": defaults,
		`{"imagePipelineId":"ip-1"}`:     with(func(p *imagebuild.RebuildPolicy) { p.NamePattern, p.ImagePipelineIDs = "", []string{"ip-1"} }),
		`{"imagePipelineId":["ip-2","ip-1","ip-2"]}`: with(func(p *imagebuild.RebuildPolicy) {
			p.NamePattern, p.ImagePipelineIDs = "", []string{"ip-1", "ip-2"}
		}),
		`{"tags":{"team":"web","rebuild":""}}`: with(func(p *imagebuild.RebuildPolicy) {
			p.NamePattern, p.Tags = "", []imagebuild.Tag{{Key: "rebuild"}, {Key: "team", Value: "web"}}
		}),
		`{"namePattern":"*","regionId":"cn-beijing","maxAge":"36h","maxFailures":0,"maxRunning":100,"force":true}`: with(func(p *imagebuild.RebuildPolicy) {
			p.RegionID, p.MaxAge, p.MaxFailures, p.MaxRunning, p.Force = "cn-beijing", 36*time.Hour, 0, 100, true
		}),
		`{"namePattern":"*","maxAge":"0"}`:   with(func(p *imagebuild.RebuildPolicy) { p.MaxAge = 0 }),
		`{"namePattern":"*","maxAge":"90m"}`: with(func(p *imagebuild.RebuildPolicy) { p.MaxAge = 90 * time.Minute }),
		`{"namePattern":"*","maxAge":"14d"}`: with(func(p *imagebuild.RebuildPolicy) { p.MaxAge = 14 * 24 * time.Hour }),
	} {
		got, err := imagebuild.ParseRebuildPolicy([]byte(payload))
		require.NoError(t, err, payload)
		require.Equal(t, want, got, payload)
	}
}

func TestParseRebuildPolicyErrors(t *testing.T) {
	for payload, want := range map[string]string{
		"":                         "line 1, column 1: not valid JSON: unexpected end",
		`{"namePattern":"*"`:       "line 1, column 18: not valid JSON: unexpected end",
		"{\n\"namePattern\": ü}":   "line 2, column 16: not valid JSON: invalid character",
		`{"namePattern" "*"}`:      "line 1, column 16: not valid JSON",
		`"*"`:                      "not a JSON object",
		`["*"]`:                    "not a JSON object",
		`null`:                     "not a JSON object",
		`{"namePattern":"*"} {}`:   "line 1, column 21: not valid JSON: invalid character '{' after top-level value",
		`{"tags":{"a":"b"},"x":1}`: `line 1, column 19: "x" is not a key of the payload`,
		`{"NamePattern":"*"}`:      "did you mean namePattern?",
		`{"imagePipelineIds":[]}`:  "did you mean imagePipelineId?",
		`{"force":true}`:           "selects nothing",
		"{\"namePattern\":\"*\",\n\"namePattern\":\"*\"}":    `line 2, column 1: "namePattern" is given twice`,
		`{"namePattern":""}`:                                 "1 to 128 characters",
		`{"namePattern":"` + strings.Repeat("ü", 129) + `"}`: "1 to 128 characters",
		`{"namePattern":null}`:                               "must be a string",
		`{"regionId":"cn beijing"}`:                          "must be an ID",
		`{"imagePipelineId":[]}`:                             "must be an ID, or a list of some",
		`{"imagePipelineId":["ip-1",2]}`:                     "must be an ID, or a list of some",
		`{"tags":{}}`:                                        "1 to 20 members",
		`{"tags":{"a":1}}`:                                   "an object of strings",
		`{"tags":{"":"a"}}`:                                  "no more than 128 characters",
		`{"tags":["a"]}`:                                     "an object of strings",
		`{"maxAge":7}`:                                       `as "7d", "36h" or "90m"`,
		`{"maxAge":"7"}`:                                     `as "7d", "36h" or "90m"`,
		`{"maxAge":"d"}`:                                     `as "7d", "36h" or "90m"`,
		`{"maxAge":"7dd"}`:                                   `as "7d", "36h" or "90m"`,
		`{"maxAge":"-7d"}`:                                   `as "7d", "36h" or "90m"`,
		`{"maxAge":"12345d"}`:                                `as "7d", "36h" or "90m"`,
		`{"maxAge":"1w"}`:                                    `as "7d", "36h" or "90m"`,
		`{"maxFailures":-1}`:                                 "a whole number from 0 to 100",
		`{"maxFailures":1.5}`:                                "a whole number from 0 to 100",
		`{"maxRunning":0}`:                                   "a whole number from 1 to 100",
		`{"maxRunning":"5"}`:                                 "a whole number from 1 to 100",
		`{"maxRunning":101}`:                                 "a whole number from 1 to 100",
		`{"force":1}`:                                        "true or false",
		"{\"namePattern\":\"\xff\"}":                         "not UTF-8",
		`{"namePattern":"` + strings.Repeat("a", 16<<10):     "the payload has 16400 bytes, more than 16384",
	} {
		_, err := imagebuild.ParseRebuildPolicy([]byte(payload))
		require.ErrorContains(t, err, want, payload)
	}
}

// Whatever the payload is, the run is refused or knows what it selects.
func FuzzParseRebuildPolicy(f *testing.F) {
	for _, seed := range []string{everything, `{"imagePipelineId":["ip-1"],"maxAge":"7d"}`, `{"tags":{"a":"b"},"force":true,"maxRunning":1}`, "{\n\"x\":", "[1]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		p, err := imagebuild.ParseRebuildPolicy(payload)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.True(t, len(p.ImagePipelineIDs) > 0 || len(p.Tags) > 0 || p.NamePattern != "")
		require.True(t, p.MaxRunning >= 1 && p.MaxRunning <= 100 && p.MaxFailures >= 0 && p.MaxAge >= 0)
	})
}

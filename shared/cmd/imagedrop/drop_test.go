package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	ecscredentials "github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// described is a component or pipeline as the service describes it.
type described struct {
	ImageComponentID, ImagePipelineID, Name, Content string

	Tags struct {
		Tag []struct{ TagKey, TagValue string }
	}
}

// describe asks the ECS endpoint for everything, or for all of one name.
func describe(t *testing.T, e stack.Endpoints, kind, name string) (list []described) {
	t.Helper()
	client, err := sdk.NewClientWithOptions(e.Region, sdk.NewConfig(), ecscredentials.NewAccessKeyCredential(e.AccessKeyID, e.AccessKeySecret))
	require.NoError(t, err)
	for token := ""; ; {
		r := requests.NewCommonRequest()
		r.Method, r.Scheme, r.Domain, r.Version = "POST", "http", strings.TrimPrefix(e.ECS, "http://"), "2014-05-26"
		r.ApiName = map[string]string{"component": "DescribeImageComponents", "pipeline": "DescribeImagePipelines"}[kind]
		r.QueryParams["RegionId"], r.QueryParams["MaxResults"] = e.Region, "100"
		if name != "" {
			r.QueryParams["Name"] = name
		}
		if token != "" {
			r.QueryParams["NextToken"] = token
		}
		resp, err := client.ProcessCommonRequest(r)
		require.NoError(t, err)
		var answer struct {
			NextToken      string
			ImageComponent struct{ ImageComponentSet []described }
			ImagePipeline  struct{ ImagePipelineSet []described }
		}
		require.NoError(t, json.Unmarshal(resp.GetHttpContentBytes(), &answer))
		list = append(append(list, answer.ImageComponent.ImageComponentSet...), answer.ImagePipeline.ImagePipelineSet...)
		if token = answer.NextToken; token == "" {
			return list
		}
	}
}

const linux = "FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\n"

// comments fills a template that the function still reads, with text that is
// not sent.
func comments(lines int) string { return strings.Repeat("# a comment that is not sent\n", lines) }

// What is wrong is rejected with place and help, what only looks different is
// accepted like the plain form, and nothing blocks anything else.
func TestEveryTemplateGetsItsOwnOutcome(t *testing.T) {
	l := newLocal(t)
	const plain = "# ---\n# name: plain\n# tags: {team: web}\n# ---\n" + linux + "RUN yum install -y nginx\nRUN true\n"
	dropped := l.run("drop", "--json", write(t, "plain.Dockerfile", plain)).requireCode(t, exitDone).outcomes(t)
	require.Len(t, dropped, 1)
	require.Equal(t, "created", dropped[0].Data.Status)
	id := dropped[0].Data.Resource.ID

	rejected := map[string]struct {
		text, rule   string
		line, column int
	}{
		"empty.Dockerfile":        {"", "IB0001", 1, 1},
		"blank.Dockerfile":        {"\n# only a comment\n\n", "IB0001", 1, 1},
		"bytes.Dockerfile":        {"RUN " + strings.Repeat("x", 16_381), "IB0002", 1, 1},
		"commands.Dockerfile":     {strings.Repeat("RUN true\n", 128), "IB0003", 128, 1},
		"binary.Dockerfile":       {"\x7fELF\x02\x01\x01\x00\x00", "IB0004", 1, 8},
		"utf8.Dockerfile":         {"RUN true\nRUN echo \xff\xfe\n", "IB0005", 2, 10},
		"unknown.Dockerfile":      {"RUN true\nEXPOSE 80\n", "IB0101", 2, 1},
		"yaml.Dockerfile":         {"Tasks:\n  - Name: a\n    Action: RunShellCommand\n", "IB0006", 1, 1},
		"unclosed.Dockerfile":     {"\n# ---\n# name: unclosed\nRUN true\n", "IB0253", 2, 1},
		"misspelt.Dockerfile":     {"# ---\n# nmae: misspelt\n# ---\nRUN true\n", "IB0250", 2, 3},
		"region.Dockerfile":       {"# ---\n# regionId: us-west-1\n# ---\nRUN true\n", "IB0258", 2, 13},
		"sharing.Dockerfile":      {"# ---\n# addAccounts: [\"1234567890123457\"]\n# ---\n" + linux + "RUN true\n", "IB0258", 2, 17},
		"deep/in/here.Dockerfile": {"RUN\n", "IB0102", 1, 1},
		"action.yaml":             {"Tasks:\n  - Name: a\n    Action: Run\n", "IB0603", 3, 13},
	}
	accepted := map[string]string{
		"crlf.Dockerfile":     strings.ReplaceAll(plain, "\n", "\r\n"),
		"bom.Dockerfile":      "\uFEFF" + plain,
		"comments.Dockerfile": strings.Replace(plain, "RUN true", comments(700)+"\n\nrun true", 1),
		"Dockerfile.again":    plain + "\n\n# the end",
	}
	files := map[string]string{}
	for name, test := range rejected {
		files[name] = test.text
	}
	for name, text := range accepted {
		files[name] = text
	}
	r := l.run("drop", "--json", folder(t, files)).requireCode(t, exitRejected)
	require.Equal(t, fmt.Sprintf("%d unchanged, %d rejected", len(accepted), len(rejected)), strings.Split(r.err, " in ")[0])
	outcomes := byKey(t, r.outcomes(t))
	require.Len(t, outcomes, len(files))
	for name, test := range rejected {
		o := outcomes["templates/"+name]
		require.Equal(t, "rejected", o.Data.Status, name)
		require.Empty(t, o.Data.Resource.ID, name)
		first := o.Data.Findings[0]
		for _, f := range o.Data.Findings {
			if f.Rule == test.rule {
				first = f
				break
			}
		}
		require.Equal(t, test.rule, first.Rule, "%s: %+v", name, o.Data.Findings)
		require.Equal(t, [2]int{test.line, test.column}, [2]int{first.Line, first.Column}, "%s: %+v", name, first)
		require.NotEmpty(t, first.Help, name)
		require.Equal(t, "templates/"+name, first.Path)
	}
	for name := range accepted {
		o := outcomes["templates/"+name]
		require.Equal(t, "unchanged", o.Data.Status, "%s: %s", name, o.raw)
		require.Equal(t, id, o.Data.Resource.ID, name)
	}
	require.Len(t, describe(t, l.cloud.Endpoints, "pipeline", "plain"), 1)
	require.Empty(t, describe(t, l.cloud.Endpoints, "component", ""))
}

// A PUT whose answer is lost is not repeated where it arrived, and is where it
// did not: one upload, one event, one resource.
func TestALostAnswerIsNotASecondUpload(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault account.Fault
		puts  int // that the service saw
	}{
		"lost behind the commit":  {account.Fault{Service: "oss", Operation: "PutObject", Effect: account.EffectDropAfter}, 1},
		"failed behind a commit":  {account.Fault{Service: "oss", Operation: "PutObject", Effect: account.EffectErrorAfter, Code: "InternalError"}, 1},
		"lost before the commit":  {account.Fault{Service: "oss", Operation: "PutObject", Effect: account.EffectDropBefore}, 2},
		"refused for the moment":  {account.Fault{Service: "oss", Operation: "PutObject", Effect: account.EffectCode, Code: "ServiceUnavailable", Status: 503, Count: 3}, 4},
		"the second look is lost": {account.Fault{Service: "oss", Operation: "HeadObject", Effect: account.EffectDropBefore}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLocal(t)
			l.Account().Faults.Record()
			if test.fault.Operation == "HeadObject" {
				l.fault(account.Fault{Service: "oss", Operation: "PutObject", Effect: account.EffectDropBefore})
			}
			l.fault(test.fault)
			got := l.run("drop", "--json", write(t, "tool.Dockerfile", "RUN true\n")).requireCode(t, exitDone).outcomes(t)
			require.Len(t, got, 1)
			require.Equal(t, "created", got[0].Data.Status)
			require.Equal(t, test.puts, l.calls("oss", "PutObject"))
			require.Len(t, describe(t, l.cloud.Endpoints, "component", "tool"), 1)
			require.Empty(t, l.Account().Faults.List(), "every fault struck")
		})
	}
}

// One template that OSS refuses is named, and the others get their outcomes.
func TestARefusedUploadIsNamedAndBlocksNothing(t *testing.T) {
	l := newLocal(t)
	long := strings.Repeat(strings.Repeat("d", 250)+"/", 5) + "long.Dockerfile"
	dir := folder(t, map[string]string{long: "RUN true\n", "tool-a.Dockerfile": "RUN true\n", "tool-b.Dockerfile": linux + "RUN true\n"})
	r := l.run("drop", "--json", dir).requireCode(t, exitTrouble)
	require.Len(t, byKey(t, r.outcomes(t)), 2)
	require.Contains(t, r.err, "imagedrop: no outcome for 1 of 3\n  "+filepath.Join(dir, long)+": not acknowledged: OSS refused it: ")
	require.Contains(t, r.err, "(InvalidObjectName, request ")
}

func TestAnUnreadableTemplateStopsADropBeforeItBegins(t *testing.T) {
	l := newLocal(t)
	dir := folder(t, map[string]string{"tool-a.Dockerfile": "RUN true\n"})
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "tool-b.Dockerfile")))
	r := l.run("drop", dir).requireCode(t, exitTrouble)
	require.Contains(t, r.err, "tool-b.Dockerfile: no such file or directory")
	require.Empty(t, l.run("results").out)
}

func TestWhatATemplateIsCalledInTheBucket(t *testing.T) {
	dir := folder(t, map[string]string{
		"templates/base/hard.Dockerfile": "RUN a", "templates/chrony/Dockerfile": "RUN b", "other/chrony/Dockerfile": "RUN c", "other/web.Dockerfile": "RUN d",
		"other/.git/x.Dockerfile": "RUN e", "other/notes.txt": "f",
	})
	t.Chdir(dir)
	require.NoError(t, os.Symlink("other", "link"))
	for path, want := range map[string][]string{
		"templates":                          {"base/hard.Dockerfile", "chrony/Dockerfile"},
		"./templates/":                       {"base/hard.Dockerfile", "chrony/Dockerfile"},
		".":                                  {"other/chrony/Dockerfile", "other/web.Dockerfile", "base/hard.Dockerfile", "chrony/Dockerfile"},
		"templates/base":                     {"base/hard.Dockerfile"},
		"templates/base/hard.Dockerfile":     {"base/hard.Dockerfile"},
		dir + "/templates/chrony/Dockerfile": {"chrony/Dockerfile"},
		"other":                              {"chrony/Dockerfile", "web.Dockerfile"},
		"other/web.Dockerfile":               {"web.Dockerfile"},
		"other/chrony/Dockerfile":            {"chrony/Dockerfile"},
		"other/../other/chrony":              {"chrony/Dockerfile"},
		"link":                               {"chrony/Dockerfile", "web.Dockerfile"},
	} {
		files, err := findTemplates(t.Context(), []string{path})
		require.NoError(t, err, path)
		var keys []string
		for _, f := range files {
			keys = append(keys, strings.TrimPrefix(f.key, "templates/"))
		}
		require.ElementsMatch(t, want, keys, path)
	}
	files, err := findTemplates(t.Context(), []string{"other", "link/web.Dockerfile", "other/web.Dockerfile"})
	require.NoError(t, err)
	require.Len(t, files, 2, "each once")
	_, err = findTemplates(t.Context(), []string{"templates/chrony/Dockerfile", "other/chrony/Dockerfile"})
	require.EqualError(t, err, "templates/chrony/Dockerfile and other/chrony/Dockerfile would be the same object, templates/chrony/Dockerfile")
}

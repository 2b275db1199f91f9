package imagebuild_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// header makes a template of header lines; it is a pipeline, since components
// have few of the bounded keys.
func header(lines ...string) string {
	return "# ---\n# " + strings.Join(lines, "\n# ") + "\n# ---\n" + pipeline
}

func TestPolicy(t *testing.T) {
	tests := []struct {
		name     string
		policy   string
		template string
		want     string // "line:column: message" of the violations, joined
	}{
		{"nothing asked for", "", pipeline, ""},
		{"own region", "", header("regionId: cn-hangzhou"), ""},
		{"another region", "", header("regionId: cn-beijing"), "2:13: regionId cn-beijing is not allowed; allowed: cn-hangzhou"},
		{"another region, allowed", "regions: [cn-beijing]", header("regionId: cn-beijing"), ""},
		{"own region, not allowed", "regions: [cn-beijing]", header("name: web"),
			"1:1: regionId is not set, and its default cn-hangzhou is not allowed; allowed: cn-beijing"},
		{"copies", "regions: [cn-hangzhou, cn-beijing]", header("toRegionIds: [cn-beijing, cn-shanghai]"),
			"2:29: toRegionIds cn-shanghai is not allowed; allowed: cn-hangzhou, cn-beijing"},
		{"sharing", "", header("addAccounts: ['1234567890123456']"), "2:17: addAccounts 1234567890123456 is not allowed"},
		{"sharing, allowed", "accounts: [1234567890123456]", header("addAccounts: ['1234567890123456']"), ""},
		{"vSwitch", "", header("vSwitchId: vsw-bp1abcdefgh"), "2:14: vSwitchId vsw-bp1abcdefgh is not allowed"},
		{"vSwitch, any", "vSwitchIds: ['*']", header("vSwitchId: vsw-bp1abcdefgh"), ""},
		{"any instance type", "", header("instanceType: ecs.g6.large"), ""},
		{"instance type", "instanceTypes: [ecs.g7.large]", header("instanceType: ecs.g6.large"), "2:17: instanceType ecs.g6.large is not allowed; allowed: ecs.g7.large"},
		{"no instance type at all", "instanceTypes: []", header("instanceType: ecs.g6.large"), "2:17: instanceType ecs.g6.large is not allowed"},
		{"resource group", "", header("resourceGroupId: rg-bp1abcdefgh"), "2:20: resourceGroupId rg-bp1abcdefgh is not allowed"},
		{"resource group, allowed", "resourceGroupIds: [rg-bp1abcdefgh]", header("resourceGroupId: rg-bp1abcdefgh"), ""},
		{"target", "", header("targets: [aws]"), "2:13: targets aws is not allowed; allowed: alibaba"},
		{"target, allowed", "targets: [alibaba, aws]", header("targets: [alibaba]"), ""},
		{"default target", "targets: [aws]", pipeline, "1:1: targets is not set, and its default alibaba is not allowed; allowed: aws"},
		{"name", "namePrefix: team-a-", header("name: web"), "2:9: the name must begin with team-a-"},
		{"name, right", "namePrefix: team-a-", header("name: team-a-web"), ""},
		{"default name", "namePrefix: team-a-", pipeline, "1:1: the name must begin with team-a-"},
		{"tag", "requiredTags: [team, cost]", header("tags: {team: web}"), "2:16: the tag cost is required"},
		{"no tags", "requiredTags: [team]", pipeline, "1:1: the tag team is required"},
		{"tag, there", "requiredTags: [team]", header("tags: {team: ''}"), ""},
		{"build", "", header("build: true"), "2:10: starting a build is not allowed"},
		{"build, allowed", "build: true", header("build: true"), ""},
		{"no build", "", header("build: false"), ""},
		{"instance kept", "", header("deleteInstanceOnFailure: false"), "2:28: keeping the instance of a failed build is not allowed"},
		{"instance kept, allowed", "retainInstanceOnFailure: true", header("deleteInstanceOnFailure: false"), ""},
		{"instance released", "", header("deleteInstanceOnFailure: true"), ""},
		{"everything at once", "namePrefix: x-", header("regionId: cn-beijing", "vSwitchId: vsw-bp1abcdefgh"),
			"2:13: regionId cn-beijing is not allowed; allowed: cn-hangzhou\n3:14: vSwitchId vsw-bp1abcdefgh is not allowed\n1:1: the name must begin with x-"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			policy, err := imagebuild.ParsePolicy(test.policy)
			require.NoError(t, err)
			read := template.ParseFile("templates/web.Dockerfile", []byte(test.template))
			policy.Check(read, "cn-hangzhou")
			var got []string
			for _, f := range read.Findings {
				if f.Rule == "IB0258" {
					require.Equal(t, []any{template.Error, "templates/web.Dockerfile"}, []any{f.Severity, f.Path})
					got = append(got, fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Message))
				}
			}
			require.ElementsMatch(t, strings.Split(test.want, "\n"), strings.Split(strings.Join(got, "\n"), "\n"))
		})
	}
}

func TestPolicyOfAMessage(t *testing.T) {
	box := &inbox{}
	body := `{"content": "RUN true\n", "name": "web", "regionId": "cn-beijing"}`
	require.NoError(t, run(&imagebuild.Builder{Publisher: imagebuild.Publisher{Outbox: box}}, message("m-1", body)).Err)
	data := box.only(t).Data
	require.Equal(t, imagebuild.Rejected, data.Status)
	require.Equal(t, []any{"IB0258", "/regionId", 1}, []any{data.Findings[0].Rule, data.Findings[0].Path, data.Findings[0].Line})
}

func TestParsePolicy(t *testing.T) {
	for text, want := range map[string]string{
		"regions: [cn-hangzhou]\nregoins: [x]\n": "line 2: field regoins is not a key of a policy",
		"build: maybe":                           "line 1: cannot unmarshal",
		"regions: cn-hangzhou":                   "line 1: cannot unmarshal",
		"build: true\nbuild: true":               "line 2",
		"- regions":                              "line 1",
		"a: b: c":                                "mapping values are not allowed",
		"build: true\n---\nbuild: false":         "more than one",
	} {
		_, err := imagebuild.ParsePolicy(text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "imagebuild.Policy")
	}
	for _, empty := range []string{"", "\n", "# nothing\n", "{}"} {
		policy, err := imagebuild.ParsePolicy(empty)
		require.NoError(t, err)
		require.Equal(t, imagebuild.Policy{}, policy)
	}
	policy, err := imagebuild.ParsePolicy("targets: [alibaba, aws]")
	require.NoError(t, err)
	require.True(t, policy.AllowsTarget("aws"))
	require.False(t, new(imagebuild.Policy).AllowsTarget("aws"))
}

func FuzzParsePolicy(f *testing.F) {
	f.Add("regions: [a]\nbuild: true")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		if policy, err := imagebuild.ParsePolicy(text); err == nil {
			policy.Check(template.ParseFile("templates/web.Dockerfile", []byte(pipeline)), "cn-hangzhou")
		}
	})
}

package template

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReferences: of any text, in its order.
func TestReferences(t *testing.T) {
	const own = "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/"
	agent := func(version string) Reference {
		return Reference{RegionID: "cn-hangzhou", AccountID: "1234567890123456", Name: "agent", Version: version}
	}
	tests := []struct {
		text string
		want []Reference
	}{
		{"", nil},
		{"FROM IMAGE:m-1234\nRUN true\nCOMPONENT " + own + "agent/1.0.*\nCOMPONENT ic-bp1\nCOMPONENT " + own + "agent/*.*.*",
			[]Reference{agent("1.0.*"), {ID: "ic-bp1"}, agent("*.*.*")}},
		{"component \\\n  # why\n\n " + own + "agent/1.2.3 \\\n --size 3\n", []Reference{agent("1.2.3")}},
		{"COMPONENT " + own + "agent:1.*.*", []Reference{agent("1.*.*")}},
		{"COMPONENT " + own + "a:gent/1.0.0", []Reference{{RegionID: "cn-hangzhou", AccountID: "1234567890123456", Name: "a:gent", Version: "1.0.0"}}},
		{"COMPONENT ic-bp1 --broken", []Reference{{ID: "ic-bp1"}}},
		{"COMPONENT\nCOMPONENT agent\nCOMPONENT " + own + "agent\nCOMPONENT " + own + "agent/1.*.0\nCOMPONENT ic-\nRUN COMPONENT ic-bp1\n# COMPONENT ic-bp1", nil},
		{"RUN cat <<EOF\nCOMPONENT ic-bp1\nEOF\n\x00\xff COMPONENT ic-bp1\n\xff\nCOMPONENT ic-bp2", []Reference{{ID: "ic-bp2"}}},
	}
	for _, test := range tests {
		require.Equal(t, test.want, References(test.text), test.text)
	}
}

func TestCalls(t *testing.T) {
	tests := []struct {
		text    string
		given   []string
		onLinux bool
	}{
		{"FROM IMAGE:m-1234\nCOMPONENT ic-bp1\nRESTART", nil, false},
		{"COMPONENT ic-bp1 --size 3 \\\n --colour \"light blue\"\nRUN true", []string{"size", "colour"}, true},
		{"COMPONENT ic-bp1 --size", nil, false}, // malformed
		{"COMPONENT ic-bp1 --size 3 4\nTYPO x", nil, false},
	}
	for _, test := range tests {
		require.Equal(t, []Call{{Reference{ID: "ic-bp1"}, test.given, test.onLinux}}, Calls(test.text), test.text)
	}
}

func TestParametersOf(t *testing.T) {
	const tasks = "Tasks:\n  - {Name: a, Action: Reboot}\n"
	tests := []struct {
		content string
		want    []ComponentParameter
	}{
		{"", nil},
		{"RUN true", nil},
		{tasks, nil},
		{"Parameters:\n  size: {Type: Number}\n  colour: {Type: String, DefaultValue: ''}\n" + tasks, []ComponentParameter{{"size", true}, {"colour", false}}},
		{"Parameters: &p\n  size: {Type: Number}\nTasks:\n  - {Name: a, Action: RunShellCommand, Properties: {commandContent: {{ size }}}}",
			[]ComponentParameter{{"size", true}}},
		{"Parameters: [size]\n" + tasks, nil},
		{"Parameters:\n  broken: [\nTasks:", nil},
	}
	for _, test := range tests {
		require.Equal(t, test.want, ParametersOf(test.content), test.content)
	}
}

func TestMatchVersion(t *testing.T) {
	versions := []string{"1.0.0", "1.0.7", "1.2.0", "10.0.0"}
	for pattern, want := range map[string][]string{
		"1.0.0": {"1.0.0"}, "1.0.*": {"1.0.0", "1.0.7"}, "1.*.*": {"1.0.0", "1.0.7", "1.2.0"}, "*.*.*": versions,
		"2.*.*": nil, "1.*.0": nil, "1.0": nil, "": nil, "*": nil, "01.0.0": nil, "1.0.0.0": nil,
	} {
		var got []string
		for _, version := range versions {
			if MatchVersion(pattern, version) {
				got = append(got, version)
			}
		}
		require.Equal(t, want, got, pattern)
	}
	for _, malformed := range []string{"", "1", "1.0", "1.0.*", "*.*.*", "1.0.0-rc", "1.0.x"} {
		require.False(t, MatchVersion("*.*.*", malformed), malformed)
	}
}

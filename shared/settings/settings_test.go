package settings_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/settings"
)

const mnsEndpoint = "https://1234567890123456.mns.cn-hangzhou-internal.aliyuncs.com"

// env is the least that any function needs, with changes; "" removes.
func env(changes map[string]string) func(string) string {
	set := map[string]string{
		"RESULT_QUEUE": "imagedrop-results", "WATCH_QUEUE": "imagedrop-watch", "REBUILD_QUEUE": "imagedrop-rebuild",
		"PARKED_QUEUE": "imagedrop-parked", "MNS_ENDPOINT": mnsEndpoint,
	}
	for name, value := range changes {
		set[name] = value
	}
	return func(name string) string { return set[name] }
}

func TestDefaults(t *testing.T) {
	upload, err := settings.LoadUpload(env(nil))
	require.NoError(t, err)
	common := settings.Common{ResultQueue: "imagedrop-results", MNSEndpoint: mnsEndpoint}
	starting := settings.Starting{WatchQueue: "imagedrop-watch",
		Watching: imagebuild.Watching{MinDelay: 30 * time.Second, MaxDelay: 10 * time.Minute, Expiry: 24 * time.Hour}}
	require.Equal(t, settings.Upload{Common: common, Starting: starting}, upload)
	message, err := settings.LoadMessage(env(nil))
	require.NoError(t, err)
	require.Equal(t, settings.Message{Upload: upload, Concurrency: 16}, message)
	rebuild, err := settings.LoadRebuild(env(nil))
	require.NoError(t, err)
	require.Equal(t, settings.Rebuild{Common: common, Starting: starting, RebuildQueue: "imagedrop-rebuild", Concurrency: 16}, rebuild)
	watch, err := settings.LoadWatch(env(nil))
	require.NoError(t, err)
	require.Equal(t, settings.Watch{Common: common, Starting: starting, Concurrency: 16}, watch)
	deadletter, err := settings.LoadDeadletter(env(nil))
	require.NoError(t, err)
	require.Equal(t, settings.Deadletter{Common: common, ParkedQueue: "imagedrop-parked", WatchQueue: "imagedrop-watch",
		RebuildQueue: "imagedrop-rebuild", Concurrency: 16}, deadletter)
}

// loaders are the functions, by their names.
var loaders = map[string]func(func(string) string) error{
	"upload":       func(getenv func(string) string) error { _, err := settings.LoadUpload(getenv); return err },
	"message":      func(getenv func(string) string) error { _, err := settings.LoadMessage(getenv); return err },
	"rebuild":      func(getenv func(string) string) error { _, err := settings.LoadRebuild(getenv); return err },
	"watch":        func(getenv func(string) string) error { _, err := settings.LoadWatch(getenv); return err },
	"deadletter":   func(getenv func(string) string) error { _, err := settings.LoadDeadletter(getenv); return err },
	"awscomponent": func(getenv func(string) string) error { _, err := settings.LoadAWSComponent(getenv); return err },
}

// Which function needs what.
func TestRequired(t *testing.T) {
	all := []string{"upload", "message", "rebuild", "watch", "deadletter", "awscomponent"}
	for setting, needed := range map[string][]string{
		"RESULT_QUEUE": all, "MNS_ENDPOINT": all,
		"WATCH_QUEUE":   {"upload", "message", "rebuild", "watch"},
		"REBUILD_QUEUE": {"rebuild"},
		"PARKED_QUEUE":  {"deadletter"},
	} {
		for name, load := range loaders {
			err := load(env(map[string]string{setting: ""}))
			if slices.Contains(needed, name) {
				require.ErrorContains(t, err, setting+": required", name)
			} else {
				require.NoError(t, err, "%s without %s", name, setting)
			}
		}
	}
}

// No function starts where two queues are one, even where it has only one of
// them: what one function writes another would read.
func TestCircles(t *testing.T) {
	queues := []string{"RESULT_QUEUE", "WATCH_QUEUE", "REBUILD_QUEUE", "AWS_QUEUE", "DEAD_LETTER_QUEUE", "PARKED_QUEUE"}
	for i, first := range queues {
		for _, second := range queues[i+1:] {
			for name, load := range loaders {
				err := load(env(map[string]string{first: "one-queue", second: "one-queue"}))
				require.ErrorContains(t, err, second+": \"one-queue\" is also "+first, name)
			}
		}
	}
}

func TestEverySetting(t *testing.T) {
	message, err := settings.LoadMessage(env(map[string]string{
		"OSS_ENDPOINT": "https://oss-cn-hangzhou-internal.aliyuncs.com", "ECS_ENDPOINT": "http://127.0.0.1:4701", "AWS_QUEUE": "imagedrop-aws",
		"DEAD_LETTER_QUEUE": "imagedrop-dlq", "POLICY": "regions: [cn-beijing]\ntargets: [alibaba, aws]\nbuild: true\n",
		"RESULT_ENCODING": "base64", "UNCHANGED_CHECK": "off", "CONCURRENCY": "3",
		"WATCH_DELAY_MIN": "1s", "WATCH_DELAY_MAX": "168h", "WATCH_EXPIRY": "720h",
	}))
	require.NoError(t, err)
	require.Equal(t, imagebuild.Watching{MinDelay: time.Second, MaxDelay: 7 * 24 * time.Hour, Expiry: 30 * 24 * time.Hour}, message.Watching)
	require.Equal(t, "https://oss-cn-hangzhou-internal.aliyuncs.com", message.OSSEndpoint)
	require.Equal(t, "http://127.0.0.1:4701", message.ECSEndpoint)
	require.Equal(t, "imagedrop-aws", message.AWSQueue)
	require.Equal(t, []string{"cn-beijing"}, message.Policy.Regions)
	require.True(t, message.Policy.Build)
	require.Equal(t, []any{true, true, 3}, []any{message.ResultBase64, message.SkipLookup, message.Concurrency})
	same, err := settings.LoadMessage(env(map[string]string{"RESULT_ENCODING": "raw", "UNCHANGED_CHECK": "on"}))
	require.NoError(t, err)
	require.Equal(t, []any{false, false}, []any{same.ResultBase64, same.SkipLookup})
}

func TestMNSEndpoints(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		mnsEndpoint: true,
		"https://1234567890123456.mns.cn-hangzhou.aliyuncs.com":                true,
		"http://localhost:4703/1234567890123456.mns.cn-hangzhou.aliyuncs.com":  true,
		"http://127.0.0.1:4703/1234567890123456.mns":                           true,
		"http://localhost:4703":                                                false,
		"http://127.0.0.1:4703/1234567890123456.mns.cn-hangzhou.aliyuncs.com":  false,
		"http://1234567890123456.mns.cn-hangzhou.aliyuncs.com":                 false,
		"https://1234567890123456.mns-vpc.cn-hangzhou.mns.aliyuncs.com":        false,
		"https://1234567890123456.mns.cn-hangzhou.aliyuncs.com?Signature=abc.": false,
	} {
		_, err := settings.LoadUpload(env(map[string]string{"MNS_ENDPOINT": endpoint}))
		if ok {
			require.NoError(t, err, endpoint)
		} else {
			require.ErrorContains(t, err, "MNS_ENDPOINT", endpoint)
		}
	}
}

func TestWhatStopsTheFunction(t *testing.T) {
	tests := []struct{ setting, value, want string }{
		{"RESULT_QUEUE", "", "required"},
		{"WATCH_QUEUE", "", "required"},
		{"MNS_ENDPOINT", "", "required"},
		{"RESULT_QUEUE", "no/slash", "not a queue name"},
		{"WATCH_QUEUE", "-first", "not a queue name"},
		{"DEAD_LETTER_QUEUE", strings.Repeat("q", 121), "not a queue name"},
		{"WATCH_QUEUE", "imagedrop-results", "is also RESULT_QUEUE"},
		{"DEAD_LETTER_QUEUE", "imagedrop-results", "is also RESULT_QUEUE"},
		{"DEAD_LETTER_QUEUE", "imagedrop-watch", "is also WATCH_QUEUE"},
		{"AWS_QUEUE", "imagedrop-results", "is also RESULT_QUEUE"},
		{"OSS_ENDPOINT", "http://oss-cn-hangzhou.aliyuncs.com", "https"},
		{"ECS_ENDPOINT", "ftp://ecs.aliyuncs.com", "https"},
		{"ECS_ENDPOINT", "https://", "not an endpoint"},
		{"ECS_ENDPOINT", "https://proxy.example.com/ecs", "has a path"},
		{"OSS_ENDPOINT", "https://proxy.example.com/oss/", "has a path"},
		{"RESULT_ENCODING", "gzip", "raw, base64"},
		{"UNCHANGED_CHECK", "yes", "on, off"},
		{"CONCURRENCY", "0", "from 1 to"},
		{"CONCURRENCY", "many", "from 1 to"},
		{"CONCURRENCY", "1001", "from 1 to"},
		{"WATCH_DELAY_MIN", "0s", "from 1s to 168h"},
		{"WATCH_DELAY_MIN", "30", "is not a time"},
		{"WATCH_DELAY_MIN", "1500ms", "in whole seconds"},
		{"WATCH_DELAY_MIN", "-1m", "is not a time"},
		{"WATCH_DELAY_MAX", "169h", "from 1s to 168h"},
		{"WATCH_DELAY_MAX", "7d", "such as 90s, 10m or 24h"},
		{"WATCH_DELAY_MAX", "29s", "29s is less than WATCH_DELAY_MIN, 30s"},
		{"WATCH_EXPIRY", "721h", "from 1s to 720h"},
		{"WATCH_EXPIRY", "1s", "1s is less than WATCH_DELAY_MIN, 30s"},
		{"POLICY", "regions: [a]\nregoins: [b]\n", "line 2: field regoins is not a key of a policy"},
	}
	for _, test := range tests {
		t.Run(test.setting+" "+test.value, func(t *testing.T) {
			_, err := settings.LoadMessage(env(map[string]string{test.setting: test.value}))
			require.ErrorContains(t, err, test.setting+": ")
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestAWSQueueOnlyWhereThePolicyAllowsIt(t *testing.T) {
	_, err := settings.LoadUpload(env(map[string]string{"POLICY": "targets: [alibaba, aws]"}))
	require.ErrorContains(t, err, "AWS_QUEUE: required")
	_, err = settings.LoadUpload(env(map[string]string{"POLICY": "targets: [alibaba]"}))
	require.NoError(t, err)
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	_, err := settings.LoadMessage(func(string) string { return "" })
	for _, name := range []string{"RESULT_QUEUE", "WATCH_QUEUE", "MNS_ENDPOINT"} {
		require.ErrorContains(t, err, name)
	}
}

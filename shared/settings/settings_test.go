package settings_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/settings"
)

const mnsEndpoint = "https://1234567890123456.mns.cn-hangzhou-internal.aliyuncs.com"

// env is the least that a function needs, with changes; "" removes.
func env(changes map[string]string) func(string) string {
	set := map[string]string{"RESULT_QUEUE": "imagedrop-results", "WATCH_QUEUE": "imagedrop-watch", "MNS_ENDPOINT": mnsEndpoint}
	for name, value := range changes {
		set[name] = value
	}
	return func(name string) string { return set[name] }
}

func TestDefaults(t *testing.T) {
	upload, err := settings.LoadUpload(env(nil))
	require.NoError(t, err)
	require.Equal(t, settings.Upload{ResultQueue: "imagedrop-results", WatchQueue: "imagedrop-watch", MNSEndpoint: mnsEndpoint}, upload)
	message, err := settings.LoadMessage(env(nil))
	require.NoError(t, err)
	require.Equal(t, settings.Message{Upload: upload, Concurrency: 16}, message)
}

func TestEverySetting(t *testing.T) {
	message, err := settings.LoadMessage(env(map[string]string{
		"OSS_ENDPOINT": "https://oss-cn-hangzhou-internal.aliyuncs.com", "ECS_ENDPOINT": "http://127.0.0.1:4701", "AWS_QUEUE": "imagedrop-aws",
		"DEAD_LETTER_QUEUE": "imagedrop-dlq", "POLICY": "regions: [cn-beijing]\ntargets: [alibaba, aws]\nbuild: true\n",
		"RESULT_ENCODING": "base64", "UNCHANGED_CHECK": "off", "CONCURRENCY": "3",
	}))
	require.NoError(t, err)
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

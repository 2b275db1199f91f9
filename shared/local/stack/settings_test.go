package stack

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/settings"
)

// The names that the reader of s.yaml knows are those that the functions ask
// for: a name of its own would let a misspelt setting pass.
func TestSettingNamesAreThoseOfTheFunctions(t *testing.T) {
	asked := map[string]bool{}
	ask := func(name string) string { asked[name] = true; return "" }
	_, _ = settings.LoadMessage(ask)
	_, _ = settings.LoadUpload(ask)
	_, _ = settings.LoadRebuild(ask)
	_, _ = settings.LoadWatch(ask)
	_, _ = settings.LoadDeadletter(ask)
	_, _ = settings.LoadAWSComponent(ask)
	for _, name := range []string{awsRegion, "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"} {
		asked[name] = true // the SDK of AWS asks
	}
	require.ElementsMatch(t, settingNames, slices.Collect(maps.Keys(asked)))
}

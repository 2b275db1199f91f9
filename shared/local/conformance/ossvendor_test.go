//go:build conformance

package conformance

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"imagedrop/shared/local/account"
)

const ossSuite = "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

// Limits of the vendor's suite: how long one test may take, and how many run at
// once. They sleep most of their time.
const (
	suitePatience = 90 * time.Second
	suiteWidth    = 6
)

// suiteList says which tests of the suite apply.
type suiteList struct {
	Pass    []string          `yaml:"pass"`
	LeftOut map[string]string `yaml:"leftOut"` // name: why
}

// buildOSSSuite builds the integration tests that the SDK ships, into dir.
func buildOSSSuite(t *testing.T, dir string) string {
	binary := filepath.Join(dir, "suite")
	_, errOut, status, err := run(t.Context(), nil, "go", "test", "-c", "-tags", "integration", "-o", binary, ossSuite)
	require.NoError(t, err)
	require.Zero(t, status, errOut)
	return binary
}

// runOSSSuite runs the integration tests that the SDK's vendor ships, each in a
// process of its own: a panic ends it.
func runOSSSuite(version string) func(*testing.T, *cloud, *row) {
	return func(t *testing.T, c *cloud, r *row) {
		list := loadSuite(t)
		r.left = len(list.LeftOut)
		dir := t.TempDir()
		binary := buildOSSSuite(t, dir)
		out := runAll(t, list.Pass, func(name string) string { return c.runOSSTest(t, dir, binary, version, name) })
		for _, name := range list.Pass {
			r.try(t, name, func(t *testing.T) { require.Empty(t, out[name]) })
		}
	}
}

// loadSuite reads the list and holds it against the sources of the suite.
func loadSuite(t *testing.T) (list suiteList) {
	text, err := os.ReadFile(filepath.Join("cases", "oss-vendor.yaml"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &list))
	dir, _, _, err := run(t.Context(), nil, "go", "list", "-f", "{{.Dir}}", ossSuite)
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(dir), "client_integration*_test.go"))
	require.NoError(t, err)
	var all []string
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(source, -1) {
			all = append(all, string(m[1]))
		}
	}
	require.ElementsMatch(t, all, append(slices.Collect(maps.Keys(list.LeftOut)), list.Pass...), "every test of the suite is in the list")
	return list
}

// runAll does every name, some at once, and returns what each came to.
func runAll(t *testing.T, names []string, do func(string) string) map[string]string {
	out, mu := map[string]string{}, sync.Mutex{}
	slots := make(chan struct{}, suiteWidth)
	var wg sync.WaitGroup
	for _, name := range names {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			text := do(name)
			mu.Lock()
			defer mu.Unlock()
			out[name] = text
		})
	}
	wg.Wait()
	require.Len(t, out, len(names))
	return out
}

// runOSSTest runs one test and returns what it said, "" where it passed.
func (c *cloud) runOSSTest(t *testing.T, dir, binary, version, name string) string {
	ctx, cancel := context.WithTimeout(t.Context(), suitePatience)
	defer cancel()
	out, errOut, status, err := runIn(ctx, dir, []string{ // some write files where they are
		"OSS_TEST_REGION=" + account.Region, "OSS_TEST_ENDPOINT=" + c.e.OSS, "OSS_TEST_SIGNATURE_VERSION=" + version,
		"OSS_TEST_ACCESS_KEY_ID=" + account.AccessKeyID, "OSS_TEST_ACCESS_KEY_SECRET=" + account.AccessKeySecret,
		"OSS_TEST_BUCKET_PREFIX=" + account.RandomHex(4) + "-", // a test removes every bucket with its prefix
	}, binary, "-test.run", "^"+name+"$")
	if err != nil || status != 0 {
		return fmt.Sprint(status, err, out, errOut)
	}
	return ""
}

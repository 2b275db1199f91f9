package account_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

func TestScaled(t *testing.T) {
	for scale, want := range map[float64]time.Duration{0: time.Minute, 1: time.Minute, 60: time.Second, 0.5: 2 * time.Minute} {
		acct := account.New()
		acct.Scale = scale
		require.Equal(t, want, acct.Scaled(time.Minute), scale)
	}
}

// caller is a service whose requests name their operation in the path and one
// value in the query.
func caller(acct *account.Account) func(operation, value string) int {
	h := acct.Faults.Wrap("ecs",
		func(r *http.Request) string { return r.URL.Path[1:] },
		func(r *http.Request, value string) bool { return r.URL.Query().Get("v") == value },
		func(w http.ResponseWriter, _ *http.Request, status int, _ string) { w.WriteHeader(status) },
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	return func(operation, value string) int {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequest("GET", "/"+operation+"?v="+value, nil))
		return answer.Code
	}
}

func TestAFaultWithMatchHitsOnlyItsRequests(t *testing.T) {
	acct := account.New()
	call := caller(acct)
	require.NoError(t, acct.Faults.Add(account.Fault{
		Service: "ecs", Operation: "*", Match: "ip-1", Skip: 1, Count: 2, Effect: account.EffectCode, Code: "Throttling", Status: 400}))
	require.Equal(t, 200, call("Start", "ip-2"))
	require.Equal(t, 200, call("Start", "ip-1"), "the one to skip")
	require.Equal(t, 400, call("Start", "ip-1"))
	require.Equal(t, 200, call("Start", "ip-2"))
	require.Equal(t, 400, call("Describe", "ip-1"))
	require.Equal(t, 200, call("Describe", "ip-1"))
	require.Empty(t, acct.Faults.List())
}

// A fault of a build leaves calls alone, and counts executions.
func TestTakeBuild(t *testing.T) {
	acct := account.New()
	call := caller(acct)
	fault := account.Fault{Service: "ecs", Operation: "StartImagePipelineExecution", Match: "ip-1",
		Skip: 1, Count: 1, Effect: account.EffectFailBuild, Phase: "TESTING", Code: "disk full"}
	require.NoError(t, acct.Faults.Add(fault))
	require.Equal(t, 200, call("StartImagePipelineExecution", "ip-1"))
	take := func(id string) bool {
		got, hit := acct.Faults.TakeBuild(func(f account.Fault) bool { return f.Match == id })
		require.Equal(t, hit, got.Phase == "TESTING")
		return hit
	}
	require.False(t, take("ip-2"))
	require.False(t, take("ip-1"), "the one to skip")
	require.True(t, take("ip-1"))
	require.False(t, take("ip-1"))
}

func TestFaultsThatAreRefused(t *testing.T) {
	build := account.Fault{Service: "ecs", Operation: "StartImagePipelineExecution", Effect: account.EffectFailBuild, Phase: "BUILDING"}
	with := func(change func(*account.Fault)) account.Fault {
		f := build
		change(&f)
		return f
	}
	for want, fault := range map[string]account.Fault{
		"unknown effect":              with(func(f *account.Fault) { f.Effect = "fire" }),
		"needs a code":                with(func(f *account.Fault) { f.Effect, f.Phase = account.EffectCode, "" }),
		"needs service and operation": with(func(f *account.Fault) { f.Operation = "" }),
		"no negative numbers":         with(func(f *account.Fault) { f.Skip = -1 }),
		"has no phase: it does not":   with(func(f *account.Fault) { f.Effect = account.EffectTimeout }),
		"is for service":              with(func(f *account.Fault) { f.Operation = "*" }),
		"phase is one of PREPARING":   with(func(f *account.Fault) { f.Phase = "CANCELLING" }),
		"needs a phase":               with(func(f *account.Fault) { f.Phase = "" }),
	} {
		require.ErrorContains(t, account.New().Faults.Add(fault), want)
	}
	require.NoError(t, account.New().Faults.Add(build))
}

func TestImagesOfFamilies(t *testing.T) {
	c := account.New().Catalogue
	const family = "acs:alibaba_cloud_linux_3_2104_lts_x64"
	image, known := c.NewestImage(family)
	require.True(t, known)
	require.Equal(t, account.Image{ID: "aliyun_3_x64_20G_alibase_20240819.vhd", Family: family, Public: true}, image)

	path := filepath.Join(t.TempDir(), "catalogue.yaml")
	require.NoError(t, os.WriteFile(path, []byte("familyImages: {"+family+": [m-a111, m-b222], web-golden: [m-c333]}\nimages: [m-c333, m-d444]\n"), 0o600))
	require.NoError(t, c.Load(path))
	c.Strict()
	image, _ = c.NewestImage(family)
	require.Equal(t, "m-b222", image.ID, "the last is the newest")
	image, _ = c.NewestImage("web-golden")
	require.Equal(t, account.Image{ID: "m-c333", Family: "web-golden"}, image)
	_, known = c.NewestImage("other")
	require.False(t, known)
	require.True(t, c.ImageFamily("web-golden"))
	require.True(t, c.Image("m-a111"))
	require.False(t, c.Image("m-e555"))

	list := c.Images()
	require.Contains(t, list, account.Image{ID: "m-d444"})
	ids := map[string]int{}
	for _, i := range list {
		ids[i.ID]++
	}
	require.Equal(t, 1, ids["m-c333"], "in a family and in the list")
	_, known = account.New().Catalogue.NewestImage("web-golden")
	require.False(t, known, "what one catalogue is given is not in the next")
}

// Public images have capitals in their ids.
func TestPublicImagesExistByTheirForm(t *testing.T) {
	c := account.New().Catalogue
	require.True(t, c.Image("aliyun_3_x64_20G_alibase_20991231.vhd"))
	require.True(t, c.Image("win2022_21H2_x64_dtc_en-us_40G_alibase_20991231.vhd"))
	require.False(t, c.Image("ubuntu"))
}

func TestTheCatalogueGrowsWhileItIsRead(t *testing.T) {
	c := account.New().Catalogue
	var reading sync.WaitGroup
	for range 4 {
		reading.Go(func() {
			for range 100 {
				c.Images()
				c.Image("m-a111")
				c.NewestImage("web")
			}
		})
	}
	for range 100 {
		c.Add(account.CatalogueData{FamilyImages: map[string][]string{"web": {"m-a111"}}})
	}
	reading.Wait()
}

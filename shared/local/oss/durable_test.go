package oss_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

// stateVariable makes the test binary an endpoint process over that state file.
const stateVariable = "IMAGEDROP_OSS_TEST_STATE"

func TestMain(m *testing.M) {
	if path := os.Getenv(stateVariable); path != "" {
		serve(path)
	}
	os.Exit(m.Run())
}

// eventTable is where the rule of these tests keeps its events.
const eventTable = "test.events"

var keepEvents = oss.Options{Rules: []oss.Rule{{ID: "r", Bucket: bucket,
	Events: []string{"oss:ObjectCreated:PutObject", "oss:ObjectCreated:CompleteMultipartUpload"},
	Deliver: func(tx *store.Tx, event []byte) error {
		n, err := tx.Sequence(eventTable)
		if err != nil {
			return err
		}
		return tx.Put(eventTable, fmt.Sprintf("%08d", n), event)
	}}}}

// serve prints the endpoint's address and serves until the process is killed.
func serve(path string) {
	st, err := store.Open(path)
	if err == nil {
		service := oss.New(account.New(), st, keepEvents)
		if err = service.CreateBucket(bucket); err == nil {
			fmt.Println(httptest.NewServer(service).URL)
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestKillNine kills the endpoint while clients upload, half of them in parts,
// three times over on one state: what was acknowledged is there, objects and
// events agree, and no bytes are kept that nobody refers to.
func TestKillNine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	acknowledged := map[string]bool{}
	for round := range 3 {
		for _, key := range uploadUntilKilled(t, path, round) {
			acknowledged[key] = true
		}
		objects, events := stored(t, path)
		require.Equal(t, objects, events, "round %d: an object without its event, or an event without its object", round)
		for key := range acknowledged {
			require.Contains(t, objects, key, "round %d: acknowledged and lost", round)
		}
	}
	require.NotEmpty(t, acknowledged)
}

// uploadUntilKilled returns the keys whose upload was acknowledged. The process
// is killed after the 30th, with seven more uploads under way.
func uploadUntilKilled(t *testing.T, path string, round int) (keys []string) {
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), stateVariable+"="+path)
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	process.Stderr = os.Stderr
	require.NoError(t, process.Start())
	url, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := sdk.NewClient(sdk.LoadDefaultConfig().WithRegion(account.Region).WithEndpoint(strings.TrimSpace(url)).WithRetryMaxAttempts(1).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(account.AccessKeyID, account.AccessKeySecret)))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%d-%d", round, worker, i)
				if err := upload(ctx, client, key, worker%2 == 0); err != nil {
					return // killed
				}
				mu.Lock()
				if keys = append(keys, key); len(keys) == 30 {
					process.Process.Kill()
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Error(t, process.Wait())
	return keys
}

// upload puts an object whose content is its key, or makes it of a part.
func upload(ctx context.Context, client *sdk.Client, key string, inParts bool) error {
	if !inParts {
		_, err := client.PutObject(ctx, &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: &key, Body: strings.NewReader(key)})
		return err
	}
	u, err := client.InitiateMultipartUpload(ctx, &sdk.InitiateMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: &key})
	if err != nil {
		return err
	}
	for range 2 { // the second takes the place of the first
		_, err := client.UploadPart(ctx, &sdk.UploadPartRequest{Bucket: sdk.Ptr(bucket), Key: &key, UploadId: u.UploadId, PartNumber: 1, Body: strings.NewReader(key)})
		if err != nil {
			return err
		}
	}
	_, err = client.CompleteMultipartUpload(ctx, &sdk.CompleteMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: &key, UploadId: u.UploadId,
		CompleteAll: sdk.Ptr("yes")})
	return err
}

// stored returns the keys of the objects and of the events in a state file.
func stored(t *testing.T, path string) (objects, events map[string]bool) {
	st, err := store.Open(path)
	require.NoError(t, err)
	defer st.Close()
	objects, events = map[string]bool{}, map[string]bool{}
	c := startOn(t, st, oss.Options{})
	for _, key := range c.listV2(t, "", "", "", 1000) {
		require.Equal(t, key, c.get(t, key))
		objects[key] = true
	}
	require.Equal(t, len(objects)+c.rows(t, "oss.parts"), c.rows(t, "oss.chunks"), "bytes that nobody refers to")
	require.NoError(t, st.View(func(tx *store.Tx) error {
		tx.Scan(eventTable, "", "", func(_ string, event []byte) bool {
			_, rest, _ := strings.Cut(string(event), `"key":"`)
			key, _, _ := strings.Cut(rest, `"`)
			events[key] = true
			return true
		})
		return nil
	}))
	return objects, events
}

func TestFaults(t *testing.T) {
	var in inbox
	c := start(t, oss.Options{Rules: []oss.Rule{{ID: "r", Bucket: bucket, Events: []string{"oss:ObjectCreated:*"}, Deliver: in.deliver}}})
	c.acct.Faults.Record()
	put := func(ctx context.Context, key string) error {
		_, err := c.client.PutObject(ctx, &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(key), Body: strings.NewReader("v")})
		return err
	}
	for _, test := range []struct {
		effect account.Effect
		kept   bool
	}{
		{account.EffectCode, false}, {account.EffectErrorAfter, true}, {account.EffectDropBefore, false}, {account.EffectDropAfter, true},
		{account.EffectKillBefore, false}, {account.EffectKillAfter, true},
	} {
		key := string(test.effect)
		fault := account.Fault{Service: "oss", Operation: "PutObject", Effect: test.effect}
		if test.effect == account.EffectCode || test.effect == account.EffectErrorAfter {
			fault.Code, fault.Status = "ServiceUnavailable", 503
		}
		require.NoError(t, c.acct.Faults.Add(fault))
		err := put(t.Context(), key)
		require.Error(t, err)
		if test.effect == account.EffectCode || test.effect == account.EffectErrorAfter {
			requireError(t, err, 503, "ServiceUnavailable")
		}
		exists, err := c.client.IsObjectExist(t.Context(), bucket, key)
		require.NoError(t, err)
		require.Equal(t, test.kept, exists, key)
		require.Equal(t, test.kept, len(in.take()) == 1, key)
	}
	require.Equal(t, account.Call{Service: "oss", Operation: "PutObject", Effect: account.EffectCode}, c.acct.Faults.Calls()[0])
	require.Equal(t, account.Call{Service: "oss", Operation: "GetObjectMeta"}, c.acct.Faults.Calls()[1])
}

// A call that times out ends when its client gives up, although nobody read
// its body: otherwise the endpoint could not be shut down.
func TestATimeoutEndsWithItsClient(t *testing.T) {
	st, err := store.OpenMemory()
	require.NoError(t, err)
	defer st.Close()
	acct := account.New()
	require.NoError(t, acct.Faults.Add(account.Fault{Service: "oss", Operation: "PutObject", Effect: account.EffectTimeout}))
	service := oss.New(acct, st, oss.Options{})
	entered, left := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		defer close(left)
		service.ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, "PUT", server.URL+"/demo-bucket/k", strings.NewReader("body"))
	require.NoError(t, err)
	go func() {
		<-entered
		cancel()
	}()
	_, err = http.DefaultClient.Do(request)
	require.ErrorIs(t, err, context.Canceled)
	<-left
}

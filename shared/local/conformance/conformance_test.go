//go:build conformance

// Package conformance asks the local cloud what clients ask that no one here
// wrote, and the SDKs of the functions. `make conformance` runs it.
//
// A list, cases/<service>.yaml, says what a service is asked and how it must
// answer, each case with the document that it follows. Every client of the
// service interprets the same list, against one cloud: whatever a case makes it
// names with ${run}, which differs from client to client. A case names the
// clients that cannot express it, and why.
//
// To add a service: its list, in the words of its API, and its clients in the
// table below. A client is an asker, which does one step; one that is not
// written in Go has a folder here, and speaks lines of JSON (see start). A suite
// that a vendor ships runs itself, by row.try.
package conformance

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

const repository = "../../.."

// timeScale gives a phase of a build 3 seconds: a client is in time to cancel
// one, and lives to see the end of another.
const timeScale = 20

// client is a program or library that asks one service. run skips the test
// where it is not installed.
type client struct {
	name, service string
	run           func(*testing.T, *cloud, *row)
}

// clients are asked in this order, which is that of the table in the README.
// Their names are stable: with a version only where the version is pinned.
var clients = []client{
	{"alibaba-cloud-sdk-go 1.63.107", "ecs", interpret(openECSSDK)},
	{"curl, signature v1, GET, JSON", "ecs", interpret(curl{sign: signV1, method: "GET", format: "JSON"}.open)},
	{"curl, signature v1, POST, XML, HTTPS", "ecs", interpret(curl{sign: signV1, method: "POST", body: "form", format: "XML", https: true}.open)},
	{"curl, signature V3, GET, XML", "ecs", interpret(curl{sign: signV3, method: "GET", format: "XML"}.open)},
	{"curl, signature V3, POST, JSON, HTTPS", "ecs", interpret(curl{sign: signV3, method: "POST", body: "form", format: "JSON", https: true}.open)},
	{"curl, signature V3, POST of JSON", "ecs", interpret(curl{sign: signV3, method: "POST", body: "json", format: "JSON"}.open)},
	{"npm @alicloud/ecs20140526 7.11.6, HTTPS", "ecs", interpret(openNode("ecs20140526.js"))},
	{"npm @alicloud/pop-core 1.8.0", "ecs", interpret(openNode("popcore.js"))},
	{"alibabacloud-oss-go-sdk-v2 1.6.1, V4", "oss", interpret(openOSSSDK(oss.SignatureVersionV4))},
	{"alibabacloud-oss-go-sdk-v2 1.6.1, V1", "oss", interpret(openOSSSDK(oss.SignatureVersionV1))},
	{"the tests that alibabacloud-oss-go-sdk-v2 1.6.1 ships, V4", "oss", runOSSSuite("v4")},
	{"the tests that alibabacloud-oss-go-sdk-v2 1.6.1 ships, V1", "oss", runOSSSuite("v1")},
	{"npm ali-oss 6.23.0, V4", "oss", interpret(openNode("alioss.js", "AUTHORIZATION_V4=true"))},
	{"npm ali-oss 6.23.0, V1", "oss", interpret(openNode("alioss.js", "AUTHORIZATION_V4=false"))},
	{"npm aliyun-sdk 1.12.10, V1", "oss", interpret(openNode("aliyunsdk.js"))},
	{"ossutil 1.7.19, V4", "oss", interpret(openOSSUtil("--sign-version", "v4", "--region", account.Region))},
	{"ossutil 1.7.19, V1", "oss", interpret(openOSSUtil())},
	{"curl, signature V1 in the header", "oss", interpret(openOSSCurl(signOSSV1, false))},
	{"curl, signature V1 in the URL, HTTPS", "oss", interpret(openOSSCurl(signOSSURLV1, true))},
	{"curl, signature V4 in the header", "oss", interpret(openOSSCurl(signOSSV4, false))},
	{"curl, signature V4 in the URL, HTTPS", "oss", interpret(openOSSCurl(signOSSURLV4, true))},
	{"aliyun-mns-go-sdk 1.0.11", "mns", interpret(openMNSSDK)},
	{"npm @alicloud/mns 1.2.0", "mns", interpret(openNode("mns.js"))},
	{"curl, MNS signature", "mns", interpret(openMNSCurl)},
	{"npm @alicloud/fc20230330 4.7.6, HTTPS", "fc", interpret(openNode("fc.js"))},
	{"curl, signature V3", "fc", interpret(openFCCurl)},
	{"aws-sdk-go-v2", "ec2", interpret(openAWSSDK)},
	{"npm @aws-sdk/client-imagebuilder 3.1046.0", "ec2", interpret(openNode("imagebuilder.js", "NODE_NO_WARNINGS=1"))},
	{"AWS CLI", "ec2", interpret(openAWSCLI)},
}

func TestConformance(t *testing.T) {
	c := startCloud(t)
	rows := make([]*row, len(clients))
	t.Cleanup(func() { // when the parallel ones have ended, too
		printRows(rows)
		if !t.Failed() {
			compareWithREADME(t, rows)
		}
	})
	for i, cl := range clients {
		rows[i] = &row{client: cl.name, service: cl.service, skipped: filtered} // until it runs
		t.Run(strings.ReplaceAll(cl.name, "/", " "), func(t *testing.T) {       // a slash parts tests
			t.Parallel()
			t.Run(cl.service, func(t *testing.T) {
				rows[i].skipped = ""
				t.Cleanup(func() {
					if why, ok := reasons.Load(t.Name()); ok {
						rows[i].skipped = why.(string)
					}
				})
				cl.run(t, c, rows[i])
			})
		})
	}
}

// row is what one client came to with one service.
type row struct {
	client, service string
	cases, passed   int    // of the cases that the client can express
	left            int    // that it cannot
	skipped         string // why it was not asked all of them
}

// filtered is why a client is not asked that go test was not to run.
const filtered = "left out by -run"

// reasons are why clients were skipped, by the name of the test.
var reasons sync.Map

// skip skips the client whose test t is, for a reason that the summary gives.
func skip(t *testing.T, format string, args ...any) {
	t.Helper()
	why := fmt.Sprintf(format, args...)
	reasons.Store(t.Name(), why)
	t.Skip(why)
}

// try runs one case and counts it.
func (r *row) try(t *testing.T, name string, do func(*testing.T)) {
	r.cases++
	ran := false
	t.Run(name, func(t *testing.T) { ran = true; do(t); r.passed++ })
	if !ran {
		r.skipped = filtered
	}
}

// cloud is the local cloud that all clients ask.
type cloud struct {
	*stack.Stack
	e stack.Endpoints
}

func startCloud(t *testing.T) *cloud {
	t.Helper()
	st, err := stack.Start(t.Context(), stack.Options{
		File: filepath.Join(repository, "s.yaml"), BinDir: filepath.Join(repository, "dist"), Memory: true,
		TimeScale: timeScale, OnDemand: true, Log: io.Discard,
		LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return &cloud{Stack: st, e: st.Endpoints()}
}

// keyOf returns the credentials that a step names with `as`.
func (c *cloud) keyOf(name string) (account.Key, error) {
	own := account.Key{AccessKeyID: account.AccessKeyID, Secret: account.AccessKeySecret}
	switch name {
	case "":
		return own, nil
	case "sts":
		return c.Account().Keys.Issue(time.Now().Add(time.Hour)), nil
	case "expired":
		return c.Account().Keys.Issue(time.Now().Add(-time.Minute)), nil
	case "unknown":
		return account.Key{AccessKeyID: "LOCALimagedropKEY9999999", Secret: own.Secret}, nil
	case "wrong secret":
		return account.Key{AccessKeyID: own.AccessKeyID, Secret: own.Secret + "x"}, nil
	case "wrong token":
		key := c.Account().Keys.Issue(time.Now().Add(time.Hour))
		key.Token += "x"
		return key, nil
	}
	return own, fmt.Errorf("nobody is called %q", name)
}

// call is one step as a client is asked it.
type call struct {
	Do   string         `json:"do"`   // the operation, as the API spells it
	With map[string]any `json:"with"` // its parameters, likewise
	Key  account.Key    `json:"key"`
}

// answer is how the service answered, as the client shows it.
type answer struct {
	Status int            `json:"status"` // 0: the client does not tell
	Code   string         `json:"code"`   // of an error; "": success
	Fields map[string]any `json:"fields"` // of a success, as the API spells them
}

// asker does one call. Its error is that of a client that could not ask.
type asker func(ctx context.Context, c call) (answer, error)

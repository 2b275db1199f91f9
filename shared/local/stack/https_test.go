package stack_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	ecscredentials "github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"imagedrop/shared/local/stack"
)

// trust returns a transport that trusts the authority of the cloud and no other.
func (c *cloud) trust() *http.Transport {
	c.t.Helper()
	text, err := os.ReadFile(c.e.CAFile)
	require.NoError(c.t, err)
	roots := x509.NewCertPool()
	require.True(c.t, roots.AppendCertsFromPEM(text))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	c.t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// secured is the transport of the MNS SDK with an authority.
type secured struct{ config *tls.Config }

func (s secured) RoundTrip(hc *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response) (bool, error) {
	hc.TLSConfig = s.config
	return fasthttp.DefaultTransport.RoundTrip(hc, req, resp)
}

func TestEverySDKSpeaksHTTPS(t *testing.T) {
	c := start(t, options())
	trust := c.trust()

	core, err := sdk.NewClientWithOptions(c.e.Region, sdk.NewConfig().WithScheme("HTTPS").WithHttpTransport(trust),
		ecscredentials.NewAccessKeyCredential(c.e.AccessKeyID, c.e.AccessKeySecret))
	require.NoError(t, err)
	request := requests.NewCommonRequest()
	request.Product, request.Version, request.ApiName, request.Scheme = "Ecs", "2014-05-26", "DescribeRegions", "https"
	request.Domain = strings.TrimPrefix(c.e.HTTPS.ECS, "https://")
	regions, err := core.ProcessCommonRequest(request)
	require.NoError(t, err)
	require.Contains(t, regions.GetHttpContentString(), c.e.Region)

	objects := oss.NewClient(oss.LoadDefaultConfig().WithRegion(c.e.Region).WithEndpoint(c.e.HTTPS.OSS).WithHttpClient(&http.Client{Transport: trust}).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.e.AccessKeyID, c.e.AccessKeySecret)))
	_, err = objects.PutObject(t.Context(), &oss.PutObjectRequest{Bucket: oss.Ptr(c.e.Bucket), Key: oss.Ptr("over/https"), Body: strings.NewReader("x")})
	require.NoError(t, err)

	queues := ali_mns.NewAliMNSClientWithConfig(ali_mns.AliMNSClientConfig{EndPoint: c.e.HTTPS.MNS, AccessKeyId: c.e.AccessKeyID, AccessKeySecret: c.e.AccessKeySecret})
	queues.SetTransport(secured{trust.TLSClientConfig.Clone()})
	_, err = ali_mns.NewMNSQueue(c.e.ParkedQueue, queues).SendMessage(ali_mns.MessageSendRequest{MessageBody: "x", Priority: 8})
	require.NoError(t, err)

	components := imagebuilder.New(imagebuilder.Options{Region: "us-east-1", BaseEndpoint: &c.e.HTTPS.EC2, HTTPClient: &http.Client{Transport: trust},
		Credentials: awscredentials.NewStaticCredentialsProvider(c.e.AccessKeyID, c.e.AccessKeySecret, "")})
	_, err = components.ListComponents(t.Context(), &imagebuilder.ListComponentsInput{})
	require.NoError(t, err)

	health, err := (&http.Client{Transport: trust}).Get(c.e.HTTPS.Console + "/healthz")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, health.StatusCode)
	require.NoError(t, health.Body.Close())
}

// The certificate is good for the names of this machine, however deep, and for
// no other: clients that see another name refuse it, and so do those that were
// not told of the authority.
func TestTheCertificateIsForThisMachineOnly(t *testing.T) {
	c := start(t, options())
	roots := c.trust().TLSClientConfig.RootCAs
	at, err := url.Parse(c.e.HTTPS.OSS)
	require.NoError(t, err)
	dial := func(name string, roots *x509.CertPool) error {
		conn, err := tls.Dial("tcp", at.Host, &tls.Config{ServerName: name, RootCAs: roots})
		if err != nil {
			return err
		}
		return conn.Close()
	}
	for _, name := range []string{"127.0.0.1", "::1", "localhost", "bucket.localhost", "bucket.oss.localhost"} {
		require.NoError(t, dial(name, roots), name)
	}
	var wrongName x509.HostnameError
	require.ErrorAs(t, dial("bucket.oss-cn-hangzhou.aliyuncs.com", roots), &wrongName)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, dial("localhost", x509.NewCertPool()), &unknown)
}

func TestTheAuthorityIsKept(t *testing.T) {
	opt := options()
	opt.Memory, opt.StateDir = false, t.TempDir()
	c := start(t, opt)
	require.Equal(t, filepath.Join(opt.StateDir, "ca.pem"), c.e.CAFile)
	first, err := os.ReadFile(c.e.CAFile)
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(opt.StateDir, "ca.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	c.close()

	c = start(t, opt)
	second, err := os.ReadFile(c.e.CAFile)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.NoError(t, c.healthOverHTTPS())
}

func (c *cloud) healthOverHTTPS() error {
	resp, err := (&http.Client{Transport: c.trust()}).Get(c.e.HTTPS.Console + "/healthz")
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// What is of no use is replaced at start, whatever is wrong with it.
func TestAnAuthorityOfNoUseIsRenewed(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"expired":             func(t *testing.T, dir string) { writeAuthority(t, dir, -time.Hour, true) },
		"about to expire":     func(t *testing.T, dir string) { writeAuthority(t, dir, 24*time.Hour, true) },
		"no authority":        func(t *testing.T, dir string) { writeAuthority(t, dir, 10_000*time.Hour, false) },
		"damaged certificate": func(t *testing.T, dir string) { write(t, dir, "ca.pem", []byte("-----BEGIN")) },
		"damaged key":         func(t *testing.T, dir string) { write(t, dir, "ca.key", nil) },
		"key of another":      func(t *testing.T, dir string) { copyFile(t, writeAuthorityIn(t), dir, "ca.key") },
	} {
		t.Run(name, func(t *testing.T) {
			opt := options()
			opt.Memory, opt.StateDir = false, t.TempDir()
			writeAuthority(t, opt.StateDir, 10_000*time.Hour, true)
			spoil(t, opt.StateDir)
			before, err := os.ReadFile(filepath.Join(opt.StateDir, "ca.pem"))
			require.NoError(t, err)
			c := start(t, opt)
			after, err := os.ReadFile(c.e.CAFile)
			require.NoError(t, err)
			require.NotEqual(t, before, after)
			require.NoError(t, c.healthOverHTTPS())
		})
	}
}

// writeAuthority writes an authority of the test's own making.
func writeAuthority(t *testing.T, dir string, left time.Duration, isAuthority bool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	self := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(left),
		IsCA: isAuthority, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, self, self, key.Public(), key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	write(t, dir, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, dir, "ca.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

func writeAuthorityIn(t *testing.T) (dir string) {
	dir = t.TempDir()
	writeAuthority(t, dir, 10_000*time.Hour, true)
	return dir
}

func write(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
}

func copyFile(t *testing.T, from, to, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(from, name))
	require.NoError(t, err)
	write(t, to, name, text)
}

func TestACloudThatKeepsNothingTakesItsAuthorityAlong(t *testing.T) {
	c := start(t, options())
	require.FileExists(t, c.e.CAFile)
	c.close()
	require.NoDirExists(t, filepath.Dir(c.e.CAFile))
}

// Without --no-auth each service refuses what is not signed; with it, each does
// what it is asked.
func TestNoAuth(t *testing.T) {
	for _, open := range []bool{false, true} {
		opt := options()
		opt.NoAuth = open
		c := start(t, opt)
		for name, ask := range unsigned(c.e) {
			request, err := http.NewRequestWithContext(context.Background(), ask[0], ask[1], nil)
			require.NoError(t, err)
			resp, err := c.http.Do(request)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			if open {
				require.Equal(t, http.StatusOK, resp.StatusCode, name)
			} else {
				require.Contains(t, []int{http.StatusBadRequest, http.StatusForbidden}, resp.StatusCode, name)
			}
		}
		c.close()
	}
}

// unsigned is a request without a signature for each service: method and URL.
func unsigned(e stack.Endpoints) map[string][2]string {
	return map[string][2]string{
		"ecs": {"GET", e.ECS + "/?Action=DescribeRegions&Version=2014-05-26"},
		"oss": {"GET", e.OSS + "/" + e.Bucket + "/"},
		"mns": {"GET", e.MNS + "/queues/" + e.ParkedQueue},
		"ec2": {"POST", e.EC2 + "/ListComponents"},
		"fc":  {"POST", e.FC + "/2023-03-30/functions/message/invocations"},
	}
}

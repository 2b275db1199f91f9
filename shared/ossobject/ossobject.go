// Package ossobject reads template objects from OSS through
// alibabacloud-oss-go-sdk-v2. It translates, nothing else: no retries.
package ossobject

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/retry"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
)

const op = "ossobject.GetObject"

// Options says where the buckets are.
type Options struct {
	Endpoint string // "https://oss-cn-hangzhou.aliyuncs.com"; "" is the internal one of Region
	Region   string // part of the V4 signature, "cn-hangzhou"
}

// Client implements imagebuild.Objects. It is safe for concurrent use.
type Client struct {
	// getObject is the method of the SDK's client. A field of the client's own
	// type would keep every method of its API in the binary.
	getObject func(context.Context, *oss.GetObjectRequest, ...func(*oss.Options)) (*oss.GetObjectResult, error)
}

var _ imagebuild.Objects = (*Client)(nil)

// New returns a client, or an error that says what is wrong with the options.
func New(o Options) (*Client, error) {
	if o.Region == "" {
		return nil, errors.New("the region of the buckets is missing")
	}
	if o.Endpoint == "" {
		o.Endpoint = "https://oss-" + o.Region + "-internal.aliyuncs.com"
	}
	endpoint, err := sdkclient.ParseEndpoint(o.Endpoint)
	if err != nil {
		return nil, err
	}
	config := oss.NewConfig().
		WithEndpoint(endpoint.String()).
		WithRegion(o.Region).
		WithCredentialsProvider(credentials.CredentialsProviderFunc(signer)).
		WithRetryer(retry.NopRetryer{}).
		WithRetryMaxAttempts(1).
		WithUsePathStyle(sdkclient.Loopback(endpoint.Hostname())). // real OSS refuses path style
		WithHttpClient(&http.Client{
			Transport:     sdkclient.NewTransport(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		})
	return &Client{oss.NewClient(config).GetObject}, nil
}

// signer answers the credentials of the call's own context, so that one client
// serves every invocation.
func signer(ctx context.Context) (credentials.Credentials, error) {
	c, err := sdkclient.Required(ctx, op)
	return credentials.Credentials{AccessKeyID: c.AccessKeyID, AccessKeySecret: c.AccessKeySecret, SecurityToken: c.SecurityToken}, err
}

// Read implements imagebuild.Objects. Where the key is not there and reads
// differently URL-decoded, that key is tried once: whether events encode keys
// is not documented.
func (c *Client) Read(ctx context.Context, ref imagebuild.ObjectRef, limit int64) ([]byte, error) {
	text, err := c.read(ctx, ref, limit)
	if !errors.Is(err, imagebuild.ErrGone) {
		return text, err
	}
	decoded, bad := url.PathUnescape(ref.Key)
	if bad != nil || decoded == ref.Key || !utf8.ValidString(decoded) {
		return nil, err
	}
	ref.Key = decoded
	text, again := c.read(ctx, ref, limit)
	if f := fault.Of(again); f != nil && (f.Kind == fault.Invalid || f.HTTPStatus == http.StatusBadRequest) {
		return nil, err // no object can have the decoded key
	}
	return text, again
}

// eTag is what an eTag can be between its quotes, maxETag its length in bytes:
// a sender may set it.
var eTag = regexp.MustCompile(`^[!#-~]+$`)

const maxETag = 128

// read bounds the object twice: the service may ignore the range.
func (c *Client) read(ctx context.Context, ref imagebuild.ObjectRef, limit int64) (text []byte, err error) {
	request := &oss.GetObjectRequest{
		Bucket:        oss.Ptr(ref.Bucket),
		Key:           oss.Ptr(ref.Key),
		Range:         oss.Ptr(fmt.Sprintf("bytes=0-%d", limit)), // the end is inclusive
		RangeBehavior: oss.Ptr("standard"),
	}
	if ref.ETag != "" {
		if len(ref.ETag) > maxETag || !eTag.MatchString(ref.ETag) {
			return nil, fault.New(fault.Invalid, op, "the eTag is not valid")
		}
		request.IfMatch = oss.Ptr(`"` + ref.ETag + `"`)
	}
	ctx, cancel := sdkclient.Bounded(ctx)
	defer cancel()
	err = sdkclient.Guard(op, func() error {
		object, err := c.getObject(ctx, request)
		if err != nil {
			return err
		}
		defer object.Body.Close()
		if err = announced(ref, object); err != nil {
			return err
		}
		text, err = io.ReadAll(io.LimitReader(object.Body, limit+1))
		return err
	})
	if err != nil {
		return missing(ctx, err)
	}
	return text, nil
}

// announced refuses an answer that is not the object asked for, whatever its
// status is: a page of something that stands before the service, or another
// version from what ignores If-Match.
func announced(ref imagebuild.ObjectRef, object *oss.GetObjectResult) error {
	switch is := strings.Trim(oss.ToString(object.ETag), `"`); {
	case is == "":
		return fault.New(fault.Retryable, op, "the answer carries no ETag")
	case ref.ETag != "" && !strings.EqualFold(ref.ETag, is):
		return imagebuild.ErrSuperseded
	}
	return nil
}

// missing tells the answers that are no fault, by status: of 404 the code is
// not relied on, and a range of an empty object cannot be satisfied.
func missing(ctx context.Context, err error) ([]byte, error) {
	if errors.Is(err, imagebuild.ErrSuperseded) {
		return nil, err
	}
	var service *oss.ServiceError
	if errors.As(err, &service) && service.Code != "NoSuchBucket" {
		switch service.StatusCode {
		case http.StatusNotFound:
			return nil, imagebuild.ErrGone
		case http.StatusPreconditionFailed:
			return nil, imagebuild.ErrSuperseded
		case http.StatusRequestedRangeNotSatisfiable:
			return nil, nil
		}
	}
	return nil, classify(ctx, err)
}

// codes says who must act on a code of the service; a template's sender names
// neither keys nor buckets that the function may not read, but for a
// templateUri that the policy allows.
// Source: OSS error codes.
var codes = sdkclient.Codes{
	"AccessDenied":          fault.Permanent,
	"InvalidAccessKeyId":    fault.Permanent,
	"NoSuchBucket":          fault.Permanent,
	"RequestTimeTooSkewed":  fault.Permanent,
	"SignatureDoesNotMatch": fault.Permanent,

	"InvalidSecurityToken": fault.Retryable, // with the next invocation's credentials
	"RequestTimeout":       fault.Retryable, // 400
	"SecurityTokenExpired": fault.Retryable,
}

// notXML is what the SDK calls an answer that it cannot read.
const notXML = "BadErrorResponse"

// classify turns an error of the SDK into a fault.
func classify(ctx context.Context, err error) error {
	if f := fault.Of(err); f != nil {
		return f // without the words that the SDK put around it
	}
	var service *oss.ServiceError
	if errors.As(err, &service) {
		c, _ := sdkclient.CredentialsFrom(ctx)
		return codes.Fault(op, refusal(service), c.Secrets())
	}
	if f, ok := sdkclient.Network(op, err); ok {
		return f
	}
	var parameter oss.InvalidParamError
	if errors.As(err, &parameter) {
		return fault.New(fault.Invalid, op, "the bucket name or object key is not valid")
	}
	return sdkclient.Unclassified(op, err)
}

func refusal(e *oss.ServiceError) sdkclient.Refusal {
	r := sdkclient.Refusal{Code: e.Code, Message: e.Message, RequestID: e.RequestID, Status: e.StatusCode}
	if r.Code == notXML {
		r.Code = ""
	}
	return r
}

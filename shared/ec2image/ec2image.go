// Package ec2image creates and finds the components of EC2 Image Builder (API
// 2019-12-02) through aws-sdk-go-v2. It translates, nothing else: no retries,
// no judgement of a document. Credentials, region and endpoint come from the
// SDK's own chain.
package ec2image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
)

// Client implements imagebuild.AWSComponents. It is safe for concurrent use.
type Client struct{ sdk *imagebuilder.Client }

var _ imagebuild.AWSComponents = (*Client)(nil)

// New reads the SDK's chain: AWS_REGION, AWS_ACCESS_KEY_ID, a profile, a web
// identity, AWS_ENDPOINT_URL_IMAGEBUILDER and so on. The error says what is
// malformed; whether there are credentials shows at the first call.
func New(ctx context.Context) (*Client, error) {
	chain, err := config.LoadDefaultConfig(ctx,
		// Whoever calls repeats what can succeed, within the deadline that only
		// they know.
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		// The SDK's own client, which follows no redirect and takes AWS_CA_BUNDLE.
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(sdkclient.MaxCall)))
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	chain.Credentials = credentials(chain.Credentials)
	return &Client{sdk: imagebuilder.NewFromConfig(chain)}, nil
}

// credentials makes it the operator's business where the chain has none. Its
// own error names every place where it looked, a host of this network among them.
func credentials(chain aws.CredentialsProvider) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		c, err := chain.Retrieve(ctx)
		if err != nil && ctx.Err() == nil {
			err = fault.New(fault.Permanent, "ec2image.credentials",
				"the chain of the AWS SDK finds no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
		}
		return c, err
	})
}

// Create implements imagebuild.AWSComponents. ClientToken is always sent: the
// SDK would make one at random, and an event that is delivered again would
// make a second component.
func (c *Client) Create(ctx context.Context, r imagebuild.AWSRequest) (arn string, err error) {
	const op = "ec2image.CreateComponent"
	if r.ClientToken == "" {
		return "", fault.New(fault.Unknown, op, "a request without ClientToken")
	}
	in := &imagebuilder.CreateComponentInput{
		ClientToken: &r.ClientToken, Name: &r.Name, SemanticVersion: &r.SemanticVersion, Platform: types.Platform(r.Platform),
		Description: given(r.Description), ChangeDescription: given(r.ChangeDescription), KmsKeyId: given(r.KMSKeyID),
		SupportedOsVersions: r.SupportedOSVersions, Tags: r.Tags, Data: given(r.Data), Uri: given(r.URI), DryRun: r.DryRun,
	}
	err = sdkclient.Guard(op, func() error {
		out, err := c.sdk.CreateComponent(ctx, in, inRegion(r.RegionID))
		if err != nil {
			return classify(op, err, r.Data)
		}
		arn = aws.ToString(out.ComponentBuildVersionArn)
		return nil
	})
	if err == nil && arn == "" {
		err = fault.New(fault.Retryable, op, "the answer carries no componentBuildVersionArn")
	}
	return arn, err
}

// Builds implements imagebuild.AWSComponents: the version is looked for by its
// name, since an ARN holds the account, which only the service knows here.
func (c *Client) Builds(ctx context.Context, regionID, name, semanticVersion string) ([]imagebuild.AWSComponent, error) {
	return c.list(ctx, regionID, func(types.ComponentVersion) bool { return true }, by("name", name), by("version", semanticVersion))
}

// Namesakes implements imagebuild.AWSComponents: no filter knows the service's normal
// form of a name, of which an ARN is made.
func (c *Client) Namesakes(ctx context.Context, regionID, name, semanticVersion string) ([]imagebuild.AWSComponent, error) {
	return c.list(ctx, regionID, func(v types.ComponentVersion) bool { return normal(aws.ToString(v.Name)) == normal(name) },
		by("version", semanticVersion))
}

func by(name, value string) types.Filter { return types.Filter{Name: &name, Values: []string{value}} }

// normal is the form under which the service compares names: case, blank and underscore
// do not tell two apart. Source: API_CreateComponent, name.
func normal(name string) string {
	return strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(name))
}

// list answers the build versions of the components that filters find and want takes.
func (c *Client) list(ctx context.Context, regionID string, want func(types.ComponentVersion) bool,
	filters ...types.Filter) ([]imagebuild.AWSComponent, error) {
	const op = "ec2image.ListComponents"
	var found []imagebuild.AWSComponent
	err := sdkclient.Guard(op, func() error {
		versions := imagebuilder.NewListComponentsPaginator(c.sdk, &imagebuilder.ListComponentsInput{Owner: types.OwnershipSelf, Filters: filters})
		for versions.HasMorePages() {
			page, err := versions.NextPage(ctx, inRegion(regionID))
			if err != nil {
				return classify(op, err)
			}
			for _, v := range page.ComponentVersionList {
				if !want(v) {
					continue
				}
				builds, err := c.builds(ctx, regionID, v.Arn)
				if err != nil {
					return err
				}
				found = append(found, builds...)
			}
		}
		return nil
	})
	return found, err
}

func (c *Client) builds(ctx context.Context, regionID string, version *string) (found []imagebuild.AWSComponent, err error) {
	builds := imagebuilder.NewListComponentBuildVersionsPaginator(c.sdk,
		&imagebuilder.ListComponentBuildVersionsInput{ComponentVersionArn: version})
	for builds.HasMorePages() {
		page, err := builds.NextPage(ctx, inRegion(regionID))
		if err != nil {
			return nil, classify("ec2image.ListComponentBuildVersions", err)
		}
		for _, b := range page.ComponentSummaryList {
			found = append(found, imagebuild.AWSComponent{ARN: aws.ToString(b.Arn), DateCreated: aws.ToString(b.DateCreated), Tags: b.Tags})
		}
	}
	return found, nil
}

func inRegion(id string) func(*imagebuilder.Options) {
	return func(o *imagebuilder.Options) {
		if id != "" {
			o.Region = id
		}
	}
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// codes says who must act on a code of the service or of the gateway before it.
// Source: API_CreateComponent, Errors; the SDK's model for those of the lists.
var codes = sdkclient.Codes{
	// A value of the template or the message.
	"IdempotentParameterMismatchException": fault.Invalid,
	"InvalidPaginationTokenException":      fault.Retryable, // the list begins anew
	"InvalidParameter*":                    fault.Invalid,
	"InvalidRequestException":              fault.Invalid,
	"InvalidVersionNumberException":        fault.Invalid,
	"ResourceAlreadyExistsException":       fault.Invalid,

	// Quota (402), permission, key, clock; and the success of a dry run (412).
	"AccessDeniedException":         fault.Permanent,
	"ClientException":               fault.Permanent,
	"DryRunOperationException":      fault.Permanent,
	"ForbiddenException":            fault.Permanent,
	"IncompleteSignature*":          fault.Permanent,
	"InvalidClientTokenId":          fault.Permanent,
	"InvalidSignatureException":     fault.Permanent,
	"MissingAuthenticationToken*":   fault.Permanent,
	"ResourceNotFoundException":     fault.Permanent,
	"ServiceQuotaExceededException": fault.Permanent,
	"UnknownOperationException":     fault.Permanent,
	"UnrecognizedClientException":   fault.Permanent,

	// The same request can succeed later, or with fresh credentials.
	"CallRateLimitExceededException": fault.Retryable,
	"ExpiredToken*":                  fault.Retryable,
	"RequestExpired":                 fault.Retryable,
	"ResourceInUseException":         fault.Retryable,
	"ServiceException":               fault.Retryable,
	"ServiceUnavailableException":    fault.Retryable,
	"Throttling*":                    fault.Retryable,
	"TooManyRequestsException":       fault.Retryable,
}

// classify turns an error of the SDK into a fault. ResourceAlreadyExists comes
// as a generic error, so codes are asked, not types.
func classify(op string, err error, secrets ...string) error {
	if f := fault.Of(err); f != nil {
		return f
	}
	var api smithy.APIError
	var answer *smithyhttp.ResponseError
	answered := errors.As(err, &answer)
	switch {
	case answered && errors.As(err, &api):
		return codes.Fault(op, refusal(err, api, answer.HTTPStatusCode()), secrets)
	case answered && answer.HTTPStatusCode() >= http.StatusBadRequest:
		return codes.Fault(op, sdkclient.Refusal{Status: answer.HTTPStatusCode()}, secrets)
	case answered:
		return fault.New(fault.Retryable, op, "the answer is not the service's JSON")
	}
	if f, ok := sdkclient.Network(op, err); ok {
		return f
	}
	return sdkclient.Unclassified(op, err)
}

// refusal reads an answer that is no success: the service's, or a page of
// whatever stands before it, for which the SDK has a code of its own.
func refusal(err error, api smithy.APIError, status int) sdkclient.Refusal {
	r := sdkclient.Refusal{Code: api.ErrorCode(), Message: api.ErrorMessage(), Status: status}
	if r.Code == "UnknownError" {
		r.Code = ""
	}
	var id interface{ ServiceRequestID() string }
	if errors.As(err, &id) {
		r.RequestID = id.ServiceRequestID()
	}
	return r
}

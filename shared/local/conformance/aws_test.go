//go:build conformance

package conformance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
)

const awsRegion = "us-east-1"

// openAWSSDK asks with the SDK of awscomponent: a parameter is the member of
// the input that has its name.
func openAWSSDK(_ *testing.T, c *cloud, _ *row) asker {
	return func(ctx context.Context, q call) (answer, error) {
		client := imagebuilder.New(imagebuilder.Options{
			Region: awsRegion, BaseEndpoint: aws.String(c.e.EC2), RetryMaxAttempts: 1,
			Credentials: credentials.NewStaticCredentialsProvider(q.Key.AccessKeyID, q.Key.Secret, q.Key.Token),
		})
		method := reflect.ValueOf(client).MethodByName(q.Do)
		if !method.IsValid() {
			return answer{}, fmt.Errorf("the SDK has no method %s", q.Do)
		}
		text, err := json.Marshal(q.With)
		if err != nil {
			return answer{}, err
		}
		input := reflect.New(method.Type().In(1).Elem())
		if err := json.Unmarshal(text, input.Interface()); err != nil {
			return answer{}, err
		}
		results := method.Call([]reflect.Value{reflect.ValueOf(ctx), input})
		failure, _ := results[1].Interface().(error)
		return awsAnswer(results[0].Interface(), failure)
	}
}

func awsAnswer(output any, failure error) (answer, error) {
	var refused smithy.APIError
	var response *smithyhttp.ResponseError
	if errors.As(failure, &refused) && errors.As(failure, &response) {
		return answer{Status: response.HTTPStatusCode(), Code: refused.ErrorCode()}, nil
	}
	if failure != nil {
		return answer{}, failure
	}
	text, err := json.Marshal(output)
	if err != nil {
		return answer{}, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return answer{}, err
	}
	return answer{Status: 200, Fields: lowerKeys(fields).(map[string]any)}, nil
}

// lowerKeys spells members as the API does, where the SDK begins them with a
// capital.
func lowerKeys(value any) any {
	switch v := value.(type) {
	case map[string]any:
		all := map[string]any{}
		for name, inner := range v {
			all[strings.ToLower(name[:1])+name[1:]] = lowerKeys(inner)
		}
		return all
	case []any:
		for i := range v {
			v[i] = lowerKeys(v[i])
		}
	}
	return value
}

// awsFailure is how the command line reports an error of the service.
// Source: AWS CLI user guide, return codes: 254, in version 1 255.
var awsFailure = regexp.MustCompile(`An error occurred \((\w+)\) when calling`)

// openAWSCLI asks with the AWS command line, Debian's package or another.
func openAWSCLI(t *testing.T, c *cloud, _ *row) asker {
	aws := program(t, "aws", "apt-get install awscli")
	version, errOut, status, err := run(t.Context(), nil, aws, "--version")
	require.NoError(t, err)
	require.Zero(t, status, errOut)
	home := t.TempDir()
	config := filepath.Join(home, "config")
	require.NoError(t, os.WriteFile(config, []byte("[default]\ns3 =\n  addressing_style = path\n"), 0o600))
	refused := 254
	if strings.HasPrefix(version, "aws-cli/1.") {
		refused = 255
	}
	return func(ctx context.Context, q call) (answer, error) {
		args, err := c.awsArguments(home, q)
		if err != nil {
			return answer{}, err
		}
		out, errOut, status, err := run(ctx, []string{
			"HOME=" + home, "AWS_CONFIG_FILE=" + config, "AWS_REGION=" + awsRegion, "AWS_DEFAULT_REGION=" + awsRegion, "AWS_MAX_ATTEMPTS=1",
			"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_ACCESS_KEY_ID=" + q.Key.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + q.Key.Secret,
			"AWS_SESSION_TOKEN=" + q.Key.Token,
		}, aws, args...)
		if code := awsFailure.FindStringSubmatch(errOut); err == nil && code != nil && status == refused {
			return answer{Code: code[1]}, nil
		}
		if err != nil || status != 0 {
			return answer{}, fmt.Errorf("aws ended with %d: %v %s", status, err, errOut)
		}
		var a answer
		return a, json.Unmarshal([]byte(cmp.Or(out, "{}")), &a.Fields)
	}
}

// awsArguments spells a call as a command line: the operation and the members
// in lower case with hyphens, what is no text as JSON.
func (c *cloud) awsArguments(home string, q call) ([]string, error) {
	args := []string{"imagebuilder", kebab(q.Do), "--no-paginate", "--endpoint-url", c.e.EC2}
	if q.Do == "PutObject" { // of S3, where the documents of uri are
		args = []string{"s3api", kebab(q.Do), "--endpoint-url", c.e.EC2 + "/s3"}
	}
	for name, value := range q.With {
		if value == true { // a flag
			args = append(args, "--"+kebab(name))
			continue
		}
		text, plain := value.(string)
		if !plain {
			doc, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			text = string(doc)
		}
		if name == "body" {
			file := filepath.Join(home, "body")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				return nil, err
			}
			text = file
		}
		args = append(args, "--"+kebab(name), text)
	}
	return append(args, "--output", "json"), nil
}

var capital = regexp.MustCompile(`[A-Z]`)

func kebab(name string) string {
	return strings.TrimPrefix(strings.ToLower(capital.ReplaceAllString(name, "-$0")), "-")
}

//go:build conformance

package ec2_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ec2"
)

// serviceError is the exit status where the service answered an error.
// Source: AWS CLI user guide, return codes of version 2 and of version 1.
func serviceError(t *testing.T, program string) int {
	t.Helper()
	version, err := exec.CommandContext(t.Context(), program, "--version").Output()
	require.NoError(t, err)
	t.Logf("%s", version)
	if strings.HasPrefix(string(version), "aws-cli/1.") {
		return 255
	}
	return 254
}

// awsCase is one call of the AWS command line.
type awsCase struct {
	Run  []string `yaml:"run"`
	Want string   `yaml:"want"` // in the output
	Code string   `yaml:"code"` // of the error; "" means success
}

// The AWS command line works against the endpoint, all eight operations. It is
// Debian's package awscli.
func TestAWSCLI(t *testing.T) {
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("awscli is not installed: apt-get install awscli")
	}
	text, err := os.ReadFile(filepath.Join("testdata", "awscli.yaml"))
	require.NoError(t, err)
	var cases []awsCase
	require.NoError(t, yaml.Unmarshal(text, &cases))
	l, refused := serve(t, ec2.Options{}), serviceError(t, program)
	stands := map[string]string{"DOC": document("'true'"), "OTHER": document("'false'")}
	for _, c := range cases {
		t.Run(strings.Join(c.Run, " "), func(t *testing.T) {
			args := []string{"imagebuilder"}
			for _, arg := range c.Run {
				args = append(args, cmp.Or(stands[arg], strings.Replace(arg, "ARN/", arnPrefix, 1)))
			}
			output, status := l.aws(t, program, args...)
			if c.Code != "" {
				require.Contains(t, output, "("+c.Code+")")
				require.Equal(t, refused, status, output)
				return
			}
			require.Equal(t, 0, status, output)
			require.Contains(t, output, strings.Replace(c.Want, "ARN/", arnPrefix, 1))
		})
	}
}

// The documents of uri are put by the same command line.
func TestAWSCLIPutsObjects(t *testing.T) {
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("awscli is not installed: apt-get install awscli")
	}
	l := serve(t, ec2.Options{})
	file := filepath.Join(t.TempDir(), "doc.yaml")
	require.NoError(t, os.WriteFile(file, []byte(document("'true'")), 0o644))
	s3 := *l
	s3.url += "/s3"
	output, status := s3.aws(t, program, "s3api", "put-object", "--bucket", "my-bucket", "--key", "doc.yaml", "--body", file)
	require.Equal(t, 0, status, output)
	output, status = l.aws(t, program, "imagebuilder", "create-component", "--name", "web", "--semantic-version", "1.0.0", "--platform", "Linux",
		"--uri", "s3://my-bucket/doc.yaml")
	require.Equal(t, 0, status, output)
}

// aws runs the command line with the test keys and nothing of this machine's own.
func (l *local) aws(t *testing.T, program string, args ...string) (output string, status int) {
	t.Helper()
	home := t.TempDir()
	config := filepath.Join(home, "config")
	require.NoError(t, os.WriteFile(config, []byte("[default]\ns3 =\n  addressing_style = path\n"), 0o600))
	c := exec.CommandContext(t.Context(), program, append(args, "--endpoint-url", l.url, "--output", "json")...)
	c.Env = append(os.Environ(), "HOME="+home, "AWS_CONFIG_FILE="+config, "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region, "AWS_MAX_ATTEMPTS=1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_ACCESS_KEY_ID="+account.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+account.AccessKeySecret)
	text, err := c.CombinedOutput()
	if c.ProcessState == nil {
		require.NoError(t, err)
	}
	return string(text), c.ProcessState.ExitCode()
}

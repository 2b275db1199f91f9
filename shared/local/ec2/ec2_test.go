package ec2_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder/types"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ec2"
)

type input = imagebuilder.CreateComponentInput

const arnPrefix = "arn:aws:imagebuilder:us-east-1:123456789012:component/"

// One component through all eight operations, by the real SDK.
func TestLifeOfAComponent(t *testing.T) {
	l := serve(t, ec2.Options{})
	created, err := l.CreateComponent(t.Context(), component(func(in *input) {
		in.Description, in.ChangeDescription = aws.String("the base"), aws.String("first")
		in.SupportedOsVersions = []string{"Amazon Linux 2023"}
		in.Tags = map[string]string{"imagedrop:job": "j-1"}
		in.Data = aws.String("schemaVersion: 1.0\nparameters:\n  - Version: {type: string, default: \"1.24\", description: of nginx}\n" +
			"phases:\n  - name: test\n    steps:\n      - {name: check, action: ExecuteBash, inputs: {commands: [\"true\"]}}\n")
	}))
	require.NoError(t, err)
	arn := arnPrefix + "web-base-1/1.4.0/1"
	require.Equal(t, arn, *created.ComponentBuildVersionArn, "made of the name's normal form")
	require.Equal(t, "token-1", *created.ClientToken)
	require.NotEmpty(t, *created.RequestId)
	require.Equal(t, types.LatestVersionReferences{
		LatestVersionArn: aws.String(arnPrefix + "web-base-1/x.x.x"), LatestMajorVersionArn: aws.String(arnPrefix + "web-base-1/1.x.x"),
		LatestMinorVersionArn: aws.String(arnPrefix + "web-base-1/1.4.x"), LatestPatchVersionArn: aws.String(arnPrefix + "web-base-1/1.4.0"),
	}, *created.LatestVersionReferences)

	got, err := l.GetComponent(t.Context(), &imagebuilder.GetComponentInput{ComponentBuildVersionArn: &arn})
	require.NoError(t, err)
	c := got.Component
	require.Equal(t, "Web_base 1", *c.Name)
	require.Equal(t, types.ComponentTypeTest, c.Type, "a document of the one phase test")
	require.Equal(t, types.ComponentStatusActive, c.State.Status)
	require.Equal(t, []types.ComponentParameterDetail{{Name: aws.String("Version"), Type: aws.String("string"),
		DefaultValue: []string{"1.24"}, Description: aws.String("of nginx")}}, c.Parameters)
	require.Equal(t, "the base first Amazon Linux 2023", *c.Description+" "+*c.ChangeDescription+" "+c.SupportedOsVersions[0])
	require.Equal(t, "123456789012", *c.Owner)
	require.True(t, *c.Encrypted)
	_, err = time.Parse(time.RFC3339, *c.DateCreated)
	require.NoError(t, err)

	versions, err := l.ListComponents(t.Context(), &imagebuilder.ListComponentsInput{})
	require.NoError(t, err)
	require.Len(t, versions.ComponentVersionList, 1)
	require.Equal(t, arnPrefix+"web-base-1/1.4.0", *versions.ComponentVersionList[0].Arn)
	builds, err := l.ListComponentBuildVersions(t.Context(), &imagebuilder.ListComponentBuildVersionsInput{ComponentVersionArn: versions.ComponentVersionList[0].Arn})
	require.NoError(t, err)
	require.Len(t, builds.ComponentSummaryList, 1)
	require.Equal(t, arn, *builds.ComponentSummaryList[0].Arn)

	_, err = l.TagResource(t.Context(), &imagebuilder.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"team": "web", "old": ""}})
	require.NoError(t, err)
	_, err = l.UntagResource(t.Context(), &imagebuilder.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"old", "never"}})
	require.NoError(t, err)
	tags, err := l.ListTagsForResource(t.Context(), &imagebuilder.ListTagsForResourceInput{ResourceArn: &arn})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"imagedrop:job": "j-1", "team": "web"}, tags.Tags)

	deleted, err := l.DeleteComponent(t.Context(), &imagebuilder.DeleteComponentInput{ComponentBuildVersionArn: &arn})
	require.NoError(t, err)
	require.Equal(t, arn, *deleted.ComponentBuildVersionArn)
	_, err = l.GetComponent(t.Context(), &imagebuilder.GetComponentInput{ComponentBuildVersionArn: &arn})
	requireCode(t, err, 404, "ResourceNotFoundException")
}

func TestBuildVersions(t *testing.T) {
	l := serve(t, ec2.Options{})
	first := l.create(t, nil)
	second := l.create(t, func(in *input) { in.ClientToken, in.Data = aws.String("b"), aws.String(document("'false'")) })
	require.Equal(t, arnPrefix+"web-base-1/1.4.0/1", first)
	require.Equal(t, arnPrefix+"web-base-1/1.4.0/2", second)

	_, err := l.CreateComponent(t.Context(), component(func(in *input) {
		in.ClientToken, in.Data, in.Name = aws.String("c"), aws.String(document("'false'")), aws.String("web base-1")
	}))
	requireCode(t, err, 400, "ResourceAlreadyExistsException")
	require.ErrorContains(t, err, second, "names the build version that is identical")
	third := l.create(t, func(in *input) { in.ClientToken = aws.String("d") })
	require.Equal(t, arnPrefix+"web-base-1/1.4.0/3", third, "identical to an older build version only")

	newer := l.create(t, func(in *input) { in.ClientToken, in.SemanticVersion = aws.String("e"), aws.String("1.10.0") })
	for open, want := range map[string]string{"x.x.x": newer, "1.x.x": newer, "1.4.x": third, "1.4.0": third, "1.4.0/2": second} {
		got, err := l.GetComponent(t.Context(), &imagebuilder.GetComponentInput{ComponentBuildVersionArn: aws.String(arnPrefix + "web-base-1/" + open)})
		require.NoError(t, err, open)
		require.Equal(t, want, *got.Component.Arn, open)
	}
}

func TestClientToken(t *testing.T) {
	l := serve(t, ec2.Options{})
	first := l.create(t, nil)
	require.Equal(t, first, l.create(t, nil), "a replay")
	for name, change := range map[string]func(*input){
		"data": func(in *input) { in.Data = aws.String(document("'false'")) }, "tags": func(in *input) { in.Tags = map[string]string{"a": "b"} },
		"description": func(in *input) { in.Description = aws.String("other") }, "dryRun": func(in *input) { in.DryRun = true },
	} {
		_, err := l.CreateComponent(t.Context(), component(change))
		requireCode(t, err, 400, "IdempotentParameterMismatchException")
		require.NotEmpty(t, name)
	}
	longer := serve(t, ec2.Options{TokenLength: 64})
	longer.create(t, func(in *input) { in.ClientToken = aws.String(strings.Repeat("t", 64)) })
}

func TestTokenLapses(t *testing.T) {
	clock := account.NewManualClock(time.Now())
	l := serveFrom(t, account.NewAt(clock), openStore(t, t.TempDir()), ec2.Options{TokenLifetime: time.Minute})
	l.create(t, nil)
	clock.Advance(time.Minute)
	_, err := l.CreateComponent(t.Context(), component(nil))
	requireCode(t, err, 400, "ResourceAlreadyExistsException")
}

// Of many creates with one token at once, one creates.
func TestOneTokenAtOnce(t *testing.T) {
	l := serve(t, ec2.Options{})
	arns := make([]string, 16)
	var group sync.WaitGroup
	for i := range arns {
		group.Go(func() {
			if out, err := l.CreateComponent(t.Context(), component(nil)); err == nil {
				arns[i] = *out.ComponentBuildVersionArn
			}
		})
	}
	group.Wait()
	for _, arn := range arns {
		require.Equal(t, arnPrefix+"web-base-1/1.4.0/1", arn)
	}
}

func TestDryRunCreatesNothing(t *testing.T) {
	l := serve(t, ec2.Options{})
	_, err := l.CreateComponent(t.Context(), component(func(in *input) { in.DryRun = true }))
	requireCode(t, err, 412, "DryRunOperationException")
	var typed *types.DryRunOperationException
	require.ErrorAs(t, err, &typed)
	_, err = l.CreateComponent(t.Context(), component(func(in *input) { in.DryRun, in.Data = true, aws.String("{") }))
	requireCode(t, err, 400, "InvalidRequestException")
	list, err := l.ListComponents(t.Context(), &imagebuilder.ListComponentsInput{})
	require.NoError(t, err)
	require.Empty(t, list.ComponentVersionList)
}

func TestQuota(t *testing.T) {
	l := serve(t, ec2.Options{Quota: 1})
	arn := l.create(t, nil)
	other := func(in *input) { in.ClientToken, in.Name = aws.String("b"), aws.String("other") }
	_, err := l.CreateComponent(t.Context(), component(other))
	requireCode(t, err, 402, "ServiceQuotaExceededException")
	_, err = l.DeleteComponent(t.Context(), &imagebuilder.DeleteComponentInput{ComponentBuildVersionArn: &arn})
	require.NoError(t, err)
	l.create(t, other)
}

// Every constraint of CreateComponent, with its code.
func TestConstraints(t *testing.T) {
	l := serve(t, ec2.Options{})
	text := func(n int) *string { return aws.String(strings.Repeat("é", n)) }
	tags := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprintf("k%d", i)] = ""
		}
		return m
	}
	const bad, version = "InvalidRequestException", "InvalidVersionNumberException"
	tests := []struct {
		name, code string
		change     func(*input)
	}{
		{"name of 2", bad, func(in *input) { in.Name = aws.String("ab") }},
		{"name of 128", "", func(in *input) { in.Name = aws.String(strings.Repeat("a", 128)) }},
		{"name of 129", bad, func(in *input) { in.Name = aws.String(strings.Repeat("a", 129)) }},
		{"name with a dot", bad, func(in *input) { in.Name = aws.String("web.base") }},
		{"name with a blank at the end", bad, func(in *input) { in.Name = aws.String("web ") }},
		{"unknown platform", bad, func(in *input) { in.Platform = "Plan9" }},
		{"macOS", "", func(in *input) { in.Platform = "macOS" }},
		{"version of two numbers", version, func(in *input) { in.SemanticVersion = aws.String("1.0") }},
		{"version with a wildcard", version, func(in *input) { in.SemanticVersion = aws.String("1.x.x") }},
		{"version out of bounds", version, func(in *input) { in.SemanticVersion = aws.String("1073741824.0.0") }},
		{"version out of an int64", version, func(in *input) { in.SemanticVersion = aws.String("0.0.99999999999999999999") }},
		{"largest version", "", func(in *input) { in.SemanticVersion = aws.String("1073741823.0.0") }},
		{"token of 36", "", func(in *input) { in.ClientToken = aws.String(strings.Repeat("t", 36)) }},
		{"token of 37", bad, func(in *input) { in.ClientToken = aws.String(strings.Repeat("t", 37)) }},
		{"data and uri", "InvalidParameterCombinationException", func(in *input) { in.Uri = aws.String("s3://bucket/key") }},
		{"neither data nor uri", bad, func(in *input) { in.Data = nil }},
		{"empty data", bad, func(in *input) { in.Data = aws.String("") }},
		{"data of 16,000", "", func(in *input) { in.Data = aws.String(padded(16_000)) }},
		{"data of 16,001", bad, func(in *input) { in.Data = aws.String(padded(16_001)) }},
		{"data with a NUL", bad, func(in *input) { in.Data = aws.String(document("'a\x00b'")) }},
		{"uri of another scheme", bad, func(in *input) { in.Data, in.Uri = nil, aws.String("https://bucket/key") }},
		{"uri of nothing", bad, func(in *input) { in.Data, in.Uri = nil, aws.String("s3://bucket/none") }},
		{"empty description", bad, func(in *input) { in.Description = aws.String("") }},
		{"description of 1,024", "", func(in *input) { in.Description = text(1024) }},
		{"description of 1,025", bad, func(in *input) { in.Description = text(1025) }},
		{"changeDescription of 1,025", bad, func(in *input) { in.ChangeDescription = text(1025) }},
		{"kmsKeyId of 1,025", bad, func(in *input) { in.KmsKeyId = text(1025) }},
		{"no OS versions", bad, func(in *input) { in.SupportedOsVersions = []string{} }},
		{"25 OS versions", "", func(in *input) { in.SupportedOsVersions = strings.Split(strings.Repeat("v", 25), "") }},
		{"26 OS versions", bad, func(in *input) { in.SupportedOsVersions = strings.Split(strings.Repeat("v", 26), "") }},
		{"an empty OS version", bad, func(in *input) { in.SupportedOsVersions = []string{""} }},
		{"50 tags", "", func(in *input) { in.Tags = tags(50) }},
		{"51 tags", bad, func(in *input) { in.Tags = tags(51) }},
		{"tag key of aws:", bad, func(in *input) { in.Tags = map[string]string{"aws:x": ""} }},
		{"tag key of 129", bad, func(in *input) { in.Tags = map[string]string{strings.Repeat("k", 129): ""} }},
		{"tag key of the seed", "", func(in *input) { in.Tags = map[string]string{"a,b;c<": ""} }},
		{"tag key of the newer page", "", func(in *input) { in.Tags = map[string]string{"a b@c": ""} }},
		{"tag key of neither", bad, func(in *input) { in.Tags = map[string]string{"a!": ""} }},
		{"tag value of 256", "", func(in *input) { in.Tags = map[string]string{"k": *text(256)} }},
		{"tag value of 257", bad, func(in *input) { in.Tags = map[string]string{"k": *text(257)} }},
		{"no YAML", bad, func(in *input) { in.Data = aws.String("a: [") }},
		{"no schemaVersion", bad, func(in *input) { in.Data = aws.String("phases: []") }},
		{"no phases", bad, func(in *input) { in.Data = aws.String("schemaVersion: 1.0") }},
		{"unknown phase", bad, func(in *input) { in.Data = aws.String(strings.Replace(document("a"), "build", "bild", 1)) }},
		{"unknown action", bad, func(in *input) { in.Data = aws.String(strings.Replace(document("a"), "ExecuteBash", "ExecuteZsh", 1)) }},
		{"an action without its inputs", bad, func(in *input) { in.Data = aws.String(strings.Replace(document("a"), "commands", "command", 1)) }},
		{"a time-out of 0", bad, func(in *input) {
			in.Data = aws.String(strings.Replace(document("a"), "        inputs", "        timeoutSeconds: 0\n        inputs", 1))
		}},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := l.CreateComponent(t.Context(), component(func(in *input) {
				in.ClientToken, in.Name = aws.String(fmt.Sprint("token", i)), aws.String(fmt.Sprint("name-", i))
				test.change(in)
			}))
			if test.code == "" {
				require.NoError(t, err)
				return
			}
			requireCode(t, err, 400, test.code)
		})
	}
}

// padded is a document of so many characters.
func padded(n int) string {
	text := document("'true'")
	return text + "#" + strings.Repeat("é", n-len(text)-1)
}

func TestLists(t *testing.T) {
	l := serve(t, ec2.Options{})
	for i := range 30 {
		l.create(t, func(in *input) {
			in.ClientToken, in.Name = aws.String(fmt.Sprint(i)), aws.String(fmt.Sprintf("name-%02d", i/2))
			in.SemanticVersion = aws.String(fmt.Sprintf("1.%d.0", i%2))
			if i == 7 {
				in.Platform = types.PlatformWindows
			}
		})
	}
	var all []string
	pages := imagebuilder.NewListComponentsPaginator(l.Client, &imagebuilder.ListComponentsInput{MaxResults: aws.Int32(7)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.ComponentVersionList), 7)
		for _, c := range page.ComponentVersionList {
			all = append(all, *c.Arn)
		}
	}
	require.Len(t, all, 30)
	require.Equal(t, arnPrefix+"name-03/1.1.0", all[7])

	named, err := l.ListComponents(t.Context(), &imagebuilder.ListComponentsInput{ByName: true, Owner: types.OwnershipSelf})
	require.NoError(t, err)
	require.Len(t, named.ComponentVersionList, 15)
	require.Equal(t, arnPrefix+"name-00/x.x.x", *named.ComponentVersionList[0].Arn)
	amazon, err := l.ListComponents(t.Context(), &imagebuilder.ListComponentsInput{Owner: types.OwnershipAmazon})
	require.NoError(t, err)
	require.Empty(t, amazon.ComponentVersionList)
	windows, err := l.ListComponents(t.Context(), &imagebuilder.ListComponentsInput{Filters: []types.Filter{
		{Name: aws.String("platform"), Values: []string{"Windows", "macOS"}}, {Name: aws.String("name"), Values: []string{"name-03"}}}})
	require.NoError(t, err)
	require.Len(t, windows.ComponentVersionList, 1)

	for code, in := range map[string]*imagebuilder.ListComponentsInput{
		"InvalidPaginationTokenException": {NextToken: aws.String("bogus")},
		"InvalidRequestException":         {MaxResults: aws.Int32(26)},
	} {
		_, err := l.ListComponents(t.Context(), in)
		requireCode(t, err, 400, code)
	}
}

func TestTagErrors(t *testing.T) {
	l := serve(t, ec2.Options{})
	arn := l.create(t, nil)
	_, err := l.TagResource(t.Context(), &imagebuilder.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"aws:a": ""}})
	requireCode(t, err, 400, "InvalidParameterException")
	_, err = l.TagResource(t.Context(), &imagebuilder.TagResourceInput{ResourceArn: aws.String(arnPrefix + "none/1.0.0/1"), Tags: map[string]string{"a": ""}})
	requireCode(t, err, 404, "ResourceNotFoundException")
	_, err = l.ListTagsForResource(t.Context(), &imagebuilder.ListTagsForResourceInput{ResourceArn: aws.String("arn:bogus")})
	requireCode(t, err, 400, "InvalidParameterException")
	_, err = l.DeleteComponent(t.Context(), &imagebuilder.DeleteComponentInput{ComponentBuildVersionArn: aws.String(arnPrefix + "web-base-1/1.4.0")})
	requireCode(t, err, 400, "InvalidRequestException")
}

// Who may call, and when.
func TestSignature(t *testing.T) {
	clock := account.NewManualClock(time.Now())
	acct := account.NewAt(clock)
	l := serveFrom(t, acct, openStore(t, t.TempDir()), ec2.Options{})
	key := acct.Keys.Issue(clock.Now().Add(time.Hour))
	list := func(c *imagebuilder.Client) error {
		_, err := c.ListComponents(t.Context(), &imagebuilder.ListComponentsInput{})
		return err
	}
	require.NoError(t, list(client(l.url, key.AccessKeyID, key.Secret, key.Token)))
	requireCode(t, list(client(l.url, key.AccessKeyID, key.Secret, "other")), 403, "UnrecognizedClientException")
	requireCode(t, list(client(l.url, "nobody", "x", "")), 403, "UnrecognizedClientException")
	requireCode(t, list(client(l.url, account.AccessKeyID, "wrong", "")), 403, "InvalidSignatureException")
	clock.Advance(16 * time.Minute)
	requireCode(t, list(l.Client), 403, "InvalidSignatureException")
	clock.Advance(time.Hour)
	requireCode(t, list(client(l.url, key.AccessKeyID, key.Secret, key.Token)), 403, "ExpiredTokenException")

	answer, err := http.Post(l.url+"/ListComponents", "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, "MissingAuthenticationTokenException", answer.Header.Get("X-Amzn-ErrorType"))
}

func TestOtherOperationsAreRefused(t *testing.T) {
	_, err := serve(t, ec2.Options{}).ListImages(t.Context(), &imagebuilder.ListImagesInput{})
	requireCode(t, err, 404, "UnknownOperationException")
}

// Every error that CreateComponent documents: provoked by a request, or, with
// the reason why no request can cause it here, as a fault on demand.
func TestDocumentedErrors(t *testing.T) {
	notFromARequest := func(status int, reason string) func(*testing.T, *local) (int, error) {
		return func(t *testing.T, l *local) (int, error) {
			code := strings.TrimPrefix(t.Name(), "TestDocumentedErrors/")
			t.Log("not from a request: " + reason)
			require.NoError(t, l.account.Faults.Add(account.Fault{Service: "ec2", Operation: "CreateComponent", Effect: account.EffectErrorAfter, Code: code, Status: status}))
			_, err := l.CreateComponent(t.Context(), component(nil))
			require.Equal(t, arnPrefix+"web-base-1/1.4.0/1", l.create(t, nil), "the first had been created")
			return status, err
		}
	}
	second := func(status int, change func(*input)) func(*testing.T, *local) (int, error) {
		return func(t *testing.T, l *local) (int, error) {
			l.create(t, nil)
			_, err := l.CreateComponent(t.Context(), component(change))
			return status, err
		}
	}
	for code, provoke := range map[string]func(*testing.T, *local) (int, error){
		"CallRateLimitExceededException":       notFromARequest(429, "the endpoint limits no rate"),
		"ClientException":                      notFromARequest(400, "a missing permission: the test keys may do everything"),
		"ForbiddenException":                   notFromARequest(403, "not authorised: the test keys may do everything"),
		"ResourceInUseException":               notFromARequest(400, "nothing here is busy"),
		"ServiceException":                     notFromARequest(500, "the service's own failure"),
		"ServiceUnavailableException":          notFromARequest(503, "the service's own failure"),
		"IdempotentParameterMismatchException": second(400, func(in *input) { in.Description = aws.String("other") }),
		"InvalidParameterCombinationException": second(400, func(in *input) { in.Uri = aws.String("s3://bucket/key") }),
		"InvalidRequestException":              second(400, func(in *input) { in.Platform = "Plan9" }),
		"InvalidVersionNumberException":        second(400, func(in *input) { in.SemanticVersion = aws.String("1") }),
		"ServiceQuotaExceededException":        second(402, func(in *input) { in.ClientToken, in.Name = aws.String("b"), aws.String("other") }),
		"DryRunOperationException":             second(412, func(in *input) { in.ClientToken, in.DryRun = aws.String("b"), true }),
		"ResourceAlreadyExistsException":       second(400, func(in *input) { in.ClientToken = aws.String("b") }),
	} {
		t.Run(code, func(t *testing.T) {
			status, err := provoke(t, serve(t, ec2.Options{Quota: 1}))
			requireCode(t, err, status, code)
		})
	}
}

// What was acknowledged is there after a restart, tokens and objects included.
func TestDurable(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		t.Run("start", func(t *testing.T) {
			l := serveFrom(t, account.New(), openStore(t, dir), ec2.Options{})
			require.Equal(t, arnPrefix+"web-base-1/1.4.0/1", l.create(t, nil))
		})
	}
}

// A document of up to 64 KB comes from an object, put by S3's own signature.
func TestURI(t *testing.T) {
	l := serve(t, ec2.Options{})
	byURI := func(in *input) {
		in.Data, in.Uri = nil, aws.String("s3://my-bucket/doc/a b.yaml")
		in.ClientToken = aws.String(account.RandomHex(8))
	}
	large := document("'true'") + "#" + strings.Repeat("x", 60_000)
	require.Equal(t, 200, l.object(t, "PUT", "/s3/my-bucket/doc/a%20b.yaml", large))
	require.Equal(t, 200, l.object(t, "GET", "/s3/my-bucket/doc/a%20b.yaml", ""))
	arn := l.create(t, byURI)
	got, err := l.GetComponent(t.Context(), &imagebuilder.GetComponentInput{ComponentBuildVersionArn: &arn})
	require.NoError(t, err)
	require.Equal(t, large, *got.Component.Data)

	require.Equal(t, 200, l.object(t, "PUT", "/s3/my-bucket/doc/a%20b.yaml", large+strings.Repeat("x", 6_000)))
	_, err = l.CreateComponent(t.Context(), component(byURI))
	requireCode(t, err, 400, "InvalidRequestException")
	require.Equal(t, 204, l.object(t, "DELETE", "/s3/my-bucket/doc/a%20b.yaml", ""))
	require.Equal(t, 404, l.object(t, "GET", "/s3/my-bucket/doc/a%20b.yaml", ""))
	require.Equal(t, 400, l.object(t, "PUT", "/s3/-/key", ""))
	require.Equal(t, 501, l.object(t, "PUT", "/s3/my-bucket/key?acl=", ""))
}

//go:build conformance

package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// openOSSUtil asks by ossutil, a process a call, which it is built for from the
// module in its folder.
func openOSSUtil(signature ...string) func(*testing.T, *cloud, *row) asker {
	return func(t *testing.T, c *cloud, _ *row) asker {
		binary := buildOSSUtil(t)
		dir := t.TempDir()
		config := filepath.Join(dir, "config") // empty: it demands one
		require.NoError(t, os.WriteFile(config, nil, 0o600))
		return func(ctx context.Context, q call) (answer, error) {
			command, known := ossutilCommands[q.Do]
			if !known {
				return answer{}, fmt.Errorf("ossutil has no command for %s", q.Do)
			}
			u := &ossutil{dir: dir, with: func(name string) string { return at(q.With, name) }, all: q.With, run: func(args ...string) (answer, error) {
				args = append(args, "-c", config, "-e", c.e.OSS, "-i", q.Key.AccessKeyID, "-k", q.Key.Secret)
				if q.Key.Token != "" {
					args = append(args, "-t", q.Key.Token)
				}
				return ossutilAnswer(runIn(ctx, dir, nil, binary, append(args, signature...)...))
			}}
			return command(u)
		}
	}
}

// buildOSSUtil builds what the folder's go.sum pins, once for each content of
// it, outside the tree. It skips the test where the modules cannot be had.
func buildOSSUtil(t *testing.T) string {
	t.Helper()
	pinned, err := os.ReadFile(filepath.Join("ossutil", "go.sum"))
	require.NoError(t, err)
	binary := cached(t, "ossutil", pinned)
	installing.Lock()
	defer installing.Unlock()
	if _, err := os.Stat(binary); err == nil {
		return binary
	}
	fresh, err := os.MkdirTemp(filepath.Dir(binary), "fresh-*")
	require.NoError(t, err)
	defer os.RemoveAll(fresh)
	ctx, cancel := context.WithTimeout(t.Context(), installTime)
	defer cancel()
	built := filepath.Join(fresh, "ossutil")
	_, errOut, status, err := runIn(ctx, "ossutil", nil, "go", "build", "-o", built, "github.com/aliyun/ossutil")
	if err != nil || status != 0 {
		skip(t, "ossutil cannot be built, perhaps the proxy does not answer: %v %s", err, errOut)
	}
	require.NoError(t, os.Rename(built, binary)) // whole or not at all
	return binary
}

// ossutil is one call of it in the making.
type ossutil struct {
	dir  string
	with func(name string) string // a parameter of the call
	all  map[string]any
	run  func(args ...string) (answer, error)
}

func (u *ossutil) bucket() string { return "oss://" + u.with("Bucket") }
func (u *ossutil) object() string { return u.bucket() + "/" + u.with("Key") }

// file puts the body of the call into a file.
func (u *ossutil) file() string {
	path := filepath.Join(u.dir, "body")
	if err := os.WriteFile(path, []byte(u.with("Body")), 0o600); err != nil {
		panic(err)
	}
	return path
}

// meta returns the metadata of the call in the words of ossutil.
func (u *ossutil) meta() string {
	var all []string
	for name, value := range u.all {
		if name == "Content-Type" || strings.HasPrefix(name, "x-oss-meta-") {
			all = append(all, fmt.Sprint(name, ":", value))
		}
	}
	return strings.Join(all, "#")
}

// ossutilCommands are what does an operation.
var ossutilCommands = map[string]func(*ossutil) (answer, error){
	"PutBucket":    func(u *ossutil) (answer, error) { return u.run("mb", u.bucket()) },
	"DeleteBucket": func(u *ossutil) (answer, error) { return u.run("rm", u.bucket(), "-b", "-f") },
	"PutObject": func(u *ossutil) (answer, error) {
		args := []string{"cp", u.file(), u.object(), "-f"}
		if meta := u.meta(); meta != "" {
			args = append(args, "--meta", meta)
		}
		return u.run(args...)
	},
	"UploadFile": func(u *ossutil) (answer, error) {
		return u.run("cp", u.file(), u.object(), "-f", "--bigfile-threshold", u.with("part-size"), "--part-size", u.with("part-size"))
	},
	"GetObject": (*ossutil).get,
	"HeadObject": func(u *ossutil) (answer, error) {
		return u.run("stat", u.object())
	},
	"DeleteObject": func(u *ossutil) (answer, error) {
		return u.run(u.version([]string{"rm", u.object(), "-f"})...)
	},
	"ListObjects": func(u *ossutil) (answer, error) {
		args := []string{"ls", u.bucket() + "/" + u.with("prefix"), "-s"}
		if u.with("delimiter") == "/" {
			args = append(args, "-d")
		}
		return u.run(args...)
	},
	"ListObjectVersions": func(u *ossutil) (answer, error) { return u.run("ls", u.bucket(), "--all-versions") },
	"PutBucketVersioning": func(u *ossutil) (answer, error) {
		return u.run("bucket-versioning", "--method", "put", u.bucket(), strings.ToLower(u.with("Status")))
	},
	"GetBucketVersioning": func(u *ossutil) (answer, error) {
		return u.run("bucket-versioning", "--method", "get", u.bucket())
	},
	"CopyObject": func(u *ossutil) (answer, error) {
		source := "oss:/" + u.with("x-oss-copy-source")
		if u.with("x-oss-metadata-directive") != "" && source == u.object() {
			return u.run("set-meta", u.object(), u.meta(), "-f")
		}
		return u.run("cp", source, u.object(), "-f")
	},
	"AppendObject": func(u *ossutil) (answer, error) { return u.run("appendfromfile", u.file(), u.object()) },
	"PutSymlink": func(u *ossutil) (answer, error) {
		return u.run("create-symlink", u.object(), u.with("x-oss-symlink-target"))
	},
	"GetSymlink": func(u *ossutil) (answer, error) { return u.run("read-symlink", u.object()) },
	"PutObjectTagging": func(u *ossutil) (answer, error) {
		return u.run("object-tagging", "--method", "put", u.object(), u.tag())
	},
	"GetObjectTagging":    func(u *ossutil) (answer, error) { return u.run("object-tagging", "--method", "get", u.object()) },
	"DeleteObjectTagging": func(u *ossutil) (answer, error) { return u.run("object-tagging", "--method", "delete", u.object()) },
	"PutBucketTags": func(u *ossutil) (answer, error) {
		return u.run("bucket-tagging", "--method", "put", u.bucket(), u.tag())
	},
	"GetBucketTags": func(u *ossutil) (answer, error) { return u.run("bucket-tagging", "--method", "get", u.bucket()) },
	"PutObjectAcl":  func(u *ossutil) (answer, error) { return u.run("set-acl", u.object(), u.with("x-oss-object-acl")) },
	"GetObjectAcl": func(u *ossutil) (answer, error) {
		a, err := u.run("stat", u.object())
		if err == nil && a.Code == "" {
			a.Fields["AccessControlList"] = map[string]any{"Grant": a.Fields["acl"]}
		}
		return a, err
	},
}

// tag returns the one tag of a call in the words of ossutil.
func (u *ossutil) tag() string {
	return at(u.all, "Tags.0.Key") + "#" + at(u.all, "Tags.0.Value")
}

// version adds the version that the call names.
func (u *ossutil) version(args []string) []string {
	if id := u.with("versionId"); id != "" {
		args = append(args, "--version-id", id)
	}
	return args
}

// get downloads an object. Its headers are what stat shows.
func (u *ossutil) get() (answer, error) {
	path := filepath.Join(u.dir, "downloaded")
	args := u.version([]string{"cp", u.object(), path, "-f"})
	if r, ok := strings.CutPrefix(u.with("Range"), "bytes="); ok {
		args = append(args, "--range="+r)
	}
	if a, err := u.run(args...); err != nil || a.Code != "" {
		return a, err
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return answer{}, err
	}
	a, err := u.run(u.version([]string{"stat", u.object()})...)
	if err == nil && a.Code == "" {
		a.Fields["Body"] = string(body)
	}
	return a, err
}

var (
	ossutilError = regexp.MustCompile(`StatusCode=(\d+), ErrorCode=(\w+)`)
	ossutilField = regexp.MustCompile(`(?m)^([\w-]+) *: (.*)$`)
	ossutilKey   = regexp.MustCompile(`(?m)^oss://[^/\n]+/(.*)$`)
	ossutilState = regexp.MustCompile(`bucket versioning status:(\w+)`)
	// Of a line of ls --all-versions: id, whether it is a delete marker, and key.
	ossutilVersion = regexp.MustCompile(`(?m)^[\d-]+ \S+ \+0000 UTC .* (\S+) +(?:true|false) +(true|false) +oss://[^/\n]+/(.*)$`)
	ossutilTag     = regexp.MustCompile(`(?m)^(?:\d+ +)?\d+ +"(.*?)"\t"(.*?)"`)
)

// ossutilAnswer reads what ossutil printed: the code of an error, names with
// their values, and tags. It shows ETags without the quotes.
func ossutilAnswer(out, errOut string, status int, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	if status != 0 {
		m := ossutilError.FindStringSubmatch(out + errOut)
		if m == nil {
			return answer{}, fmt.Errorf("ossutil ended with %d: %s%s", status, out, errOut)
		}
		n, err := strconv.Atoi(m[1])
		return answer{Status: n, Code: m[2]}, err
	}
	a := answer{Fields: map[string]any{}}
	for _, m := range ossutilField.FindAllStringSubmatch(out, -1) {
		a.Fields[strings.ToLower(m[1])] = m[2]
	}
	if etag, ok := a.Fields["etag"]; ok {
		a.Fields["etag"] = fmt.Sprintf(`"%s"`, etag)
	}
	for _, m := range ossutilKey.FindAllStringSubmatch(out, -1) {
		if strings.HasSuffix(m[1], "/") { // what a delimiter groups ends so
			a.add("CommonPrefixes", map[string]any{"Prefix": m[1]})
		} else {
			a.add("Contents", map[string]any{"Key": m[1]})
		}
	}
	for _, m := range ossutilVersion.FindAllStringSubmatch(out, -1) {
		a.add(map[string]string{"true": "DeleteMarker", "false": "Version"}[m[2]], map[string]any{"VersionId": m[1], "Key": m[3]})
	}
	if m := ossutilState.FindStringSubmatch(out); m != nil {
		a.Fields["Status"] = m[1]
	}
	var tags []any
	for _, m := range ossutilTag.FindAllStringSubmatch(out, -1) {
		tags = append(tags, map[string]any{"Key": m[1], "Value": m[2]})
	}
	if tags != nil {
		a.Fields["TagSet"] = map[string]any{"Tag": tags}
	}
	return a, nil
}

func (a answer) add(list string, entry map[string]any) {
	a.Fields[list] = append(asList(a.Fields[list]), entry)
}

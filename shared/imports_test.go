// Package shared holds the house rule of who may import whom.
package shared

import (
	"go/build"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "imagedrop/"

// allowed lists, for each of our packages, which of our packages its non-test
// files may import. A name that ends in /... stands for everything below it.
var allowed = map[string][]string{
	"functions/awscomponent": {"shared/...", "events"},
	"functions/upload":       {"shared/...", "events"},
	"functions/message":      {"shared/...", "events"},
	"functions/rebuild":      {"shared/...", "events"},
	"functions/watch":        {"shared/...", "events"},
	"functions/deadletter":   {"shared/...", "events"},
	"events":                 {"shared/fault"},
	"shared/fault":           {},
	"shared/template":        {},
	"shared/template/rules":  {},
	"shared/lsp":             {"shared/awstoe", "shared/template", "shared/template/rules"},
	"shared/awstoe":          {"shared/template"},
	"shared/imagebuild":      {"shared/template", "shared/fault"},
	"shared/settings":        {"shared/imagebuild", "shared/sdkclient"},
	"shared/sdkclient":       {"shared/fault"},
	"shared/function":        {"events", "shared/imagebuild", "shared/mnsqueue", "shared/sdkclient", "shared/settings", "shared/template"},
	"shared/sdktest":         {"shared/sdkclient"},
	"shared/functiontest":    {"shared/imagebuild"},
	"shared/ecsimage":        {"shared/imagebuild", "shared/template", "shared/fault", "shared/sdkclient"},
	"shared/ossobject":       {"shared/imagebuild", "shared/fault", "shared/sdkclient"},
	"shared/ec2image":        {"shared/imagebuild", "shared/fault", "shared/sdkclient"},
	"shared/mnsqueue":        {"shared/imagebuild", "shared/fault", "shared/sdkclient"},
	"shared/local/store":     {},
	"shared/local/account":   {},
	"shared/local/ecs":       {"shared/local/store", "shared/local/account"},
	"shared/local/oss":       {"shared/local/store", "shared/local/account"},
	"shared/local/mns":       {"shared/local/store", "shared/local/account"},
	"shared/local/ec2":       {"shared/local/store", "shared/local/account"},
	"shared/local/fc":        {"shared/local/store", "shared/local/account"},
	"shared/local/modeltest": {"shared/local/store", "shared/local/account"},
	"shared/local/console":   {"shared/local/..."},
	"shared/local/stack":     {"shared/local/...", "events"},
	"shared/cmd/imagedrop":   {"..."},
}

// never lists what a package must not import although its row would allow it.
var never = map[string][]string{
	"":           {"shared/local/modeltest"},
	"functions/": {"shared/local", "shared/cmd", "shared/sdktest", "shared/functiontest", "shared/template/rules"},
}

// aws is what only the function awscomponent has in its binary.
var aws = []string{"shared/ec2image", "shared/awstoe"}

// TestOnlyOneFunctionReachesAWS keeps the other binaries small, and the
// credentials of AWS away from them.
func TestOnlyOneFunctionReachesAWS(t *testing.T) {
	packages := ourPackages(t)
	for name := range packages {
		if !strings.HasPrefix(name, "functions/") || strings.Contains(name, "/testdata/") {
			continue
		}
		for reached := range reach(packages, name, map[string]bool{}) {
			require.False(t, name != "functions/awscomponent" && slices.Contains(aws, reached), "%s reaches %s", name, reached)
		}
	}
}

// oneSDK says which SDK each room may name; every other room names none.
var oneSDK = map[string][]string{
	"shared/function":     {"github.com/aliyun/fc-runtime-go-sdk/"},
	"shared/functiontest": {"github.com/aliyun/fc-runtime-go-sdk/"},
	"shared/ecsimage":     {"github.com/aliyun/alibaba-cloud-sdk-go/"},
	"shared/ossobject":    {"github.com/aliyun/alibabacloud-oss-go-sdk-v2/"},
	"shared/mnsqueue":     {"github.com/aliyun/aliyun-mns-go-sdk"},
	"shared/ec2image":     {"github.com/aws/"},
}

// heavy must not be in a function: their reflection keeps every exported method
// of every type in the binary, 3 MB of each function and 6 MB of awscomponent.
var heavy = []string{"text/template", "html/template"}

func TestImports(t *testing.T) {
	packages := ourPackages(t)
	for name, pkg := range packages {
		rule, ok := allowed[name]
		require.True(t, ok, "package %s has no row in the import rules", name)
		for _, imp := range pkg.Imports {
			if ours, ok := strings.CutPrefix(imp, module); ok {
				require.True(t, permits(rule, ours) && !forbidden(name, ours), "%s must not import %s", name, ours)
			}
			if strings.HasPrefix(imp, "github.com/aliyun/") || strings.HasPrefix(imp, "github.com/aws/") {
				require.True(t, mayNameSDK(name, imp), "%s must not import %s", name, imp)
			}
		}
	}
}

func TestFunctionsReachNoTemplateEngine(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "../functions/...").Output()
	require.NoError(t, err)
	reached := strings.Fields(string(out))
	require.Contains(t, reached, "reflect", "the list is one of packages")
	for _, name := range heavy {
		require.NotContains(t, reached, name)
	}
}

func permits(rule []string, ours string) bool {
	return slices.ContainsFunc(rule, func(r string) bool {
		below, tree := strings.CutSuffix(r, "...")
		return r == ours || (tree && strings.HasPrefix(ours, below))
	})
}

func forbidden(name, ours string) bool {
	for prefix, list := range never {
		if strings.HasPrefix(name, prefix) && slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(ours, p) }) {
			return true
		}
	}
	return false
}

func mayNameSDK(name, imp string) bool {
	if strings.HasPrefix(name, "shared/cmd/") {
		return true
	}
	return slices.ContainsFunc(oneSDK[name], func(p string) bool { return strings.HasPrefix(imp, p) })
}

func reach(packages map[string]*build.Package, name string, seen map[string]bool) map[string]bool {
	if seen[name] || packages[name] == nil {
		return seen
	}
	seen[name] = true
	for _, imp := range packages[name].Imports {
		if ours, ok := strings.CutPrefix(imp, module); ok {
			reach(packages, ours, seen)
		}
	}
	return seen
}

// ourPackages reads the non-test imports of every package of the module.
func ourPackages(t *testing.T) map[string]*build.Package {
	packages := map[string]*build.Package{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if n := d.Name(); n == "testdata" || n == "dist" || (strings.HasPrefix(n, ".") && n != "..") || isOtherModule(path) {
			return fs.SkipDir
		}
		pkg, err := build.ImportDir(path, 0)
		if _, none := err.(*build.NoGoError); none || err == nil && len(pkg.GoFiles) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel("..", path)
		packages[filepath.ToSlash(name)] = pkg
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, packages)
	return packages
}

func isOtherModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && dir != ".."
}

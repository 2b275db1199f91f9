package template

import (
	"path"
	"strings"
)

// IsTemplate reports whether an object key or file name is a template's:
// X.Dockerfile, Dockerfile.X, Dockerfile, X.yaml or X.yml. A key that ends in a
// slash stands for a folder.
func IsTemplate(name string) bool {
	_, base := path.Split(name)
	if base == "Dockerfile" {
		return true
	}
	_, cut := cutSuffix(base)
	return cut
}

// DefaultName makes the default resource name of an object key or a file path:
// what stands below Prefix, "/" as "-", without the template suffix; a file
// called Dockerfile takes its folder's name. A path that is no key (absolute,
// or beginning with a dot) and has no templates folder gives its last element.
// The result need not be a valid name.
func DefaultName(key string) string {
	key = belowPrefix(key)
	dir, base := path.Split(key)
	if base == "Dockerfile" {
		return strings.ReplaceAll(strings.Trim(dir, "/"), "/", "-")
	}
	base, _ = cutSuffix(base)
	return strings.ReplaceAll(dir+base, "/", "-")
}

func belowPrefix(key string) string {
	if below, ok := strings.CutPrefix(key, Prefix); ok {
		return below
	}
	if _, below, ok := strings.Cut(key, "/"+Prefix); ok {
		return below
	}
	if !strings.HasPrefix(key, "/") && !strings.HasPrefix(key, ".") {
		return key
	}
	if path.Base(key) == "Dockerfile" { // keep the folder that names it
		return path.Join(path.Base(path.Dir(key)), "Dockerfile")
	}
	return path.Base(key)
}

// cutSuffix removes what makes a file name a template's.
func cutSuffix(base string) (string, bool) {
	for _, suffix := range []string{".Dockerfile", ".yaml", ".yml"} {
		if name, ok := strings.CutSuffix(base, suffix); ok && name != "" {
			return name, true
		}
	}
	name, ok := strings.CutPrefix(base, "Dockerfile.")
	return name, ok && name != ""
}

// hasYAMLName reports whether a file's name says that it is YAML.
func hasYAMLName(name string) bool {
	ext := path.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

package template

import (
	"fmt"
	"slices"
	"strings"
)

// checkDefaultName: a name made of the file's name must be one too.
func checkDefaultName(l *lint) {
	if l.in.name == "" && l.in.body != nil || find(l.t.given, "name") != nil || l.unread {
		return
	}
	key := keyAt("name")
	code := key.Code
	if l.in.name == "" {
		code = "" // nothing is sent
	}
	switch {
	case key.problem(l.in.name) != "":
		l.add("IB0201", l.build.at, code, "the file's name does not make a valid name",
			"give `name` in the header: "+key.help())
	case !isASCII(l.in.name):
		l.warn("IB0201", l.build.at,
			"the name, made of the file's, has characters outside ASCII, which older editions of the service refuse",
			"give `name` in the header")
	}
}

// checkBaseImage: what FROM does not say, the keys must. A malformed FROM is
// IB0123 already.
func checkBaseImage(l *lint) {
	if l.t.Kind != Pipeline || l.hasFROM() || l.unread {
		return
	}
	if l.isMisread("baseImageType") || l.isMisread("baseImage") {
		return // IB0252
	}
	kind, image := l.filled("baseImageType"), l.filled("baseImage")
	const help = "write FROM IMAGE:<image ID> or FROM IMAGE_FAMILY:<family> as the first command"
	switch {
	case kind == nil && image == nil:
		l.add("IB0212", l.build.at, "MissingParameter.BaseImage", "the pipeline has no base image", help)
	case kind == nil:
		l.add("IB0212", image.keyAt, "MissingParameter.BaseImageType", "baseImage without baseImageType",
			"give baseImageType: IMAGE or IMAGE_FAMILY")
	case image == nil && kind.text() != baseOSS:
		l.add("IB0212", kind.keyAt, "MissingParameter.BaseImage", "baseImageType without baseImage",
			"give baseImage: an image ID, or an image family")
	}
}

// isMisread reports a key whose value is of another type.
func (l *lint) isMisread(path string) bool {
	g := find(l.t.given, path)
	return g != nil && len(g.values) == 0
}

// filled is a given that is sent: the API cannot tell an empty value from none.
func (l *lint) filled(path string) *given {
	if g := find(l.t.given, path); g.text() != "" {
		return g
	}
	return nil
}

func checkRetained(l *lint) {
	if g := find(l.t.given, "deleteInstanceOnFailure"); g.text() == "false" {
		l.add("IB0217", g.at, "", "after a failed build the intermediate instance stays, and is billed",
			"delete the key once the build is mended")
	}
}

// isImport reports a pipeline whose base image is imported from a bucket.
func (l *lint) isImport() bool { return l.t.Kind == Pipeline && l.t.base.kind == baseOSS }

// sets reports whether a key below a path is given, so that a parameter is sent.
func (l *lint) sets(prefix string) bool {
	return slices.ContainsFunc(l.t.given, func(g given) bool {
		return len(g.key.Path) > len(prefix) && g.key.Path[:len(prefix)] == prefix &&
			slices.ContainsFunc(g.values, func(v scalar) bool { return v.text != "" || v.tag != "" })
	})
}

func checkImport(l *lint) {
	if l.isImport() && !l.sets("importImageOptions.") && find(l.t.given, "importImageOptions.diskDeviceMappings") == nil {
		l.add("IB0232", find(l.t.given, "baseImageType").at, "MissingParameter.ImportImageOptions",
			"baseImageType OSS without importImageOptions",
			"write importImageOptions: {diskDeviceMappings: [{ossBucket: ..., ossObject: ...}]}")
	}
}

func checkDisks(l *lint) {
	disks, others := find(l.t.given, "importImageOptions.diskDeviceMappings"), l.sets("importImageOptions.")
	if !l.isImport() || disks == nil && !others || l.sets("importImageOptions.diskDeviceMappings.") {
		return
	}
	at, code := disks, "MissingParameter.ImageOptionsDiskDeviceMappings"
	if at == nil {
		at = find(l.t.given, "importImageOptions")
	}
	if !others { // of an empty list nothing is sent
		code = "MissingParameter.ImportImageOptions"
	}
	l.add("IB0239", at.keyAt, code, "no disk is given",
		"write diskDeviceMappings: [{ossBucket: ..., ossObject: ...}]")
}

// checkDiskMember makes the check of a member that every disk must have.
func checkDiskMember(rule, name, code string) func(*lint) {
	return func(l *lint) {
		const list = "importImageOptions.diskDeviceMappings"
		disks := find(l.t.given, list)
		if disks == nil || !l.isImport() {
			return
		}
		for i := range min(len(disks.values), maxDisks) {
			if !l.hasMember(list+"."+name, i) {
				l.add(rule, disks.values[i].at, code, fmt.Sprintf("disk %d has no %s", i+1, name), "write {ossBucket: ..., ossObject: ...}")
			}
		}
	}
}

func (l *lint) hasMember(path string, entry int) bool {
	return slices.ContainsFunc(l.t.given, func(g given) bool { return g.key.Path == path && g.entry == entry && g.text() != "" })
}

// checkPlatform: a platform of the list that belongs to the other system.
func checkPlatform(l *lint) {
	g := find(l.t.given, "importImageOptions.platform")
	list, system := linuxPlatforms, osLinux
	if find(l.t.given, "importImageOptions.osType").text() == osWindows {
		list, system = windowsPlatforms, osWindows
	}
	if g != nil && g.key.problem(g.text()) == "" && !slices.Contains(list, g.text()) {
		l.add("IB0235", g.at, g.key.Code, "the platform is none of osType "+system, "one of: "+join(list))
	}
}

func checkBootMode(l *lint) {
	g := find(l.t.given, "importImageOptions.bootMode")
	if g.text() == "BIOS" && find(l.t.given, "importImageOptions.architecture").text() == "arm64" {
		l.add("IB0236", g.at, g.key.Code, "bootMode BIOS with architecture arm64", "write UEFI, or delete bootMode")
	}
}

func checkComponentKeys(l *lint) {
	l.checkOtherKind(Pipeline, Component, func(g *given) {
		l.add("IB0246", g.keyAt, "", g.key.Path+" belongs to a component, and this is a pipeline", "delete it, or the base image")
	})
}

// checkPipelineKeys finds what only a pipeline can have. A base image with
// kind component is IB0255.
func checkPipelineKeys(l *lint) {
	if build := find(l.t.given, "build"); build.text() == "true" && !l.t.hasTarget(TargetAlibaba) {
		l.add("IB0254", build.keyAt, "", "build is for pipelines, which only target alibaba has", "delete it, or add alibaba to targets")
	}
	if l.t.Kind != Component || l.unread {
		return
	}
	const help = "name a base image, for example FROM IMAGE_FAMILY:<family> as the first command"
	l.checkOtherKind(Component, Pipeline, func(g *given) {
		if g.key.parent() == "" && !isBaseKey(g) {
			l.add("IB0254", g.keyAt, "", g.key.Path+" is for pipelines, and there is no base image", help)
		}
	})
	if l.test != nil {
		l.add("IB0254", l.testAt, "", "a test section is for pipelines, and there is no base image", help)
	}
}

func isBaseKey(g *given) bool { return g.key.Path == "baseImage" || g.key.Path == "baseImageType" }

// checkOtherKind calls f with the keys of one kind where the template is of another.
func (l *lint) checkOtherKind(is, of Kind, f func(*given)) {
	for i := range l.t.given {
		if g := &l.t.given[i]; l.t.Kind == is && g.key.Kind == of {
			f(g)
		}
	}
}

// checkKind: FROM under kind component is IB0120, kind pipeline without a base
// image IB0212. A message of kind execution has no content to come here with.
func checkKind(l *lint) {
	kind := find(l.t.given, "kind")
	if Kind(kind.text()) == Execution {
		l.add("IB0255", kind.at, "", "kind is execution, and a template makes a component or a pipeline",
			"write build: true to start a build of this pipeline, or send a message of kind execution")
	}
	if Kind(kind.text()) != Component || l.hasFROM() {
		return
	}
	for i := range l.t.given {
		if g := &l.t.given[i]; isBaseKey(g) {
			l.add("IB0255", kind.at, "", "kind is component, but "+g.key.Path+" makes a pipeline", "delete one of the two")
			return
		}
	}
}

// twins are the deprecated and the new spelling of a setting.
var twins = [][2]string{
	{"imageName", "imageOptions.imageName"},
	{"imageFamily", "imageOptions.imageFamily"},
	{"nvmeSupport", "imageOptions.imageFeatures.nvmeSupport"},
}

func checkTwins(l *lint) {
	for _, t := range twins {
		old, now := find(l.t.given, t[0]), find(l.t.given, t[1])
		if old.text() != "" && now.text() != "" && old.text() != now.text() {
			l.add("IB0247", old.at, "InvalidParameterCombination", t[0]+" and "+t[1]+" differ", "delete "+t[0]+", which is deprecated")
		}
	}
}

// Tags that imagedrop needs for itself: one for the job, one for the digest.
const (
	tagsWithoutDigest = maxTags - 1
	tagsWithoutBoth   = maxTags
)

func checkTagRoom(l *lint) {
	lost := ""
	switch l.t.UserTags() {
	case tagsWithoutDigest:
		lost = "the digest tag is left out: an unchanged template is not recognised"
	case tagsWithoutBoth:
		lost = "both of our tags are left out: neither the job nor an unchanged template is recognised"
	default:
		return
	}
	tags := find(l.t.given, "tags")
	l.add("IB0248", tags.keyAt, "", fmt.Sprintf("%d tags: %s", l.t.UserTags(), lost), "give at most 18 tags")
}

// checkNumbering: a redelivered job knows the number that it took by its tag,
// for which 20 others leave no room.
func checkNumbering(l *lint) {
	version, tags := find(l.t.given, "componentVersion"), l.t.UserTags()
	if l.t.Kind == Component && tags == tagsWithoutBoth && strings.HasSuffix(version.text(), "*") {
		l.add("IB0210", version.at, "",
			fmt.Sprintf("componentVersion has a wildcard, and %d tags leave no room for the one that keeps the number", tags),
			"give at most 19 tags, or three numbers")
	}
}

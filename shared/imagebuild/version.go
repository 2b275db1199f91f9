package imagebuild

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// wildcard is a componentVersion below which the job takes the next free
// number: "1.4.*" or "1.*.*".
type wildcard string

// below is the wildcard of the job's template, "" where it has none.
func (j *job) below() wildcard {
	if j.kind() != template.Component || j.template == nil || !strings.HasSuffix(j.template.ComponentVersion, "*") {
		return ""
	}
	return wildcard(j.template.ComponentVersion)
}

// covers reports whether the wildcard stands for the version.
func (w wildcard) covers(version string) bool { return template.MatchVersion(string(w), version) }

// after is the number that follows a version which the wildcard covers, "" for
// none: the first number left open goes up, the one behind it begins at 0. So
// the service does it, too, where no version is given.
func (w wildcard) after(version string) string {
	if version == "" {
		return strings.ReplaceAll(string(w), "*", "0")
	}
	pattern, numbers := strings.Split(string(w), "."), strings.Split(version, ".")
	open := slices.Index(pattern, "*")
	n, _ := strconv.Atoi(numbers[open]) // of digits only, as covers made sure
	pattern[open] = strconv.Itoa(n + 1)
	return strings.ReplaceAll(strings.Join(pattern, "."), "*", "0")
}

// filter is what of the wildcard the service can look for.
// Source: ECS 2014-05-26, DescribeImageComponents, ComponentVersion: one part may be *.
func (w wildcard) filter() string {
	if strings.Count(string(w), "*") == 1 {
		return string(w)
	}
	return ""
}

// line is the query for the versions among which the job's own would be the
// newest, and at most others of the name.
func (j *job) line() Query {
	query := j.query()
	query.Version = j.below().filter()
	return query
}

// latest returns the newest component that the wildcard covers, the zero
// Resource where there is none, and how many answer to line.
func (j *job) latest(ctx context.Context) (newestOne Resource, total int, err error) {
	if j.name() == "" { // the service makes a new one
		return Resource{}, 0, nil
	}
	first, total, err := j.first(ctx)
	if err != nil || first.ID == "" || j.isLast(first, total) {
		return first, total, err
	}
	all, err := j.find(ctx, j.line())
	covered := slices.DeleteFunc(slices.Clone(all), func(r Resource) bool { return !j.below().covers(r.Version) })
	if err != nil || len(covered) == 0 {
		return Resource{}, len(all), err
	}
	return newest(covered), len(all), nil
}

// isLast reports whether first, of total that answer to line, is the newest
// that the wildcard covers: it is the only one, or was the highest when it was
// made, and nothing came or went since. One small answer tells that, however
// many versions there are.
func (j *job) isLast(first Resource, total int) bool {
	return first.Name == j.name() && j.below().covers(first.Version) &&
		(total == 1 || slices.Contains(first.Tags, Tag{versionTag, j.below().mark(total)}))
}

// mark is the value of versionTag of number n of n.
func (w wildcard) mark(n int) string { return string(w) + " " + strconv.Itoa(n) }

// unchangedBelow settles the job where another made the very same, and that is
// the newest below the wildcard. Otherwise the number is known.
func (j *job) unchangedBelow(ctx context.Context, same []Resource) (bool, error) {
	current, total, err := j.latest(ctx)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(same, func(r Resource) bool { return r.ID == current.ID }) {
		j.status, j.resource = Unchanged, current
		return true, nil
	}
	j.take(j.below().after(current.Version), total+1)
	return false, nil
}

// sendBelow creates the component with the next free number. Its ClientToken
// is the job's, whatever the number, so that two deliveries which saw another
// number each make one component all the same; a refused create uses no token.
func (j *job) sendBelow(ctx context.Context) error {
	if j.number == "" {
		if settled, err := j.renumber(ctx); err != nil || settled {
			return err
		}
	}
	for limit := firstBackoff; ; limit = min(2*limit, maxBackoff) {
		err := j.send(ctx)
		f := fault.Of(err)
		if f == nil || f.Code != codeVersionExists {
			return err
		}
		if !sleep(ctx, j.jitter(limit)) {
			return because(f, fault.Retryable, "other jobs take number after number below componentVersion")
		}
		if settled, err := j.adoptOwn(ctx); err != nil || settled {
			return err
		}
		if settled, err := j.renumber(ctx); err != nil || settled {
			return err
		}
	}
}

// renumber takes the number that is free now, unless the newest is the job's
// own. A list that is behind the creates must not give the same one again.
func (j *job) renumber(ctx context.Context) (settled bool, err error) {
	current, total, err := j.latest(ctx)
	if err != nil || j.adopt([]Resource{current}) {
		return err == nil, err
	}
	number := j.below().after(current.Version)
	if j.number != "" && compareVersions(number, j.number) <= 0 {
		number = j.below().after(j.number)
	}
	j.take(number, total+1)
	return false, nil
}

// take completes the request with the number.
func (j *job) take(number string, n int) {
	j.number = number
	parameters := slices.Clone(j.request.Parameters)
	for i, p := range parameters {
		switch {
		case p.Name == "ComponentVersion":
			parameters[i].Value = number
		case p.Value == versionTag && strings.HasSuffix(p.Name, ".Key"):
			parameters[i+1].Value = j.below().mark(n)
		}
	}
	j.request.Parameters = parameters
}

package oss

import (
	"regexp"
	"strconv"
)

// span is the part of an object that an answer carries.
type span struct {
	first, length int64
	partial       bool // a range was asked for and is honoured: 206
}

// oneRange is the syntax of a single byte range: first-last, first- or -suffix.
var oneRange = regexp.MustCompile(`^bytes=(\d*)-(\d*)$`)

// selectRange says what a GET with the given Range header carries of an object
// of size bytes. OSS answers a range that does not fit with the whole object,
// unless the request asks for the standard behaviour of HTTP. Malformed and
// multiple ranges give the whole object in both modes.
// Source: OSS API, GetObject, Range and x-oss-range-behavior.
func selectRange(header string, standard bool, size int64) (span, error) {
	whole := span{0, size, false}
	first, last, ok := parseRange(header, size)
	if !ok {
		return whole, nil
	}
	if first >= 0 && first < size && last < size {
		return span{first, last - first + 1, true}, nil
	}
	if !standard {
		return whole, nil
	}
	if first >= size {
		return span{}, errInvalidRange.with("ActualObjectSize", strconv.FormatInt(size, 10)).with("RangeHeader", header)
	}
	first, last = max(first, 0), min(last, size-1)
	return span{first, last - first + 1, true}, nil
}

// parseRange returns the first and last byte that a Range header names, which
// may lie outside of the object. An open end is the object's last byte; a
// suffix longer than the object begins before byte 0, an empty one behind the end.
func parseRange(header string, size int64) (first, last int64, ok bool) {
	m := oneRange.FindStringSubmatch(header)
	if m == nil {
		return 0, 0, false
	}
	if m[1] == "" {
		suffix, err := strconv.ParseInt(m[2], 10, 64)
		if suffix == 0 || size == 0 {
			return size, size, err == nil
		}
		return size - suffix, size - 1, err == nil
	}
	first, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if m[2] == "" {
		return first, size - 1, true
	}
	last, err = strconv.ParseInt(m[2], 10, 64)
	return first, last, err == nil && first <= last
}

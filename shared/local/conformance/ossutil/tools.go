//go:build tools

// Package tools pins ossutil, which the conformance run builds and asks OSS with.
package tools

import _ "github.com/aliyun/ossutil"

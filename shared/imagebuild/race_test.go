//go:build race

package imagebuild_test

// stride is how far one cut is from the next: each run is ten times as slow,
// and `make check` makes them all without the race detector.
const stride = 7

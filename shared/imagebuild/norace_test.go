//go:build !race

package imagebuild_test

const stride = 1

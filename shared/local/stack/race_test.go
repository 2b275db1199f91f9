//go:build race

package stack_test

// underRace says that each run is several times as slow.
const underRace = true

//go:build race

package shared

// underRace says that each sample takes four times as long.
const underRace = true

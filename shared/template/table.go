package template

// Rules is the table of rules, sorted by id.
var Rules []Rule

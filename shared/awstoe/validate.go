package awstoe

import "imagedrop/shared/template"

// Validate judges a document that is passed through.
func Validate(path string, text []byte) []template.Finding {
	_, found := template.ReadDocument(path, text, "IB0520")
	return found
}

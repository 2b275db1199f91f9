package main

import (
	"fmt"
	"os"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// policyCheck returns what checks a template against the policy in file; no
// file, no check: what is allowed is the operator's to say.
func policyCheck(file, region string) (func(*template.Template), error) {
	if file == "" {
		return func(*template.Template) {}, nil
	}
	policy, err := loadPolicy(file)
	if err != nil {
		return nil, err
	}
	return func(t *template.Template) { policy.Check(t, region) }, nil
}

func loadPolicy(file string) (imagebuild.Policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return imagebuild.Policy{}, err
	}
	policy, err := imagebuild.ParsePolicy(string(text))
	if err != nil {
		return imagebuild.Policy{}, fmt.Errorf("%s: %w", file, err)
	}
	return policy, nil
}

// Command awscomponent is the function behind AWS_QUEUE: the AWS part of each
// job becomes a component of EC2 Image Builder, and the outcome is published.
// It is a binary of its own, with credentials and failures of its own.
package main

import (
	"context"
	"log/slog"

	"imagedrop/shared/awstoe"
	"imagedrop/shared/ec2image"
	"imagedrop/shared/function"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/settings"
	"imagedrop/shared/template"
)

func main() { function.Start("awscomponent", newHandler) }

// newHandler builds what needs no credentials of Alibaba Cloud: an invocation
// brings those. Those of AWS the SDK finds in its own chain.
func newHandler(getenv func(string) string, log *slog.Logger) (*handler, error) {
	s, err := settings.LoadAWSComponent(getenv)
	if err != nil {
		return nil, err
	}
	publisher, err := function.Publisher(s.Common)
	if err != nil {
		return nil, err
	}
	components, err := ec2image.New(context.Background())
	if err != nil {
		return nil, err
	}
	return &handler{log: log, resultQueue: s.ResultQueue, builder: imagebuild.AWSBuilder{
		Publisher: publisher, Components: components, Translate: translate, Concurrency: s.Concurrency,
	}}, nil
}

// translate makes a document that goes into the request.
func translate(t *template.Template) imagebuild.Translation {
	made := awstoe.Component(t)
	return imagebuild.Translation{Document: made.Document, Tags: made.Tags, Findings: made.Findings}
}

package function

import (
	"fmt"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/mnsqueue"
	"imagedrop/shared/settings"
)

// Queue returns the client of a queue. Its error names the setting.
func Queue(s settings.Common, name string) (*mnsqueue.Client, error) {
	queue, err := mnsqueue.New(mnsqueue.Options{Endpoint: s.MNSEndpoint, Queue: name})
	if err != nil {
		return nil, fmt.Errorf("MNS_ENDPOINT: %w", err)
	}
	return queue, nil
}

// Publisher returns what publishes the outcomes, like Queue.
func Publisher(s settings.Common) (imagebuild.Publisher, error) {
	outbox, err := Queue(s, s.ResultQueue)
	return imagebuild.Publisher{Outbox: outbox, Base64: s.ResultBase64}, err
}

// ImageBuilder is what a function that starts executions needs of the service.
type ImageBuilder interface {
	imagebuild.Executions
	imagebuild.Images
}

// Builds is what starts executions and sees to it that each is followed.
func Builds(c settings.Common, s settings.Starting, images ImageBuilder) (imagebuild.Builds, error) {
	watch, err := Queue(c, s.WatchQueue)
	return imagebuild.Builds{Executions: images, Images: images, Watch: watch, Watching: s.Watching}, err
}

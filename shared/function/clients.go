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

// Builds returns what starting executions needs, like Queue. images is the
// client that starts and finds them.
func Builds(s settings.Common, b settings.Starting, images interface {
	imagebuild.Executions
	imagebuild.Images
}) (imagebuild.Builds, error) {
	queue, err := Queue(s, b.WatchQueue)
	return imagebuild.Builds{Executions: images, Images: images, Watch: queue, Watching: b.Watching}, err
}

// AWS returns the queue of the AWS parts, nil where the policy allows none,
// like Queue.
func AWS(s settings.Upload) (imagebuild.Queue, error) {
	if s.AWSQueue == "" {
		return nil, nil
	}
	return Queue(s.Common, s.AWSQueue)
}

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

package function

import (
	"sync"

	"imagedrop/shared/imagebuild"
)

// Objects are the objects of a use case, of which the client is made with the
// first invocation: its signature needs the region, which the invocations
// bring, the same each time. It is safe for concurrent use.
type Objects struct {
	New func(region string) (imagebuild.Objects, error)

	mu                 sync.Mutex // held while New runs
	imagebuild.Objects            // nil until connected
}

// Connect must have returned nil before an object is read. What failed for one
// invocation is tried again with the next.
func (o *Objects) Connect(region string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.Objects != nil {
		return nil
	}
	objects, err := o.New(region)
	if err == nil {
		o.Objects = objects
	}
	return err
}

package imagebuild

// GivenUp is an event that the platform no longer delivers, as it came to the
// dead-letter queue.
type GivenUp struct {
	MessageID string // of the message on the dead-letter queue
	Function  string // whose event it is; "" where nothing says
	Trigger   string // as in a Delivery; "" where nothing says
	// Event is the payload of the function, verbatim: what brings it again.
	Event  []byte
	Reason Reason // why it was given up
	// Deliveries are those that the function would have made of Event; none
	// where it cannot be read.
	Deliveries []Delivery
}

package console

import (
	"net/http"

	"imagedrop/shared/local/fc"
)

// Work is what waits for a function or is with one, all of it as of one moment.
type Work struct {
	Events int         `json:"events"` // asynchronous events not done with
	Queues []QueueWork `json:"queues"` // one a queue trigger
}

// QueueWork counts the messages of a queue that feeds a function, as an MNS
// client sees them: a delayed message may be due for the function before.
type QueueWork struct {
	Queue    string `json:"queue"`
	Function string `json:"function"`
	Active   int    `json:"active"`
	Inactive int    `json:"inactive"` // received, by the function perhaps
	Delayed  int    `json:"delayed"`
}

// stats is the Work with what each function does. idle means that nothing
// will happen any more by itself, but for timers.
type stats struct {
	Work
	Functions []fc.Stats `json:"functions"`
	Idle      bool       `json:"idle"`
}

func (c *console) stats(*http.Request) (any, error) {
	s := stats{Functions: c.Functions.Stats()} // before the work: what an invocation leaves behind is in it
	var err error
	if s.Work, err = c.Work(); err != nil {
		return nil, err
	}
	waiting := s.Events
	for _, q := range s.Queues {
		waiting += q.Active + q.Inactive + q.Delayed
	}
	for _, f := range s.Functions {
		waiting += f.Busy + f.Waiting
	}
	s.Idle = waiting == 0
	return s, nil
}

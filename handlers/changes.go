package handlers

import (
	"github.com/google/uuid"

	"keepstead/model"
)

// changes is what was heard since the page was last brought up to date.
type changes struct {
	all    bool // read everything again
	events map[model.Event]bool
	moved  map[uuid.UUID]model.Event // jobs with progress
	logs   map[uuid.UUID]bool        // jobs whose log grew
}

func newChanges() changes {
	return changes{events: map[model.Event]bool{}, moved: map[uuid.UUID]model.Event{}, logs: map[uuid.UUID]bool{}}
}

func (c *changes) add(e model.Event) {
	switch e.Kind {
	case model.EventProgress:
		c.moved[e.ID] = e
	case model.EventLog:
		c.logs[e.ID] = true
	default:
		c.events[e] = true
	}
}

// any says whether something changed that match accepts; progress and logs do not count.
func (c *changes) any(match func(model.Event) bool) bool {
	if c.all {
		return true
	}
	for e := range c.events {
		if match(e) {
			return true
		}
	}
	return false
}

// anything matches every event.
func anything(model.Event) bool { return true }

// of matches events of these kinds.
func of(kinds ...model.EventKind) func(model.Event) bool {
	return func(e model.Event) bool {
		for _, k := range kinds {
			if e.Kind == k {
				return true
			}
		}
		return false
	}
}

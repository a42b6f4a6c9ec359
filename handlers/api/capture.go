package api

import "keepstead/model"

// captureChange is what was chosen, in the form that a merge patch goes over.
func captureChange(c *model.Capture) *CaptureChange {
	out := CaptureChange{Strategies: map[string]*model.Strategy{}, Binds: map[string]*bool{}, Hooks: map[string]*model.Hooks{}}
	if c == nil {
		return &out
	}
	for service, s := range c.Strategies {
		out.Strategies[service] = &s
	}
	for source, take := range c.Binds {
		out.Binds[source] = &take
	}
	for service, h := range c.Hooks {
		out.Hooks[service] = &h
	}
	out.RawToo = c.RawToo
	return &out
}

// capture is what is chosen after the patch: an entry that became null is left to Keepstead again.
func (c *CaptureChange) capture() model.Capture {
	if c == nil {
		return model.Capture{}
	}
	return model.Capture{Strategies: set(c.Strategies), Binds: set(c.Binds), Hooks: set(c.Hooks), RawToo: c.RawToo}
}

// set returns the entries that are not null.
func set[T any](entries map[string]*T) map[string]T {
	out := map[string]T{}
	for key, value := range entries {
		if value != nil {
			out[key] = *value
		}
	}
	return out
}

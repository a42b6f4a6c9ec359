package docker

// self is the container that Keepstead runs in; empty outside of one.
type self struct{ id string }

type looks struct{}

func newLooks() *looks { return &looks{} }

type parsed struct{}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"keepstead/docker"
	"keepstead/model"
)

// link is the one connection to a device's container engine, shared by discovery, backups and restores. It is made when
// it is first asked for, and anew after the engine went away: another version may have come back.
type link struct {
	mu      sync.Mutex
	engine  *docker.Engine
	looking sync.Mutex    // one look at the device's containers at a time
	fresh   chan struct{} // gets a token when the device is to be looked at now
}

// linkTo returns the link to the engine of a device.
func (m *Manager) linkTo(device uuid.UUID) *link {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.links[device]
	if l == nil {
		l = &link{fresh: make(chan struct{}, 1)}
		m.links[device] = l
	}
	return l
}

// engine returns the container engine of a device. An engine that cannot be used is a *docker.Error.
func (m *Manager) engine(ctx context.Context, device uuid.UUID) (*docker.Engine, error) {
	on, err := m.machine(ctx, device)
	if err != nil {
		return nil, err
	}
	socket := on.socket(m.DockerSocket)
	if socket == "" {
		return nil, engineOff()
	}
	l := m.linkTo(on.ID)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine != nil {
		return l.engine, nil
	}
	e, err := docker.Open(ctx, on.host, socket, on.dir)
	if err != nil {
		return nil, err
	}
	l.engine = e
	return e, nil
}

func engineOff() *docker.Error {
	return &docker.Error{
		State: model.EngineOff, Message: "Docker is switched off in Keepstead's configuration.",
		Mend: "To have Docker apps found and backed up, start Keepstead with --docker-socket.",
	}
}

// unlink gives the connection up, so that the next one who asks makes it anew. Whoever still uses it may go on.
func (m *Manager) unlink(device uuid.UUID) {
	m.mu.Lock()
	l := m.links[device]
	m.mu.Unlock()
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil {
		return
	}
	if err := l.engine.Close(); err != nil {
		m.logger.Warn("close the connection to the engine", "device", device, "error", err)
	}
	l.engine = nil
}

// engineFailure says what could not be done with the engine; where the engine itself cannot be used, its own sentence
// says more.
func engineFailure(err error, format string, args ...any) error {
	var told *docker.Error
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &told):
		return failure{cause: model.CauseEngine, message: told.Message, mend: told.Mend, err: err}
	}
	return failure{
		cause: model.CauseEngine, message: fmt.Sprintf(format, args...), err: err,
		mend: "The job's log has what Docker said; once it is mended, try again.",
	}
}

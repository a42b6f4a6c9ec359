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

// link is the one connection to the container engine, shared by discovery, backups and restores. It is made when it is
// first asked for, and anew after the engine went away: another version may have come back.
type link struct {
	mu     sync.Mutex
	engine *docker.Engine
}

// engine returns the container engine of a device. An engine that cannot be used is a *docker.Error. This version reaches
// only the machine it runs on, so every device has the same one.
func (m *Manager) engine(ctx context.Context, _ uuid.UUID) (*docker.Engine, error) {
	if m.DockerSocket == "" {
		return nil, engineOff()
	}
	m.link.mu.Lock()
	defer m.link.mu.Unlock()
	if m.link.engine != nil {
		return m.link.engine, nil
	}
	e, err := docker.Open(ctx, m.Host, m.DockerSocket, m.Dir)
	if err != nil {
		return nil, err
	}
	m.link.engine = e
	return e, nil
}

func engineOff() *docker.Error {
	return &docker.Error{
		State: model.EngineOff, Message: "Docker is switched off in Keepstead's configuration.",
		Mend: "To have Docker apps found and backed up, start Keepstead with --docker-socket.",
	}
}

// unlink gives the connection up, so that the next one who asks makes it anew. Whoever still uses it may go on.
func (m *Manager) unlink() {
	m.link.mu.Lock()
	defer m.link.mu.Unlock()
	if m.link.engine == nil {
		return
	}
	if err := m.link.engine.Close(); err != nil {
		m.logger.Warn("close the connection to the engine", "error", err)
	}
	m.link.engine = nil
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

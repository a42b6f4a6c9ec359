package docker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"keepstead/model"
)

const (
	// stopGrace is what Stop waits beyond the time that a container itself is given to end.
	stopGrace = 30 * time.Second
	// defaultStop is the time that the engine gives a container that names none.
	defaultStop = 10 * time.Second
	// acting is how long the engine may take for an act that waits for nobody's goodwill.
	acting = time.Minute
)

// State is where a container stands.
type State struct {
	Status     string // the engine's word: created running paused restarting removing exited dead
	Running    bool   // also while paused or restarting
	Paused     bool
	Restarting bool
	Health     string // starting healthy unhealthy, or empty without a health check
	ExitCode   int
	StartedAt  time.Time
}

// State asks for the state of a container; model.ErrNotFound when it is gone.
func (e *Engine) State(ctx context.Context, id string) (State, error) {
	in, err := e.details(ctx, id)
	if err != nil {
		return State{}, err
	}
	return stateOf(in), nil
}

func (e *Engine) details(ctx context.Context, id string) (container.InspectResponse, error) {
	limited, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	out, err := e.api.ContainerInspect(limited, id, client.ContainerInspectOptions{})
	if err != nil {
		return container.InspectResponse{}, e.explain(ctx, "look at container "+id, err)
	}
	if out.Container.State == nil || out.Container.Config == nil || out.Container.HostConfig == nil {
		return container.InspectResponse{}, fmt.Errorf("look at container %s: the engine's answer is incomplete", id)
	}
	return out.Container, nil
}

func stateOf(in container.InspectResponse) State {
	s := State{
		Status: string(in.State.Status), Running: in.State.Running, Paused: in.State.Paused,
		Restarting: in.State.Restarting, ExitCode: in.State.ExitCode, Health: healthOf(in.State),
	}
	// The engine writes year 1 for a container that never ran.
	if at, err := time.Parse(time.RFC3339Nano, in.State.StartedAt); err == nil && at.Year() > 1 {
		s.StartedAt = at
	}
	return s
}

// Stop ends a container as the engine would: its stop signal, its own time to end, then SIGKILL. One that is paused is
// resumed first, or it could not end in good order; one that is stopped already stays so. A container that the engine
// removes when it ends (docker run --rm) is left alone and an error says so: it could not be started again.
func (e *Engine) Stop(ctx context.Context, id string) error {
	in, err := e.details(ctx, id)
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(in.Name, "/")
	if !in.State.Running && !in.State.Restarting {
		return nil
	}
	if in.HostConfig.AutoRemove {
		return fmt.Errorf("container %s was started with --rm: Docker would remove it for good when it stops", name)
	}
	if in.State.Paused {
		if err := e.Unpause(ctx, id); err != nil {
			return err
		}
	}
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	if own := stopTime(in.Config); own >= 0 {
		limited, cancel = context.WithTimeout(ctx, own+stopGrace)
		defer cancel()
	}
	if _, err := e.api.ContainerStop(limited, id, client.ContainerStopOptions{}); err != nil {
		return e.explain(ctx, "stop container "+name, err)
	}
	after, err := e.State(ctx, id)
	if err != nil {
		return err
	}
	if after.Running {
		return fmt.Errorf("stop container %s: something started it again at once", name)
	}
	return nil
}

// stopTime is how long a container may take to end; negative when it may take for ever.
func stopTime(c *container.Config) time.Duration {
	if c.StopTimeout == nil {
		return defaultStop
	}
	return time.Duration(*c.StopTimeout) * time.Second
}

// Start makes a container run: one that is stopped is started, one that is paused resumed.
func (e *Engine) Start(ctx context.Context, id string) error {
	s, err := e.State(ctx, id)
	switch {
	case err != nil:
		return err
	case s.Paused:
		return e.Unpause(ctx, id)
	case s.Running && !s.Restarting:
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	if _, err := e.api.ContainerStart(limited, id, client.ContainerStartOptions{}); err != nil {
		return e.explain(ctx, "start container "+id, err)
	}
	return nil
}

// Pause freezes the processes of a running container. One that is not running, or restarting, cannot be paused: that is a
// model.Conflict.
func (e *Engine) Pause(ctx context.Context, id string) error {
	in, err := e.details(ctx, id)
	switch {
	case err != nil:
		return err
	case in.State.Paused:
		return nil
	case !in.State.Running || in.State.Restarting:
		return model.Conflict{Reason: fmt.Sprintf("Container %s cannot be paused: it is %s.", strings.TrimPrefix(in.Name, "/"), in.State.Status)}
	}
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	if _, err := e.api.ContainerPause(limited, id, client.ContainerPauseOptions{}); err != nil {
		return e.explain(ctx, "pause container "+id, err)
	}
	return nil
}

// Unpause lets the processes of a paused container go on; on any other it does nothing.
func (e *Engine) Unpause(ctx context.Context, id string) error {
	s, err := e.State(ctx, id)
	if err != nil || !s.Paused {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	if _, err := e.api.ContainerUnpause(limited, id, client.ContainerUnpauseOptions{}); err != nil {
		// Somebody else may have been quicker.
		if now, look := e.State(ctx, id); look == nil && !now.Paused {
			return nil
		}
		return e.explain(ctx, "resume container "+id, err)
	}
	return nil
}

// RemoveContainer removes a container, running or not, and never a volume. That it is gone already is no error.
func (e *Engine) RemoveContainer(ctx context.Context, id string) error {
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	_, err := e.api.ContainerRemove(limited, id, client.ContainerRemoveOptions{Force: true})
	return e.removed(ctx, "remove container "+id, err)
}

// RemoveVolume removes a volume with its data. That it is gone already is no error.
func (e *Engine) RemoveVolume(ctx context.Context, name string) error {
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	_, err := e.api.VolumeRemove(limited, name, client.VolumeRemoveOptions{})
	return e.removed(ctx, "remove volume "+name, err)
}

// RemoveNetwork removes a network. That it is gone already is no error.
func (e *Engine) RemoveNetwork(ctx context.Context, name string) error {
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	_, err := e.api.NetworkRemove(limited, name, client.NetworkRemoveOptions{})
	return e.removed(ctx, "remove network "+name, err)
}

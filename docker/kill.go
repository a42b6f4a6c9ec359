package docker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/moby/moby/client"

	"keepstead/device"
)

// The engine has no way to end a command that it runs in a container, and going away does not end it either.

// markName is the variable by which a command and all that it starts are known.
const markName = "KEEPSTEAD_EXEC"

const (
	// killing is how long ending a command may take, all in all.
	killing = 20 * time.Second
	// term is the time from SIGTERM to SIGKILL.
	term = 2 * time.Second
)

// killMarked runs in the container, by its own shell and as the command's own user. $1 is the mark, $2 the signal. It
// exits with found where there was somebody to send it to.
const killMarked = `n=0; for f in /proc/[0-9]*/environ; do
  if tr '\0' '\n' <"$f" | grep -qx "` + markName + `=$1"; then p=${f#/proc/}; kill -"$2" "${p%/environ}" && n=10; fi
done 2>/dev/null; exit $n`

const found = 10

// killTree runs on the host, for containers without a shell. $1 is the process as the engine knows it, $2 the container's
// id, by which the process must be known there too: Keepstead may live in another world of processes.
const killTree = `kt() { for c in $(cat "/proc/$1/task/"*/children 2>/dev/null); do kt "$c"; done; kill -KILL "$1"; }
grep -q "$2" "/proc/$1/cgroup" && kt "$1"`

// abort kills the command and returns why. It adds an error only when the command could not be killed.
func (p *process) abort(ctx context.Context, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killing)
	defer cancel()
	if err := p.kill(ctx); err != nil {
		return errors.Join(fmt.Errorf("command in container %s: %w", p.container, why), err)
	}
	return fmt.Errorf("command in container %s: %w", p.container, why)
}

func (p *process) kill(ctx context.Context) error {
	now, running := p.look(ctx)
	if !running {
		return nil // it ended by itself, and so had its time to end what it began
	}
	if _, err := p.signal(ctx, "TERM"); err == nil {
		p.ends(ctx, term)
		for more := true; more && err == nil && ctx.Err() == nil; {
			more, err = p.signal(ctx, "KILL")
		}
		if p.ends(ctx, term) {
			return nil
		}
	}
	// Its error says no more than what is looked at next.
	_ = p.engine.host.Run(ctx, device.Cmd{
		Path: "/bin/sh", Args: []string{"-c", killTree, "sh", strconv.Itoa(now.PID), now.ContainerID}, Env: []string{"PATH=/usr/bin:/bin"}, Stream: true,
	})
	if p.ends(ctx, term) {
		return nil
	}
	return fmt.Errorf("the command could not be ended and still runs in container %s", p.container)
}

// look says whether the command runs. Where the engine does not know it any more, its container has ended.
func (p *process) look(ctx context.Context) (client.ExecInspectResult, bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now, err := p.engine.api.ExecInspect(ctx, p.id, client.ExecInspectOptions{})
	return now, err == nil && now.Running
}

// ends waits for the end of the command.
func (p *process) ends(ctx context.Context, within time.Duration) bool {
	for deadline := time.Now().Add(within); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if _, running := p.look(ctx); !running {
			return true
		}
	}
	return false
}

// signal runs killMarked and says whether it found somebody.
func (p *process) signal(ctx context.Context, signal string) (bool, error) {
	made, err := p.engine.api.ExecCreate(ctx, p.container, client.ExecCreateOptions{
		Cmd: []string{"sh", "-c", killMarked, "sh", p.mark, signal}, User: p.user,
	})
	if err != nil {
		return false, err
	}
	if _, err := p.engine.api.ExecStart(ctx, made.ID, client.ExecStartOptions{Detach: true}); err != nil {
		return false, err
	}
	killer := &process{engine: p.engine, container: p.container, id: made.ID}
	killer.ends(ctx, 5*time.Second)
	now, running := killer.look(ctx)
	switch {
	case running:
		return false, fmt.Errorf("it takes too long to look through the processes of container %s", p.container)
	case now.ExitCode >= 126:
		return false, fmt.Errorf("the container has no shell: %w", &ExitError{Code: now.ExitCode})
	}
	return now.ExitCode == found, nil
}

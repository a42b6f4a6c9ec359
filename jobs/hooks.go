package jobs

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"keepstead/docker"
	"keepstead/model"
)

// preHooks runs the commands that a service wants before its capture, and writes down the ones that answer to them.
func (r *run) preHooks(ctx context.Context, p plan, c *capture, project docker.Project) error {
	for _, s := range project.Found.Services {
		h := hooksOf(s, p.configuration.Capture)
		i := slices.IndexFunc(project.Containers, func(ctr docker.Container) bool { return ctr.Service == s.Name && ctr.Running })
		if h.Pre == "" && h.Post == "" || i < 0 {
			continue
		}
		ctr := project.Containers[i]
		if h.Post != "" {
			_, err := r.journal(ctx, c.id, model.Undo{DeviceID: c.device, Action: model.UndoHook, Target: ctr.ID, Name: ctr.Name, Aside: h.Post})
			if err != nil {
				return err
			}
		}
		if h.Pre == "" {
			continue
		}
		r.phase("hooks", fmt.Sprintf("Running the command before the backup in %s.", ctr.Name))
		if err := r.hook(ctx, c.engine, ctr, h); err != nil {
			if h.OnFailure != "go_on" || ctx.Err() != nil {
				return err
			}
			c.doubts = append(c.doubts, err.Error())
		}
	}
	return nil
}

func (r *run) hook(ctx context.Context, engine *docker.Engine, ctr docker.Container, h model.Hooks) error {
	limit := time.Duration(h.Timeout) * time.Second
	if limit <= 0 {
		limit = model.DefaultHookTimeout * time.Second
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var said bytes.Buffer
	stop := r.moving(timed)
	err := engine.Exec(timed, ctr.ID, docker.Exec{Cmd: []string{"/bin/sh", "-c", h.Pre}, Stdout: &tail{&said}, Stderr: &tail{&said}})
	stop()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil: // the others of its batch take a capture of their own
		return context.Cause(ctx)
	}
	if text := scrub(strings.TrimSpace(said.String()), ctr.Env); text != "" {
		r.log.printf("The command in %s said: %s", ctr.Name, text)
	}
	why := err.Error()
	if timed.Err() != nil && ctx.Err() == nil {
		why = fmt.Sprintf("it did not end within %s", limit)
	}
	return fail(model.CauseHook, "Mend the command on the app's page or in its label, then back up again.",
		"The command before the backup in %s failed: %s.", ctr.Name, why)
}

// tail keeps the last part of what is written to it.
type tail struct{ *bytes.Buffer }

const tailBytes = 2000

// Write keeps at most tailBytes of the newest output.
func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > tailBytes {
		p = p[len(p)-tailBytes:]
	}
	if drop := t.Len() + len(p) - tailBytes; drop > 0 {
		t.Next(drop)
	}
	t.Buffer.Write(p)
	return n, nil
}

// scrub takes the values of a container's environment out of a text: some of them are secrets.
func scrub(text string, env map[string]string) string {
	for _, value := range env {
		if len(value) >= 6 {
			text = strings.ReplaceAll(text, value, "[…]")
		}
	}
	return text
}

// hooksOf are the commands around a service's capture: the labels of its container, else what a person set.
func hooksOf(s model.FoundService, chosen *model.Capture) model.Hooks {
	var h model.Hooks
	if chosen != nil {
		h = chosen.Hooks[s.Name]
	}
	for label, field := range map[string]*string{"pre": &h.Pre, "post": &h.Post, "on-failure": &h.OnFailure} {
		if text := s.Labels[label]; text != "" {
			*field = text
		}
	}
	if n, err := strconv.Atoi(s.Labels["timeout"]); err == nil && n > 0 {
		h.Timeout = n
	}
	return h
}

// moving tells the watch for standstills that the run is at work, until stop is called: a command may be long and silent,
// and has a limit of its own.
func (r *run) moving(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() { _ = r.await(ctx, nil) }()
	return cancel
}

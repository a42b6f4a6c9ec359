package jobs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

// capture is one consistent moment of an app made of containers, shared by the backups of one batch: each writes the same
// files to its own destination, and the containers are quiet once for all of them.
type capture struct {
	id    uuid.UUID // owner of the acts that must be taken back
	app   uuid.UUID
	batch uuid.UUID
	users int           // runs that read it; guarded by Manager.mu
	ready chan struct{} // closed when it is taken, or err says why not
	gone  chan struct{} // closed when the next one may begin
	err   error

	dir      string // what Keepstead itself staged: the manifest, dumps, generated files
	engine   *docker.Engine
	device   uuid.UUID
	manifest model.Manifest
	paths    []string
	excludes []string
	missing  []string // what should be in the backup and cannot be read, each with its reason
	doubts   []string // what was not as it should be, each in a sentence
	held     []held
	quietAt  time.Time
	quietFor time.Duration
}

// held is a container that a capture keeps quiet.
type held struct {
	id, name string
	action   model.UndoAction
}

// join returns the capture of the run's app: the one of its batch where that is under way, else a new one, after any
// other of the same app has ended.
func (r *run) join(ctx context.Context, p plan) (*capture, error) {
	for {
		c, mine, wait := r.reserve(p.app.ID, r.job.Batch)
		switch {
		case mine:
			c.err = r.takeSafely(ctx, p, c)
			close(c.ready)
		case c != nil:
			wait = c.ready
		}
		if !mine {
			if err := r.await(ctx, wait); err != nil {
				if c != nil {
					r.release(ctx, c)
				}
				return nil, err
			}
		}
		if c == nil {
			continue
		}
		if c.err == nil {
			return c, nil
		}
		r.release(ctx, c)
		if mine || !errors.Is(c.err, errCancelled) && !errors.Is(c.err, context.Canceled) {
			return nil, c.err
		}
	}
}

// takeSafely makes a panic an error of this capture: those who wait for it must not wait for ever.
func (r *run) takeSafely(ctx context.Context, p plan, c *capture) (err error) {
	defer func() {
		if why := recover(); why != nil {
			r.logger.Error("a capture panicked", "job", r.job.ID, "panic", why, "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %v", why)
		}
	}()
	return r.take(ctx, p, c)
}

// reserve joins the app's capture, or begins one. Where another must end first it returns no capture and what to wait
// for.
func (m *Manager) reserve(app, batch uuid.UUID) (c *capture, mine bool, wait chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c = m.captures[app]
	switch {
	case c == nil:
		c = &capture{
			id: model.NewID(), app: app, batch: batch, users: 1, ready: make(chan struct{}), gone: make(chan struct{}),
		}
		m.captures[app], m.owned[c.id] = c, true
		return c, true, nil
	case batch != uuid.Nil && c.batch == batch && c.users > 0:
		c.users++
		return c, false, nil
	}
	return nil, false, c.gone
}

// await waits for another run's capture; the wait is no standstill.
func (r *run) await(ctx context.Context, done chan struct{}) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case now := <-tick.C:
			r.moved.Store(now.Unix())
		}
	}
}

// own keeps every capture of the app away until release is called: a restore replaces what they would read.
func (r *run) own(ctx context.Context, app uuid.UUID) (release func(), err error) {
	for {
		c, mine, wait := r.reserve(app, uuid.Nil)
		if mine {
			return func() { r.free(c) }, nil
		}
		if err := r.await(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// release gives the capture back. The last of its users wakes the containers and clears what was staged.
func (r *run) release(ctx context.Context, c *capture) {
	r.mu.Lock()
	c.users--
	last := c.users == 0
	r.mu.Unlock()
	if !last {
		return
	}
	r.clear(context.WithoutCancel(ctx), c)
	r.free(c)
}

// clear wakes the containers and removes what was staged.
func (r *run) clear(ctx context.Context, c *capture) {
	if err := r.wake(ctx, c); err != nil {
		r.log.printf("Not everything could be put back as it was; it is tried again every minute: %v", err)
		r.logger.Error("put an app back as it was", "app", c.app, "error", err)
	}
	if files, err := r.on.host.Files(); err == nil && c.dir != "" {
		if err := files.RemoveAll(c.dir); err != nil {
			r.logger.Warn("remove staged files", "error", err)
		}
	}
}

// free lets the next capture of the app begin.
func (m *Manager) free(c *capture) {
	m.mu.Lock()
	delete(m.captures, c.app)
	delete(m.owned, c.id)
	m.mu.Unlock()
	close(c.gone)
}

// wake ends the quiet time: every act of the capture is taken back.
func (r *run) wake(ctx context.Context, c *capture) error {
	if len(c.held) > 0 {
		r.log.printf("Waking %s.", names(c.held))
	}
	err := r.undo(ctx, c.id)
	if len(c.held) > 0 && c.quietFor == 0 {
		c.quietFor = time.Since(c.quietAt)
	}
	return err
}

func names(all []held) string {
	var out []string
	for _, h := range all {
		out = append(out, h.name)
	}
	return strings.Join(out, ", ")
}

// quiet is how long the containers have been quiet so far, or were.
func (c *capture) quiet() time.Duration {
	switch {
	case c.quietFor > 0:
		return c.quietFor
	case len(c.held) == 0:
		return 0
	}
	return time.Since(c.quietAt)
}

// hush stops or pauses the containers whose strategy asks for it: those that depend on others first. Each act is written
// down before it is done. What does not run is left as it is.
func (r *run) hush(ctx context.Context, c *capture, project docker.Project) error {
	levels, err := docker.Order(project.Found.Services)
	if err != nil {
		c.doubts = append(c.doubts, fmt.Sprintf("The order of its services is unclear: %v.", err))
		levels = [][]string{serviceNames(project.Found.Services)}
	}
	slices.Reverse(levels)
	for _, level := range levels {
		for _, name := range level {
			s, ok := service(project.Found, name)
			if !ok || s.Self || s.Strategy != model.StrategyStop && s.Strategy != model.StrategyPause {
				continue
			}
			for _, ctr := range project.Containers {
				if ctr.Service != name || !ctr.Running || ctr.Paused || ctr.Self {
					continue
				}
				if err := r.hold(ctx, c, s.Strategy, ctr); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (r *run) hold(ctx context.Context, c *capture, how model.Strategy, ctr docker.Container) error {
	h := held{id: ctr.ID, name: ctr.Name, action: model.UndoStart}
	act, verb := c.engine.Stop, "Stopping"
	if how == model.StrategyPause {
		h.action, act, verb = model.UndoUnpause, c.engine.Pause, "Pausing"
	}
	// Dumps may have taken hours since the containers were looked at: one that was stopped meanwhile stays so.
	state, err := c.engine.State(ctx, h.id)
	if errors.Is(err, model.ErrNotFound) || err == nil && (!state.Running || state.Paused) {
		return nil
	}
	if err != nil {
		return engineFailure(err, "%s could not be looked at.", h.name)
	}
	_, err = r.journal(ctx, c.id, model.Undo{DeviceID: c.device, Action: h.action, Target: h.id, Name: h.name})
	if err != nil {
		return err
	}
	if len(c.held) == 0 {
		c.quietAt = time.Now()
	}
	c.held = append(c.held, h)
	r.phase("quieting", fmt.Sprintf("%s %s.", verb, h.name))
	if err := act(ctx, h.id); err != nil {
		return engineFailure(err, "%s could not be stopped for the backup.", h.name)
	}
	return nil
}

func serviceNames(all []model.FoundService) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.Name)
	}
	return out
}

func service(found model.Found, name string) (model.FoundService, bool) {
	for _, s := range found.Services {
		if s.Name == name {
			return s, true
		}
	}
	return model.FoundService{}, false
}

// disturbed says which containers did not stay quiet: something else started them, so what was read may not fit together.
func (c *capture) disturbed(ctx context.Context) []string {
	var out []string
	if c.quietFor > 0 {
		return nil
	}
	for _, h := range c.held {
		state, err := c.engine.State(ctx, h.id)
		if err != nil {
			out = append(out, fmt.Sprintf("%s could not be watched while it was quiet: %v.", h.name, err))
			continue
		}
		if h.action == model.UndoUnpause && !state.Running {
			out = append(out, fmt.Sprintf("%s went down while it was paused; its files may not fit together.", h.name))
			continue
		}
		if state.Running && (h.action == model.UndoStart || !state.Paused) || state.StartedAt.After(c.quietAt) {
			out = append(out, fmt.Sprintf("%s was started by something else while it was to be quiet; its files may not fit together.", h.name))
		}
	}
	return out
}

// reach adds a folder or file of the machine to the capture, once, and not when it lies in one that is there already.
func (c *capture) reach(p string) {
	if !slices.ContainsFunc(c.paths, func(have string) bool { return model.Within(p, have) }) {
		c.paths = append(slices.DeleteFunc(c.paths, func(have string) bool { return model.Within(have, p) }), p)
	}
}

// leave keeps a folder or file out of the backup, every character meaning itself.
func (c *capture) leave(p string) { c.excludes = append(c.excludes, escapePattern(p)) }

// stageDir makes the folder of what Keepstead itself writes for a configuration. Its path does not change from run to
// run, so that restic finds the files of the last one.
func (r *run) stageDir(files device.Files, configuration uuid.UUID) (string, error) {
	dir := path.Join(r.on.dir, "staging", configuration.String())
	if err := files.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("clear the staging folder: %w", err)
	}
	if err := files.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the staging folder: %w", err)
	}
	return dir, nil
}

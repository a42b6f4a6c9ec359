package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"keepstead/docker"
	"keepstead/model"
)

// healthLimit is how long the services that start together may take to become healthy: some migrate their data first.
const healthLimit = 15 * time.Minute

// start starts what is to run, each service after those it depends on are healthy.
func (b *rebuild) start(ctx context.Context) (string, error) {
	begun := time.Now()
	if err := b.quietStill(ctx); err != nil {
		return "", err
	}
	project, err := b.containersNow(ctx)
	if err != nil {
		return "", err
	}
	wanted := b.toRun(project.Containers)
	levels, err := docker.Order(project.Found.Services)
	if err != nil {
		b.log.printf("The order of the services is unclear: %v", err)
	}
	for _, level := range levels {
		var ids []string
		for _, c := range wanted {
			if !slices.Contains(level, c.Service) {
				continue
			}
			if err := b.startOne(ctx, c, wanted); err != nil {
				return "", err
			}
			if !b.sickBefore(c) {
				ids = append(ids, c.ID)
			}
			b.started++
		}
		if err := b.awaitHealthy(ctx, ids); err != nil {
			return "", err
		}
	}
	if err := b.startOthers(ctx); err != nil {
		return "", err
	}
	if b.started == 0 {
		return "Nothing of it ran before, so nothing was started.", nil
	}
	return fmt.Sprintf("%d %s healthy after %s.", b.started, plural(b.started, "container is", "containers are"), took(time.Since(begun))), nil
}

// leaveStopped stops what was started for its database alone. Other apps that were stopped run again.
func (b *rebuild) leaveStopped(ctx context.Context) (string, error) {
	if err := b.quietStill(ctx); err != nil {
		return "", err
	}
	for _, c := range b.upAlone {
		if err := b.engine.Stop(ctx, c.ID); err != nil {
			return "", engineFailure(err, "%s could not be stopped.", c.Name)
		}
	}
	return "", b.startOthers(ctx)
}

// startOthers starts the containers of other apps that were stopped because they use the same data.
func (b *rebuild) startOthers(ctx context.Context) error {
	for _, c := range b.stop {
		if b.ours(c) {
			continue
		}
		if err := b.startOne(ctx, c, nil); err != nil {
			return err
		}
	}
	return nil
}

// quietStill makes sure that nothing else started a container while its data was replaced: what it wrote could be in it.
func (b *rebuild) quietStill(ctx context.Context) error {
	startedByOther := func(c docker.Container) error {
		return fail(model.CauseEngine, "Find out what starts it, such as a restart of Docker or a tool that keeps containers running, then restore again.",
			"%s was started by something else while its data was replaced.", c.Name)
	}
	for _, c := range b.stop {
		if slices.Contains(b.up, c.ID) {
			continue
		}
		s, err := b.engine.State(ctx, c.ID)
		if err != nil {
			return engineFailure(err, "%s cannot be looked at.", c.Name)
		}
		if s.Running {
			return startedByOther(c)
		}
	}
	if b.want.Mode == model.AppCopy {
		return nil // nobody knows its data yet
	}
	now, err := b.lookAgain(ctx)
	if err != nil {
		return err
	}
	for _, c := range now.toStop() {
		if !slices.Contains(b.up, c.ID) {
			return startedByOther(c)
		}
	}
	return nil
}

// containersNow returns the app as it is now, or the copy of it. An app of which nothing was made has no containers.
func (b *rebuild) containersNow(ctx context.Context) (docker.Project, error) {
	key := b.key
	if b.want.Mode == model.AppCopy {
		key = b.copyKey()
	}
	p, err := b.engine.Project(ctx, b.files, key)
	if errors.Is(err, model.ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return p, engineFailure(err, "The containers of %q cannot be read.", key)
	}
	p.Containers = slices.DeleteFunc(p.Containers, func(c docker.Container) bool {
		for _, old := range b.replace {
			if old.ID == c.ID && old.Name != c.Name {
				return true // it waits to be removed
			}
		}
		return false
	})
	return p, nil
}

// toRun chooses the containers that are to run: what was stopped for the restore and, where the whole app comes back,
// what ran when the snapshot was made.
func (b *rebuild) toRun(now []docker.Container) []docker.Container {
	return slices.DeleteFunc(slices.Clone(now), func(c docker.Container) bool {
		stopped := slices.ContainsFunc(b.stop, func(s docker.Container) bool { return s.Name == c.Name && b.ours(s) })
		ran := b.want.Mode != model.AppParts && slices.ContainsFunc(b.specs(), func(s model.ContainerSpec) bool {
			return s.Running && (s.Name == c.Name || s.Service == c.Service && !slices.ContainsFunc(b.specs(), func(o model.ContainerSpec) bool { return o.Name == c.Name }))
		})
		return c.Self || !stopped && !ran
	})
}

// specs are the containers of the snapshot, as they are called where they are restored.
func (b *rebuild) specs() []model.ContainerSpec {
	if b.want.Mode == model.AppCopy {
		return b.create
	}
	return b.manifest.Specs
}

func (b *rebuild) ours(c docker.Container) bool {
	return slices.ContainsFunc(b.here.Containers, func(o docker.Container) bool { return o.ID == c.ID })
}

// startOne starts a container, and before it those whose network or volumes it shares. That it must be stopped before
// anything is put back is written down first.
func (b *rebuild) startOne(ctx context.Context, c docker.Container, others []docker.Container) error {
	if refs, err := docker.References(c.Spec); err == nil {
		for _, o := range others {
			if o.ID != c.ID && (slices.Contains(refs, o.Name) || slices.Contains(refs, o.ID)) {
				if err := b.startOne(ctx, o, nil); err != nil {
					return err
				}
			}
		}
	}
	if err := b.note(ctx, model.UndoStop, c.ID, c.Name, ""); err != nil {
		return err
	}
	b.up = append(b.up, c.ID)
	b.phase("starting", fmt.Sprintf("Starting %s.", c.Name))
	if err := b.engine.Start(ctx, c.ID); err != nil {
		return engineFailure(err, "%s could not be started.", c.Name)
	}
	return nil
}

// sickBefore says that the container was unhealthy before the restore: that is no fault of it.
func (b *rebuild) sickBefore(c docker.Container) bool {
	for _, o := range b.here.Containers {
		if o.ID == c.ID && o.Running && o.Health == "unhealthy" {
			b.doubts = append(b.doubts, fmt.Sprintf("%s was not healthy before, so its health was not waited for.", c.Name))
			return true
		}
	}
	return false
}

func (b *rebuild) awaitHealthy(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	err := b.engine.WaitHealthy(limited, ids, func(name, health string) {
		b.moved.Store(time.Now().Unix())
		b.log.printf("%s: %s.", name, health)
	})
	var sick *docker.UnhealthyError
	if errors.As(err, &sick) && ctx.Err() == nil {
		return b.unhealthy(ctx, sick)
	}
	return err
}

// unhealthy is the failure that a container which did not come up makes. What it said last goes into pages and logs, so
// the values of its environment are taken out.
func (b *rebuild) unhealthy(ctx context.Context, e *docker.UnhealthyError) error {
	message := e.Error()
	if len(e.LogTail) > 0 {
		if words, ok := b.scrubbed(ctx, e); ok {
			message += "; its last words: " + words
		}
	}
	return failure{
		cause: model.CauseUnhealthy, message: strings.ToUpper(message[:1]) + message[1:] + ".", err: e,
		mend: "Look at the container's log. To bring the data back without starting the app, restore with “leave stopped”.",
	}
}

// scrubbed are a container's last words without its environment; where that is not known, there are none.
func (b *rebuild) scrubbed(ctx context.Context, e *docker.UnhealthyError) (string, bool) {
	all, err := b.engine.Projects(context.WithoutCancel(ctx), b.files)
	if err != nil {
		return "", false
	}
	for _, p := range all {
		for _, c := range p.Containers {
			if c.Name == e.Container {
				return scrub(strings.Join(e.LogTail, " / "), c.Env), true
			}
		}
	}
	return "", false
}

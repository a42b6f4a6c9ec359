package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"keepstead/docker"
	"keepstead/model"
)

// stopAll stops what must not run while its data is replaced. What that is, is looked up anew: since the first look
// hours may have gone into saving the present state.
func (b *rebuild) stopAll(ctx context.Context) (string, error) {
	now, err := b.lookAgain(ctx)
	if err != nil {
		return "", err
	}
	if err := b.sameApp(now); err != nil {
		return "", err
	}
	known := len(now.obstacles)
	stop := now.toStop()
	if len(now.obstacles) > known {
		return "", fail(model.CauseTarget, "", "%s", strings.Join(now.obstacles[known:], " "))
	}
	for i, c := range now.here.Containers { // the safety snapshot may have started it anew since it was found unhealthy
		if slices.ContainsFunc(b.here.Containers, func(o docker.Container) bool { return o.ID == c.ID && o.Health == "unhealthy" }) {
			now.here.Containers[i].Health = "unhealthy"
		}
	}
	b.all, b.here, b.stop = now.all, now.here, nil
	for _, c := range stop {
		s, err := b.engine.State(ctx, c.ID)
		if errors.Is(err, model.ErrNotFound) || err == nil && !s.Running {
			continue // somebody stopped it meanwhile, so it is not started again
		}
		if err != nil {
			return "", engineFailure(err, "%s cannot be looked at.", c.Name)
		}
		b.stop = append(b.stop, c)
		if err := b.note(ctx, model.UndoStart, c.ID, c.Name, ""); err != nil {
			return "", err
		}
		b.phase("stopping", fmt.Sprintf("Stopping %s.", c.Name))
		if err := b.engine.Stop(ctx, c.ID); err != nil {
			return "", engineFailure(err, "%s could not be stopped.", c.Name)
		}
	}
	if len(b.stop) == 0 {
		return "Nothing that uses it runs.", nil
	}
	return containerNames(b.stop) + ".", nil
}

// lookAgain is the survey with the containers as they are now.
func (b *rebuild) lookAgain(ctx context.Context) (*survey, error) {
	now := *b.survey
	var err error
	if now.all, err = b.engine.Projects(ctx, b.files); err != nil {
		return nil, engineFailure(err, "The containers cannot be read.")
	}
	now.here = docker.Project{}
	for _, p := range now.all {
		if p.Key == b.key {
			now.here = p
		}
	}
	now.obstacles = slices.Clone(b.obstacles)
	return &now, nil
}

// sameApp refuses when containers that the restore counts on were removed or made anew since it looked first.
func (b *rebuild) sameApp(now *survey) error {
	changed := func(name string) error {
		return fail(model.CauseTarget, "Restore again.", "The container %s was removed or made anew while the restore prepared itself.", name)
	}
	for _, old := range b.replace {
		if !slices.ContainsFunc(now.here.Containers, func(c docker.Container) bool { return c.ID == old.ID && c.Name == old.Name }) {
			return changed(old.Name)
		}
	}
	if b.want.Mode != model.AppInPlace {
		return nil
	}
	for _, s := range lacking(b.manifest.Specs, now.here.Containers) {
		if !slices.ContainsFunc(b.create, func(o model.ContainerSpec) bool { return o.Name == s.Name }) {
			return changed(s.Name)
		}
	}
	return nil
}

func containerNames(all []docker.Container) string {
	var out []string
	for _, c := range all {
		out = append(out, c.Name)
	}
	return strings.Join(out, ", ")
}

// createMissing makes networks, volumes and containers that are not there.
func (b *rebuild) createMissing(ctx context.Context) (string, error) {
	var made []string
	for _, n := range b.networks {
		if err := b.makeNetwork(ctx, n); err != nil {
			return "", err
		}
		made = append(made, "network "+n.Name)
	}
	for _, v := range b.volumes {
		if err := b.makeVolume(ctx, v); err != nil { // some were made when their files came back
			return "", err
		}
		made = append(made, "volume "+v.Name)
	}
	specs, err := docker.Sorted(b.create)
	if err != nil {
		return "", fail(model.CauseTarget, "Start the app from its compose files, then restore its volumes and databases.", "The containers cannot be made: %v.", err)
	}
	for _, s := range specs {
		if old, anew := b.replace[s.Name]; anew {
			if err := b.renameAway(ctx, old); err != nil {
				return "", err
			}
		}
		if err := b.makeContainer(ctx, s); err != nil {
			return "", err
		}
		made = append(made, "container "+s.Name)
	}
	return strings.Join(made, ", ") + ".", nil
}

func (b *rebuild) makeNetwork(ctx context.Context, n model.ContentNetwork) error {
	there, err := b.engine.HasNetwork(ctx, n.Name)
	if err != nil {
		return engineFailure(err, "The network %s cannot be looked at.", n.Name)
	}
	if there {
		return nil
	}
	if err := b.note(ctx, model.UndoRemoveNetwork, n.Name, n.Name, ""); err != nil {
		return err
	}
	if _, err := b.engine.EnsureNetwork(ctx, n); err != nil {
		return engineFailure(err, "The network %s could not be made.", n.Name)
	}
	return nil
}

// renameAway gives a container another name, under which it waits to be removed when all has succeeded.
func (b *rebuild) renameAway(ctx context.Context, c docker.Container) error {
	if err := b.note(ctx, model.UndoRename, c.ID, c.Name, ""); err != nil {
		return err
	}
	id := b.job.ID.String()
	if err := b.engine.Rename(ctx, c.ID, c.Name+"-before-"+id[len(id)-8:]); err != nil {
		return engineFailure(err, "The container %s could not be set aside.", c.Name)
	}
	return nil
}

// makeContainer makes a container. Its row names it, because its id is known only afterwards; so it must not be there.
func (b *rebuild) makeContainer(ctx context.Context, s model.ContainerSpec) error {
	if _, err := b.engine.State(ctx, s.Name); err == nil {
		return fail(model.CauseTarget, "Rename or remove it, then restore again.", "A container named %s is there by now.", s.Name)
	} else if !errors.Is(err, model.ErrNotFound) {
		return engineFailure(err, "The container %s cannot be looked at.", s.Name)
	}
	if err := b.note(ctx, model.UndoRemoveContainer, s.Name, s.Name, ""); err != nil {
		return err
	}
	b.phase("creating", fmt.Sprintf("Making the container %s.", s.Name))
	if _, err := b.engine.Create(ctx, s); err != nil {
		return engineFailure(err, "The container %s could not be made.", s.Name)
	}
	return nil
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"keepstead/docker"
	"keepstead/model"
)

// stopAll stops what must not run while its data is replaced.
func (b *rebuild) stopAll(ctx context.Context) (string, error) {
	for _, c := range b.stop {
		if err := b.note(ctx, model.UndoStart, c.ID, c.Name, ""); err != nil {
			return "", err
		}
		b.phase("stopping", fmt.Sprintf("Stopping %s.", c.Name))
		if err := b.engine.Stop(ctx, c.ID); err != nil {
			return "", engineFailure(err, "%s could not be stopped.", c.Name)
		}
	}
	return containerNames(b.stop) + ".", nil
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

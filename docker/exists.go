package docker

import (
	"context"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// Volume returns where the host keeps a volume, and the driver's options; model.ErrNotFound when there is no such volume.
func (e *Engine) Volume(ctx context.Context, name string) (mountpoint string, options map[string]string, err error) {
	ctx, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	have, err := e.api.VolumeInspect(ctx, name, client.VolumeInspectOptions{})
	if err != nil {
		return "", nil, e.explain(ctx, "look at volume "+name, err)
	}
	return have.Volume.Mountpoint, have.Volume.Options, nil
}

// HasNetwork says whether there is a network of that name.
func (e *Engine) HasNetwork(ctx context.Context, name string) (bool, error) {
	if predefined(name) {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	have, err := e.api.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, e.explain(ctx, "look at network "+name, err)
	}
	return have.Network.Name == name, nil // the engine also answers to the beginning of an id
}

// Rename gives a container another name. One that has it already is left as it is.
func (e *Engine) Rename(ctx context.Context, id, name string) error {
	in, err := e.details(ctx, id)
	if err != nil {
		return err
	}
	if strings.TrimPrefix(in.Name, "/") == name {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	if _, err := e.api.ContainerRename(ctx, id, client.ContainerRenameOptions{NewName: name}); err != nil {
		return e.explain(ctx, "rename container "+strings.TrimPrefix(in.Name, "/"), err)
	}
	return nil
}

// SystemPath says that a path of the host belongs to the machine and not to an app.
func SystemPath(p string) bool { return systemPath(p).role != "" || engineFolder(p, "").role != "" }

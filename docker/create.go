package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"keepstead/model"
)

// removed makes the absence of what was to be removed a success.
func (e *Engine) removed(ctx context.Context, what string, err error) error {
	if err == nil || cerrdefs.IsNotFound(err) {
		return nil
	}
	return e.explain(ctx, what, err)
}

// Create makes a container from its spec, stopped. Its volumes, its networks and the containers it refers to must be
// there. The labels of docker compose stay, so that compose takes it for its own. An image that lost its name is used by
// its id. The name being taken is a model.Conflict, the image being absent a model.ErrNotFound.
func (e *Engine) Create(ctx context.Context, spec model.ContainerSpec) (string, error) {
	p, err := unpack(spec)
	if err != nil {
		return "", err
	}
	image, err := e.Image(ctx, ImageRef{Name: p.config.Image, ID: spec.ImageID})
	if err != nil {
		return "", err
	}
	if image.Use == "" {
		return "", fmt.Errorf("create container %s: its image %s is not on this machine: %w", spec.Name, p.config.Image, model.ErrNotFound)
	}
	p.config.Image = image.Use
	if len(p.config.Entrypoint) == 0 && len(p.config.Cmd) > 0 {
		p.config.Entrypoint = []string{""} // none, in spite of one in the image
	}
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	first, rest := p.endpoints()
	made, err := e.api.ContainerCreate(limited, client.ContainerCreateOptions{
		Name: spec.Name, Config: p.config, HostConfig: p.host, NetworkingConfig: first,
	})
	switch {
	case cerrdefs.IsConflict(err):
		return "", fmt.Errorf("create container %s: %w", spec.Name, errors.Join(model.Conflict{Reason: fmt.Sprintf("A container named %s is there already.", spec.Name)}, err))
	case err != nil:
		return "", e.explain(ctx, "create container "+spec.Name, err)
	}
	for _, name := range sortedKeys(rest) {
		opts := client.NetworkConnectOptions{Container: made.ID, EndpointConfig: rest[name]}
		if _, err := e.api.NetworkConnect(limited, name, opts); err != nil {
			err = e.explain(ctx, fmt.Sprintf("connect container %s to the network %s", spec.Name, name), err)
			return "", errors.Join(err, e.RemoveContainer(context.WithoutCancel(ctx), made.ID))
		}
	}
	return made.ID, nil
}

// endpoints splits the networks into the one that the container is made with and those it is connected to afterwards:
// engines before 25 take only one at the creation.
func (p parts) endpoints() (*network.NetworkingConfig, map[string]*network.EndpointSettings) {
	mode := p.host.NetworkMode
	if mode.IsHost() || mode.IsNone() || mode.IsContainer() {
		return nil, nil
	}
	main := string(mode)
	if mode.IsDefault() || main == "" {
		main = network.NetworkBridge
	}
	rest := map[string]*network.EndpointSettings{}
	first := map[string]*network.EndpointSettings{}
	for name, end := range p.networks {
		if name == main {
			first[name] = end
		} else {
			rest[name] = end
		}
	}
	return &network.NetworkingConfig{EndpointsConfig: first}, rest
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

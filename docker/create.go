package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errhttp"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/versions"

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
	first, rest := p.endpoints()
	// Old engines fall over a network that is not there.
	for _, name := range sortedKeys(rest) {
		if there, err := e.HasNetwork(ctx, name); err != nil {
			return "", err
		} else if !there {
			return "", fmt.Errorf("create container %s: its network %s is not on this machine: %w", spec.Name, name, model.ErrNotFound)
		}
	}
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	id, err := e.create(limited, client.ContainerCreateOptions{
		Name: spec.Name, Config: p.config, HostConfig: p.host, NetworkingConfig: first,
	})
	switch {
	case cerrdefs.IsConflict(err):
		return "", model.Conflict{Reason: fmt.Sprintf("A container named %s is there already.", spec.Name)}
	case err != nil:
		return "", e.explain(ctx, "create container "+spec.Name, err)
	}
	for _, name := range sortedKeys(rest) {
		opts := client.NetworkConnectOptions{Container: id, EndpointConfig: rest[name]}
		if _, err := e.api.NetworkConnect(limited, name, opts); err != nil {
			err = e.explain(ctx, fmt.Sprintf("connect container %s to the network %s", spec.Name, name), err)
			return "", errors.Join(err, e.RemoveContainer(context.WithoutCancel(ctx), id))
		}
	}
	return id, nil
}

// endpointMAC is the version of the API that takes a hardware address for each network. Before, a container had one, in
// a field that the client no longer knows.
const endpointMAC = "1.44"

func (e *Engine) create(ctx context.Context, opts client.ContainerCreateOptions) (string, error) {
	var mac network.HardwareAddr
	if opts.NetworkingConfig != nil {
		for _, end := range opts.NetworkingConfig.EndpointsConfig {
			mac = end.MacAddress
		}
	}
	if len(mac) > 0 && versions.LessThan(e.api.ClientVersion(), endpointMAC) {
		return e.createWithMAC(ctx, opts, mac)
	}
	made, err := e.api.ContainerCreate(ctx, opts)
	return made.ID, err
}

// createWithMAC is create for old engines.
func (e *Engine) createWithMAC(ctx context.Context, opts client.ContainerCreateOptions, mac network.HardwareAddr) (string, error) {
	type config struct {
		*container.Config
		MacAddress network.HardwareAddr
		HostConfig *container.HostConfig
		Networks   *network.NetworkingConfig `json:"NetworkingConfig"`
	}
	body, err := json.Marshal(config{opts.Config, mac, opts.HostConfig, opts.NetworkingConfig})
	if err != nil {
		return "", err
	}
	at := fmt.Sprintf("http://docker/v%s/containers/create?name=%s", e.api.ClientVersion(), url.QueryEscape(opts.Name))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return e.dial(ctx) }}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }() // only read
	var answer struct {
		ID      string `json:"Id"`
		Message string `json:"message"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&answer); err != nil {
		return "", fmt.Errorf("read the engine's answer: %w", err)
	}
	if res.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("%w: %s", errhttp.ToNative(res.StatusCode), answer.Message)
	}
	return answer.ID, nil
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

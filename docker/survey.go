package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/volume"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
)

const (
	composeOneOff  = "com.docker.compose.oneoff"
	composeDepends = "com.docker.compose.depends_on"

	// maxName is the longest name, in characters, that a label may give to a project or a service.
	maxName = 200
	// volumeWait is how long the engine may take to list its volumes, which it does at once unless a driver is away.
	volumeWait = 2 * time.Second
)

// survey is what the engine has, as its lists say it.
type survey struct {
	containers []container.Summary // those that belong to an app
	volumes    map[string]volume.Volume
	networks   map[string]network.Network // by name
	// users are the apps that mount a path of the host or a volume, by its place on the host.
	users map[string][]Key
	// places are the folders of the host that containers see under other names.
	places []place
}

// survey asks the engine for its lists.
func (e *Engine) survey(ctx context.Context) (survey, error) {
	s := survey{volumes: map[string]volume.Volume{}, networks: map[string]network.Network{}, users: map[string][]Key{}}
	var containers client.ContainerListResult
	var volumes []volume.Volume
	var networks client.NetworkListResult
	group, within := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		containers, err = e.api.ContainerList(within, client.ContainerListOptions{All: true})
		return wrap("list containers", err)
	})
	group.Go(func() (err error) {
		volumes, err = e.volumes(within)
		return err
	})
	group.Go(func() (err error) {
		networks, err = e.api.NetworkList(within, client.NetworkListOptions{})
		return wrap("list networks", err)
	})
	if err := group.Wait(); err != nil {
		return s, err
	}
	for _, v := range volumes {
		s.volumes[v.Name] = v
	}
	for _, n := range networks.Items {
		s.networks[n.Name] = n.Network
	}
	for _, c := range containers.Items {
		for _, m := range c.Mounts {
			if p := (place{host: m.Source, inside: m.Destination}); m.Source != "" && m.Source != m.Destination && !slices.Contains(s.places, p) {
				s.places = append(s.places, p)
			}
		}
		if !ours(c.Labels) {
			continue
		}
		s.containers = append(s.containers, c)
		for _, m := range c.Mounts {
			if key := keyOf(c.Names, c.Labels); m.Source != "" && !slices.Contains(s.users[m.Source], key) {
				s.users[m.Source] = append(s.users[m.Source], key)
			}
		}
	}
	return s, nil
}

// volumes lists the volumes. The engine waits long for a driver that is away; then those that containers use are asked
// for one by one, but for those of such drivers, of which what the containers say must do.
func (e *Engine) volumes(ctx context.Context) ([]volume.Volume, error) {
	short, cancel := context.WithTimeout(ctx, volumeWait)
	defer cancel()
	all, err := e.api.VolumeList(short, client.VolumeListOptions{})
	if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return all.Items, wrap("list volumes", err)
	}
	containers, err := e.api.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return nil, wrap("list containers", err)
	}
	names := map[string]bool{}
	for _, c := range containers.Items {
		for _, m := range c.Mounts {
			if m.Type == mount.TypeVolume && m.Driver == "local" {
				names[m.Name] = true
			}
		}
	}
	var mu sync.Mutex
	var out []volume.Volume
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for name := range names {
		group.Go(func() error {
			v, err := e.api.VolumeInspect(within, name, client.VolumeInspectOptions{})
			if err != nil {
				return within.Err() // it is gone
			}
			mu.Lock()
			defer mu.Unlock()
			out = append(out, v.Volume)
			return nil
		})
	}
	return out, group.Wait()
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// ours says that a container belongs to an app of this device: not to a swarm, and not to a command that
// `docker compose run` began.
func ours(labels map[string]string) bool {
	return labels["com.docker.swarm.task.id"] == "" && labels["com.docker.swarm.service.id"] == "" &&
		!strings.EqualFold(labels[composeOneOff], "true")
}

// keyOf is the app that a container belongs to.
func keyOf(names []string, labels map[string]string) Key {
	if project := labels[composeProject]; usable(project) {
		return Key{Project: project}
	}
	return Key{Container: nameOf(names)}
}

// nameOf is a container's own name; further ones, such as /other/alias, come from links.
func nameOf(names []string) string {
	for _, n := range names {
		if n = strings.TrimPrefix(n, "/"); !strings.Contains(n, "/") {
			return n
		}
	}
	return ""
}

// inspectAll asks for everything about the containers, in their order. One that has gone meanwhile is left out.
func (e *Engine) inspectAll(ctx context.Context, list []container.Summary) ([]client.ContainerInspectResult, error) {
	got := make([]client.ContainerInspectResult, len(list))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, c := range list {
		group.Go(func() error {
			in, err := e.api.ContainerInspect(ctx, c.ID, client.ContainerInspectOptions{})
			if cerrdefs.IsNotFound(err) || err != nil && c.State == container.StateRemoving {
				return nil
			}
			got[i] = in
			return wrap("inspect container "+nameOf(c.Names), err)
		})
	}
	err := group.Wait()
	return slices.DeleteFunc(got, func(c client.ContainerInspectResult) bool { return c.Container.ID == "" }), err
}

// digests asks for the digests of the images that containers were made from, by image id.
func (e *Engine) digests(ctx context.Context, list []client.ContainerInspectResult) (map[string][]string, error) {
	out := map[string][]string{}
	for _, c := range list {
		out[c.Container.Image] = nil
	}
	var mu sync.Mutex
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for id := range maps.Clone(out) {
		group.Go(func() error {
			image, err := e.api.ImageInspect(within, id)
			if err != nil {
				return within.Err() // a container outlives its image when that was removed by force
			}
			mu.Lock()
			defer mu.Unlock()
			out[id] = image.RepoDigests
			return nil
		})
	}
	return out, group.Wait()
}

// digestOf chooses, of an image's digests, the one of the repository that the container asked for.
func digestOf(image string, digests []string) string {
	if len(digests) == 0 {
		return ""
	}
	if ref, err := reference.ParseDockerRef(image); err == nil {
		for _, d := range digests {
			if other, err := reference.ParseDockerRef(d); err == nil && other.Name() == ref.Name() {
				return d
			}
		}
	}
	return slices.Min(digests)
}

// usable says that a name from a label can stand for something: it has no control characters and an end.
func usable(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= maxName && !strings.ContainsFunc(name, unicode.IsControl)
}

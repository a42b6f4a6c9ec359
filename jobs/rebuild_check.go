package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

// checkUndone refuses while what an earlier job did here is still to be taken back: that would undo this restore too.
func (v *survey) checkUndone(ctx context.Context, m *Manager) error {
	rows, err := m.Store.Undos(ctx, uuid.Nil)
	if err != nil {
		return err
	}
	for _, u := range rows {
		if u.Action == model.UndoDropAside || u.DeviceID != v.device {
			continue
		}
		if slices.ContainsFunc(v.here.Containers, func(c docker.Container) bool { return c.ID == u.Target }) ||
			slices.ContainsFunc(v.targets, func(t target) bool { return t.to != "" && t.to == u.Target }) {
			v.obstacles = append(v.obstacles, fmt.Sprintf(
				"What an earlier job did to %s is still to be put back, which is tried every minute. Try again later, or look at Keepstead's log.", u.Name))
			return nil
		}
	}
	return nil
}

// checkServers makes sure that each database to import has, or gets, a container.
func (v *survey) checkServers() {
	for _, s := range v.imports {
		has := func(service string) bool { return service == s.service }
		running := slices.ContainsFunc(v.here.Containers, func(c docker.Container) bool { return has(c.Service) && c.Running && !c.Paused })
		there := slices.ContainsFunc(v.here.Containers, func(c docker.Container) bool { return has(c.Service) }) ||
			slices.ContainsFunc(v.create, func(c model.ContainerSpec) bool { return has(c.Service) })
		switch {
		case !there:
			v.obstacles = append(v.obstacles, fmt.Sprintf("The service %q has no container now. Restore the whole app in place instead.", s.service))
		case s.online && !running:
			v.obstacles = append(v.obstacles, fmt.Sprintf("The database server %q does not run. Start it, or restore all of its databases.", s.service))
		}
	}
}

// checkImages looks for the images of the containers that are to be made.
func (v *survey) checkImages(ctx context.Context) error {
	for _, s := range v.create {
		ref := docker.ImageRef{Name: specImage(s), ID: s.ImageID}
		for _, c := range v.manifest.Services {
			if c.Name == s.Service {
				ref.Digest = c.Digest
			}
		}
		if slices.ContainsFunc(v.images, func(i image) bool { return i.ref == ref }) {
			continue
		}
		found, err := v.engine.Image(ctx, ref)
		if err != nil {
			return engineFailure(err, "The image %s cannot be looked for.", ref.Name)
		}
		v.images = append(v.images, image{ref, found})
		if found.Use == "" && strings.HasPrefix(ref.Name, "sha256:") && ref.Digest == "" {
			v.obstacles = append(v.obstacles, fmt.Sprintf("The image of %s is not here and has no name in any registry. Load or build it again, then restore.", s.Service))
		}
	}
	return nil
}

func specImage(s model.ContainerSpec) string {
	var config struct{ Image string }
	if json.Unmarshal(s.Config, &config) != nil {
		return ""
	}
	return config.Image
}

// checkRoom compares what comes back with the space there is: what is replaced stays beside it until the end.
func (v *survey) checkRoom(ctx context.Context) error {
	info, err := v.engine.Info(ctx)
	if err != nil {
		return engineFailure(err, "Docker does not say where it keeps volumes.")
	}
	volumes, _ := v.engine.HostPath(path.Join(info.RootDir, "volumes"))
	need := map[string]int64{} // by file system
	places := map[string]string{}
	for _, t := range v.targets {
		at := t.to
		if at == "" {
			at = volumes // it is made there
		}
		if at == "" || t.from == "" {
			continue
		}
		dev := device.FileSystem(v.files, at)
		need[dev] += t.volume.Bytes
		places[dev] = at
	}
	for dev, n := range need {
		free, err := v.files.Space(places[dev])
		if err != nil {
			continue
		}
		if len(need) == 1 && v.want.Mode != model.AppParts {
			n = max(n, v.snapshot.TotalSize)
		}
		if n > free {
			v.obstacles = append(v.obstacles, fmt.Sprintf(
				"There is not enough space at %s: %s are needed beside what is there, %s are free.", places[dev], size(n), size(free)))
		}
	}
	return nil
}

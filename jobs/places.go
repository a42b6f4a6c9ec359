package jobs

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"keepstead/model"
)

// checkPlace refuses a place inside another destination, and a folder that Keepstead works in or that lies around it.
func (m *Manager) checkPlace(ctx context.Context, d model.Destination) error {
	here, err := m.onThisMachine(ctx, d)
	if err != nil {
		return err
	}
	if here {
		switch {
		case model.Within(m.Dir, d.LocalPath):
			return model.Invalid{Field: "path", Reason: "Keepstead's own data folder lies in there; choose another folder."}
		case slices.ContainsFunc(workFolders, func(name string) bool { return model.Within(d.LocalPath, path.Join(m.Dir, name)) }):
			return model.Invalid{Field: "path", Reason: "Keepstead works in this folder and clears it; choose another one."}
		}
	}
	all, err := m.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != d.ID && other.Type == d.Type && other.LocalDeviceID == d.LocalDeviceID && strings.HasPrefix(d.Place(), other.Place()+"/") {
			return model.Invalid{Field: innerField(d), Reason: fmt.Sprintf("This is inside the repository of the destination %q; choose a place beside it.", other.Name)}
		}
	}
	return nil
}

// onThisMachine says whether d is a folder of the machine that Keepstead runs on.
func (m *Manager) onThisMachine(ctx context.Context, d model.Destination) (bool, error) {
	if d.Type != model.DestinationLocal {
		return false, nil
	}
	on, err := m.Store.Device(ctx, d.LocalDeviceID)
	return on.Kind != model.DeviceSSH, err
}

// innerField is the field that says where inside its storage a destination is.
func innerField(d model.Destination) string {
	if d.Type == model.DestinationS3 {
		return "prefix"
	}
	return placeField(d)
}

// checkReal refuses a folder that is reached through a symbolic link: the same place under two names would escape the
// rules that compare places, and a backup could take its own repository in.
func (m *Manager) checkReal(ctx context.Context, d model.Destination) error {
	if d.Type != model.DestinationLocal {
		return nil
	}
	host, done, err := m.placeHost(ctx, d, model.DestinationSecrets{})
	if err != nil {
		return err
	}
	defer done()
	files, err := host.Files()
	if err != nil {
		return err
	}
	real, err := files.Resolve(d.LocalPath)
	if err != nil {
		return model.Invalid{Field: "path", Reason: fmt.Sprintf("%s cannot be reached: %v.", d.LocalPath, err)}
	}
	if real != path.Clean(d.LocalPath) {
		return model.Invalid{Field: "path", Reason: fmt.Sprintf("%s is reached through a symbolic link; give the real path %s.", d.LocalPath, real)}
	}
	return nil
}

// checkAlone refuses a repository that another destination holds already, reached under another name: two would prune
// it at once.
func (m *Manager) checkAlone(ctx context.Context, d model.Destination) error {
	all, err := m.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != d.ID && other.RepoID == d.RepoID {
			return model.Conflict{Field: placeField(d), Reason: fmt.Sprintf("This is the repository of the destination %q, reached another way.", other.Name)}
		}
	}
	return nil
}

// checkTarget refuses a restore into Keepstead's own data or into a repository.
func (m *Manager) checkTarget(ctx context.Context, real string) error {
	if model.Within(real, m.Dir) {
		return model.Invalid{Field: "target_path", Reason: "This is inside Keepstead's own data folder; choose another one."}
	}
	all, err := m.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Type == model.DestinationLocal && model.Within(real, d.LocalPath) {
			return model.Invalid{Field: "target_path", Reason: fmt.Sprintf("This is inside the repository of the destination %q; choose another folder.", d.Name)}
		}
	}
	return nil
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"

	"keepstead/docker"
	"keepstead/model"
	"keepstead/restic"
)

// planCopy fills in what a new project beside the old one would be: everything gets a name and a place of its own.
func (v *survey) planCopy(ctx context.Context, m *Manager) error {
	remap := docker.Remap{
		From: v.manifest.Project, To: v.want.Project, Folder: path.Clean(v.want.Folder), Isolated: v.want.Isolated,
		Binds: map[string]string{}, Containers: []string{},
	}
	for _, s := range v.manifest.Specs {
		remap.Containers = append(remap.Containers, s.Name)
	}
	if err := v.copyFolder(ctx, m, remap.Folder); err != nil {
		return err
	}
	v.copyTargets(&remap)
	var err error
	if v.networks, err = remap.AllNetworks(v.manifest.Networks, v.manifest.Specs); err != nil {
		return fmt.Errorf("name the new networks: %w", err)
	}
	if err := v.copyPorts(ctx, &remap); err != nil {
		return err
	}
	v.create = slices.Clone(v.manifest.Specs)
	if err := v.fillEnv(); err != nil {
		return err
	}
	for i, s := range v.create {
		if usesHostNetwork(s) && len(v.here.Containers) > 0 {
			v.obstacles = append(v.obstacles, fmt.Sprintf("%s uses the host's own network, so a second one beside it cannot have ports of its own.", s.Service))
		}
		made, err := remap.Spec(s)
		if err != nil {
			return fmt.Errorf("rename container %s: %w", s.Name, err)
		}
		v.create[i] = made
	}
	v.remap = remap
	if err := v.checkRoom(ctx); err != nil {
		return err
	}
	if err := v.checkImages(ctx); err != nil {
		return err
	}
	return v.namesFree(ctx)
}

// copyFolder checks the folder of the new project.
func (v *survey) copyFolder(ctx context.Context, m *Manager, folder string) error {
	at, ok := v.engine.HostPath(folder)
	if !ok {
		v.obstacles = append(v.obstacles, fmt.Sprintf("Keepstead's container does not see %s. Add the volume %s:%s to it, or choose another folder.", folder, path.Dir(folder), path.Dir(folder)))
		return nil
	}
	real, err := v.files.Resolve(at)
	if err != nil {
		v.obstacles = append(v.obstacles, fmt.Sprintf("%s cannot be reached: %v.", folder, err))
		return nil
	}
	on, err := m.machine(ctx, v.device)
	if err != nil {
		return err
	}
	for _, check := range []error{m.checkTarget(ctx, on, real), canWrite(v.files, path.Dir(real))} {
		if refused := model.Refused(check); len(refused) > 0 {
			v.obstacles = append(v.obstacles, refused[0].Reason)
		} else if check != nil {
			return check
		}
	}
	entries, err := v.files.ReadDir(real)
	if err == nil && len(entries) > 0 {
		v.obstacles = append(v.obstacles, fmt.Sprintf("%s is not empty. Choose another folder.", folder))
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.obstacles = append(v.obstacles, fmt.Sprintf("%s is no folder that can be used.", folder))
	}
	v.folder = real
	return nil
}

// copyTargets gives each volume and each bind mount that holds data a new place. What the snapshot does not hold begins
// empty: the copy must not write into what is the old project's.
func (v *survey) copyTargets(remap *docker.Remap) {
	var targets []target
	for n, vol := range v.manifest.Volumes {
		t, comes := targetOf(v.targets, vol)
		switch {
		case vol.Kind == model.MountVolume:
			t.volume = remap.Volume(vol)
			v.volumes = append(v.volumes, t.volume)
		case comes || ownData(vol):
			dir := strconv.Itoa(n+1) + "-" + path.Base(vol.Source)
			remap.Binds[vol.Source] = path.Join(remap.Folder, dir)
			t.volume, t.to = vol, path.Join(v.folder, dir)
			t.volume.Source = path.Join(remap.Folder, dir)
			if !comes {
				v.begins = append(v.begins, t)
			}
		}
		if comes && t.from != "" {
			targets = append(targets, t)
		} else if comes && vol.Kind == model.MountBind {
			v.begins = append(v.begins, t) // of a database
		}
	}
	v.targets = targets
}

func targetOf(targets []target, vol model.ContentVolume) (target, bool) {
	for _, t := range targets {
		if t.volume.Kind == vol.Kind && t.volume.Source == vol.Source && t.volume.Name == vol.Name {
			return t, true
		}
	}
	return target{}, false
}

// ownData says that a bind mount which is not in the snapshot is a folder that the app may write: the machine's own
// paths, such as its sockets and time zone, are the same for every app.
func ownData(v model.ContentVolume) bool {
	return v.Kind == model.MountBind && !v.ReadOnly && !docker.SystemPath(v.Source)
}

// namesFree makes sure that nothing has the names of the copy.
func (v *survey) namesFree(ctx context.Context) error {
	taken := func(what, name string) {
		v.obstacles = append(v.obstacles, fmt.Sprintf("There is a %s named %s already. Choose another name for the project.", what, name))
	}
	for _, p := range v.all {
		if p.Key.String() == v.want.Project {
			taken("project", v.want.Project)
			return nil
		}
	}
	for _, s := range v.create {
		if _, err := v.engine.State(ctx, s.Name); err == nil {
			taken("container", s.Name)
		} else if !errors.Is(err, model.ErrNotFound) {
			return engineFailure(err, "The container %s cannot be looked at.", s.Name)
		}
	}
	for _, vol := range v.volumes {
		if _, _, err := v.engine.Volume(ctx, vol.Name); err == nil {
			taken("volume", vol.Name)
		} else if !errors.Is(err, model.ErrNotFound) {
			return engineFailure(err, "The volume %s cannot be looked at.", vol.Name)
		}
	}
	for _, n := range v.networks {
		if there, err := v.engine.HasNetwork(ctx, n.Name); err != nil {
			return engineFailure(err, "The network %s cannot be looked at.", n.Name)
		} else if there {
			taken("network", n.Name)
		}
	}
	return nil
}

// copyKey is how the engine knows the copy.
func (v *survey) copyKey() docker.Key {
	return keyOf(model.App{Kind: v.manifest.Kind, Project: v.want.Project})
}

// copyActs make the copy, before its databases are filled.
func (b *rebuild) copyActs() []act {
	acts := b.pulls()
	acts = append(acts, act{"Make the folder " + b.remap.Folder, b.makeCopyFolder})
	acts = append(acts, b.dataActs()...)
	return append(acts,
		act{"Write the compose file", b.writeCompose},
		act{"Create networks, volumes and containers", b.createMissing},
	)
}

// makeCopyFolder makes the project's folder and, in it, those that begin empty.
func (b *rebuild) makeCopyFolder(ctx context.Context) (string, error) {
	if err := b.makeFolder(ctx, b.folder); err != nil {
		return "", err
	}
	switch entries, err := b.files.ReadDir(b.folder); {
	case err != nil:
		return "", fmt.Errorf("look into %s: %w", b.folder, err)
	case len(entries) > 0: // what is made there is removed again after a failure
		return "", fail(model.CauseTarget, "Choose another folder.", "%s is not empty any more.", b.remap.Folder)
	}
	for _, t := range b.begins {
		if err := b.makeFolder(ctx, t.to); err != nil {
			return "", err
		}
	}
	return "", nil
}

// writeCompose writes a compose file that describes the copy, and the old project's own files beside it.
func (b *rebuild) writeCompose(ctx context.Context) (string, error) {
	c := b.manifest.Contents
	c.Project, c.AppName, c.WorkingDir = b.want.Project, b.want.Project, b.remap.Folder
	c.Volumes, c.Networks = b.volumes, b.networks
	text, err := docker.Generate(c, b.create, true)
	if err != nil {
		return "", fmt.Errorf("write the compose file: %w", err)
	}
	if err := b.writeMade(ctx, docker.ComposeName, text); err != nil {
		return "", fmt.Errorf("write the compose file: %w", err)
	}
	// Without it compose would take the folder's name for the project's.
	env := "COMPOSE_PROJECT_NAME=" + b.want.Project + "\n"
	if err := b.writeMade(ctx, ".env", []byte(env)); err != nil {
		return "", fmt.Errorf("write the project's name: %w", err)
	}
	if len(b.manifest.Files) == 0 {
		return "", nil
	}
	original := path.Join(b.folder, "original")
	if err := b.note(ctx, model.UndoRemoveFolder, original, original, ""); err != nil {
		return "", err
	}
	if err := b.files.MkdirAll(original, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of the old files: %w", err)
	}
	for _, p := range b.manifest.Files {
		_, err := b.lay(ctx, restic.RestoreOptions{Subfolder: path.Dir(p), Includes: []string{"/" + path.Base(p)}, Target: original})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s, and the old project's %d %s in original.", docker.ComposeName, len(b.manifest.Files), plural(len(b.manifest.Files), "file", "files")), nil
}

// writeMade writes a file of the copy, which goes again after a failure: it may hold secrets.
func (b *rebuild) writeMade(ctx context.Context, name string, text []byte) error {
	at := path.Join(b.folder, name)
	if err := b.note(ctx, model.UndoRemoveFolder, at, at, ""); err != nil {
		return err
	}
	return b.files.WriteFile(at, text, 0o600)
}

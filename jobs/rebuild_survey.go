package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

// survey is what the restore of an app meets: what the snapshot holds, and what is on the machine.
type survey struct {
	want     model.AppRestore
	snapshot model.Snapshot
	app      model.App
	asFiles  bool // files go back in place, and nothing else of the app
	manifest model.Manifest
	engine   *docker.Engine
	device   uuid.UUID
	files    device.Files
	key      docker.Key
	all      []docker.Project // every app of the engine
	here     docker.Project   // the app as it is now; without containers where nothing is left of it
	choice
	create    []model.ContainerSpec       // containers that are to be made
	replace   map[string]docker.Container // by name: those that are made anew, because they were made otherwise
	volumes   []model.ContentVolume       // volumes that are to be made
	networks  []model.ContentNetwork
	images    []image
	stop      []docker.Container // what runs and must not, in the order of stopping
	ports     []model.PortPlan
	obstacles []string // why it cannot begin, each in a sentence
	// Of a copy: its names and places, its folder as Keepstead reaches it, and the folders in it that begin empty.
	remap  docker.Remap
	folder string
	begins []target
}

// image is what a container that is to be made needs.
type image struct {
	ref   docker.ImageRef
	found docker.ImageFound
}

// surveyApp reads the snapshot's manifest and looks at the machine. It changes nothing.
func (m *Manager) surveyApp(ctx context.Context, o opened, s model.Snapshot, want model.Restore) (*survey, error) {
	v := &survey{want: *want.App, snapshot: s, device: want.DeviceID}
	var err error
	if v.manifest, err = m.manifest(ctx, o, s); errors.Is(err, model.ErrNotFound) {
		return nil, model.Conflict{Reason: noManifest}
	} else if err != nil {
		return nil, err
	}
	if v.app, err = m.Store.App(ctx, s.AppID); err != nil && !errors.Is(err, model.ErrNotFound) {
		return nil, err
	}
	// Wherever the app was: what is saved before it is replaced, stopped and looked up is what the target has.
	moved := v.app.DeviceID != want.DeviceID
	v.app.DeviceID = want.DeviceID
	if v.files, err = m.files(ctx, want.DeviceID); err != nil {
		return nil, err
	}
	if v.engine, err = m.engine(ctx, want.DeviceID); err != nil {
		return nil, engineFailure(err, "Docker cannot be reached.")
	}
	if v.want.Mode == model.AppInPlace {
		v.manifest.Volumes = withExtras(v.manifest.Contents, s.Paths)
	}
	v.choice = choose(v.manifest, v.want)
	v.obstacles = append(v.obstacles, v.unknown...)
	if err := v.look(ctx); err != nil {
		return nil, err
	}
	if moved && v.app.Found != nil && v.want.Mode != model.AppCopy && len(v.here.Containers) > 0 {
		v.obstacles = append(v.obstacles, fmt.Sprintf(
			"There is a %q on this device already, which is another app. Restore as a new project, under another name.", v.key))
	}
	if v.want.Mode == model.AppCopy {
		return v, v.planCopy(ctx, m)
	}
	return v, v.planHere(ctx, m)
}

// look finds the app among everything that the engine has.
func (v *survey) look(ctx context.Context) error {
	v.key = keyOf(model.App{Kind: v.manifest.Kind, Project: v.manifest.Project})
	if err := v.readProjects(ctx); err != nil {
		return err
	}
	if now := keyOf(v.app); v.app.Containers() && v.app.Project != "" && now != v.key && v.want.Mode != model.AppCopy &&
		slices.ContainsFunc(v.all, func(p docker.Project) bool { return p.Key == now }) {
		v.obstacles = append(v.obstacles, fmt.Sprintf(
			"The snapshot is of %q, which is called %q now. Restore it as a new project, or its files to a folder.", v.key, now))
	}
	return nil
}

// readProjects reads everything that the engine has, and which of it is the app.
func (v *survey) readProjects(ctx context.Context) (err error) {
	if v.all, err = v.engine.Projects(ctx, v.files); err != nil {
		return engineFailure(err, "The containers cannot be read.")
	}
	for _, p := range v.all {
		if p.Key == v.key {
			v.here = p
		}
	}
	return nil
}

// planHere fills in what a restore where the app was would do.
func (v *survey) planHere(ctx context.Context, m *Manager) error {
	v.targets = nest(v.targets, v.manifest.Volumes)
	for i := range v.targets {
		if err := v.place(ctx, &v.targets[i]); err != nil {
			return err
		}
	}
	v.targets = withoutRaw(v.targets)
	if v.want.Mode == model.AppInPlace {
		v.create = lacking(v.manifest.Specs, v.here.Containers)
		v.replace = outdated(v.manifest.Specs, v.here.Containers, v.manifest.HasEnv)
		for _, s := range v.manifest.Specs {
			if _, anew := v.replace[s.Name]; anew {
				v.create = append(v.create, s)
			}
		}
		if err := v.lackingParts(ctx); err != nil {
			return err
		}
	}
	if err := v.fillEnv(); err != nil {
		return err
	}
	v.stop = v.toStop()
	v.checkServers()
	if v.want.SkipSafety && v.hasOnline() {
		v.obstacles = append(v.obstacles, onlineNeedsSafety)
	}
	if err := v.checkUndone(ctx, m); err != nil {
		return err
	}
	if err := v.checkRoom(ctx); err != nil {
		return err
	}
	if err := v.checkImages(ctx); err != nil {
		return err
	}
	return v.checkPorts(ctx)
}

// place finds where a target is now, as Keepstead reaches it.
func (v *survey) place(ctx context.Context, t *target) error {
	host := t.volume.Source
	if t.volume.Kind == model.MountVolume {
		at, options, err := v.engine.Volume(ctx, t.volume.Name)
		switch {
		case errors.Is(err, model.ErrNotFound):
			return nil // it is made on the way
		case err != nil:
			return engineFailure(err, "The volume %s cannot be looked at.", t.volume.Name)
		}
		if host = at; options["device"] != "" {
			if options["o"] == "" || !slices.Contains(strings.Split(options["o"], ","), "bind") {
				v.obstacles = append(v.obstacles, fmt.Sprintf(
					"The volume %s is mounted only while a container runs (%s), so nothing can be put there. Restore its files to a folder.", t.volume.Name, options["device"]))
				return nil
			}
			host = options["device"] // what is behind the volume's own folder only while a container runs
		}
	}
	at, ok := v.engine.HostPath(host)
	if !ok {
		v.obstacles = append(v.obstacles, fmt.Sprintf("Keepstead's container does not see %s. Add the volume %s:%s to it.", host, host, host))
		return nil
	}
	real, err := v.files.Resolve(at)
	if err != nil {
		v.obstacles = append(v.obstacles, fmt.Sprintf("%s cannot be reached: %v.", at, err))
		return nil
	}
	t.to = real
	_, err = v.files.Lstat(real)
	if t.there = err == nil; err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.obstacles = append(v.obstacles, fmt.Sprintf("%s cannot be reached: %v.", real, err))
	}
	if err := canWrite(v.files, path.Dir(real)); err != nil {
		v.obstacles = append(v.obstacles, model.Refused(err)[0].Reason)
	}
	return nil
}

// lacking returns the containers of a snapshot that are not there: those whose name nobody has, less the ones that stand
// for the same service under another name.
func lacking(specs []model.ContainerSpec, present []docker.Container) []model.ContainerSpec {
	taken := map[string]bool{}
	spare := map[string]int{}
	for _, c := range present {
		if slices.ContainsFunc(specs, func(s model.ContainerSpec) bool { return s.Name == c.Name }) {
			taken[c.Name] = true
		} else {
			spare[c.Service]++
		}
	}
	var out []model.ContainerSpec
	for _, s := range specs {
		switch {
		case taken[s.Name]:
		case spare[s.Service] > 0:
			spare[s.Service]--
		default:
			out = append(out, s)
		}
	}
	return out
}

// lackingParts finds which volumes and networks of the app are not there.
func (v *survey) lackingParts(ctx context.Context) error {
	for _, vol := range v.manifest.Volumes {
		if vol.Kind != model.MountVolume {
			continue
		}
		if _, _, err := v.engine.Volume(ctx, vol.Name); errors.Is(err, model.ErrNotFound) {
			v.volumes = append(v.volumes, vol)
		} else if err != nil {
			return engineFailure(err, "The volume %s cannot be looked at.", vol.Name)
		}
	}
	for _, n := range v.manifest.Networks {
		there, err := v.engine.HasNetwork(ctx, n.Name)
		if err != nil {
			return engineFailure(err, "The network %s cannot be looked at.", n.Name)
		}
		if !there {
			v.networks = append(v.networks, n)
		}
	}
	for _, s := range v.create {
		if _, anew := v.replace[s.Name]; anew {
			continue
		}
		if _, err := v.engine.State(ctx, s.Name); err == nil {
			v.obstacles = append(v.obstacles, fmt.Sprintf("A container named %s is there already, and belongs to something else. Rename or remove it.", s.Name))
		} else if !errors.Is(err, model.ErrNotFound) {
			return engineFailure(err, "The container %s cannot be looked at.", s.Name)
		}
	}
	return nil
}

// fillEnv completes containers of a snapshot without environment from others of the same service.
func (v *survey) fillEnv() error {
	if v.manifest.HasEnv {
		return nil
	}
	lost := map[string]bool{}
	for i, s := range v.create {
		env, ok := presentEnv(s.Service, v.here.Containers)
		if !ok {
			lost[s.Service] = true
			continue
		}
		var config map[string]json.RawMessage
		if err := json.Unmarshal(s.Config, &config); err != nil {
			return fmt.Errorf("read the description of container %s: %w", s.Name, err)
		}
		config["Env"] = env
		text, err := json.Marshal(config)
		if err != nil {
			return fmt.Errorf("write the description of container %s: %w", s.Name, err)
		}
		v.create[i].Config = text
	}
	for _, name := range sortedNames(lost) {
		v.obstacles = append(v.obstacles, fmt.Sprintf(
			"The environment of %s is not in this snapshot, so its container cannot be made. Start the app from its compose files, then restore again.", name))
	}
	return nil
}

// presentEnv is the environment of a service's container as it is now.
func presentEnv(service string, present []docker.Container) (json.RawMessage, bool) {
	for _, c := range present {
		var config map[string]json.RawMessage
		if c.Service == service && json.Unmarshal(c.Spec.Config, &config) == nil {
			if env, ok := config["Env"]; ok {
				return env, true
			}
			return json.RawMessage("null"), true
		}
	}
	return nil, false
}

func sortedNames(set map[string]bool) []string {
	var out []string
	for name := range set {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

// describe writes what is known of the app into the capture's manifest.
func (r *run) describe(ctx context.Context, p plan, c *capture, project docker.Project) {
	dev, err := r.Store.Device(ctx, p.app.DeviceID)
	if err != nil {
		c.doubts = append(c.doubts, fmt.Sprintf("The device could not be read: %v.", err))
	}
	m := &c.manifest
	m.Contents = model.Contents{
		Version: model.ManifestVersion, Keepstead: r.Version, TakenAt: r.now(),
		AppID: p.app.ID, ConfigurationID: p.configuration.ID, AppName: p.app.Name, Kind: p.app.Kind, Project: p.app.Project,
		DeviceID: dev.ID, DeviceName: dev.Name, WorkingDir: project.Found.WorkingDir, Staging: c.dir,
		HasEnv: p.configuration.BackupEnv, Networks: project.Networks,
	}
	if dev.Engine != nil {
		m.Engine = dev.Engine.Version
	}
	for _, s := range project.Found.Services {
		content := model.ContentService{
			Name: s.Name, Image: s.Image, Digest: s.Digest, Database: s.Database, Strategy: s.Strategy, Why: s.Why, DependsOn: s.DependsOn,
			Ports: s.Ports,
		}
		for _, ctr := range project.Containers {
			if ctr.Service == s.Name {
				content.ImageID = ctr.ImageID
			}
		}
		m.Services = append(m.Services, content)
	}
	for _, mount := range project.Found.Mounts {
		v := model.ContentVolume{FoundMount: mount}
		for _, known := range project.Volumes {
			if mount.Kind == model.MountVolume && known.Name == mount.Name {
				v.Options, v.Labels = known.Options, known.Labels
			}
		}
		m.Volumes = append(m.Volumes, v)
	}
	for _, ctr := range project.Containers {
		if !ctr.OneOff {
			m.Specs = append(m.Specs, ctr.Spec)
		}
	}
}

// stageApp writes the manifest, the resolved environment and, where the project has no readable compose file of its own,
// one made from its containers; and takes the project's own files as they are on the disk.
func (r *run) stageApp(files device.Files, p plan, c *capture, project docker.Project) error {
	m := &c.manifest
	if !p.configuration.BackupEnv {
		if err := forgetEnv(m.Specs); err != nil {
			return err
		}
	} else if err := c.stageEnv(files, project); err != nil {
		return err
	}
	own := r.composeFiles(files, p, c, project)
	if p.configuration.BackupCompose && (!own || project.Found.ComposeError != "") {
		text, err := docker.Generate(m.Contents, m.Specs, p.configuration.BackupEnv)
		if err != nil {
			return fmt.Errorf("make a compose file from the containers: %w", err)
		}
		m.Generated = path.Join(c.dir, "compose", "compose.yaml")
		if err := stageFile(files, m.Generated, text); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return stageFile(files, path.Join(c.dir, model.ManifestName), append(text, '\n'))
}

func stageFile(files device.Files, name string, text []byte) error {
	if err := files.MkdirAll(path.Dir(name), 0o700); err != nil {
		return fmt.Errorf("make a staging folder: %w", err)
	}
	if err := files.WriteFile(name, text, 0o600); err != nil {
		return fmt.Errorf("stage %s: %w", path.Base(name), err)
	}
	return nil
}

// composeFiles takes the project's own files and says whether a compose file is among them.
func (r *run) composeFiles(files device.Files, p plan, c *capture, project docker.Project) (own bool) {
	for _, f := range project.Compose {
		wanted := p.configuration.BackupCompose
		if f.Kind == docker.FileEnv {
			wanted = p.configuration.BackupEnv
		}
		switch _, err := files.Stat(f.Path); {
		case !wanted && f.Path != "": // it may lie in a bind mount
			c.leave(f.Path)
		case !wanted:
		case f.Path == "":
			c.missing = append(c.missing, f.Source+" (Keepstead cannot see it; mount its folder into Keepstead's container)")
		case err != nil:
			r.log.printf("Not there: %s (%s).", f.Source, reason(err))
		default:
			c.reach(f.Path)
			c.manifest.Files = append(c.manifest.Files, f.Path)
			own = own || f.Kind == docker.FileCompose
		}
	}
	return own
}

// stageEnv writes the environment of each service as it was resolved.
func (c *capture) stageEnv(files device.Files, project docker.Project) error {
	done := map[string]bool{}
	for _, ctr := range project.Containers {
		if done[ctr.Service] || len(ctr.Env) == 0 {
			continue
		}
		done[ctr.Service] = true
		if err := stageFile(files, path.Join(c.dir, "env", fileName(ctr.Service)+".env"), dotenvText(ctr.Env)); err != nil {
			return err
		}
	}
	return nil
}

// dotenvText writes variables in the form that compose reads, sorted, each value in double quotes.
func dotenvText(env map[string]string) []byte {
	var keys []string
	for k := range env {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "$", `\$`)
	var out bytes.Buffer
	for _, k := range keys {
		fmt.Fprintf(&out, "%s=\"%s\"\n", k, quote.Replace(env[k]))
	}
	return out.Bytes()
}

// forgetEnv takes the environment out of the descriptions of containers.
func forgetEnv(specs []model.ContainerSpec) error {
	for i, s := range specs {
		var config map[string]json.RawMessage
		if err := json.Unmarshal(s.Config, &config); err != nil {
			return fmt.Errorf("read a container's description: %w", err)
		}
		delete(config, "Env")
		text, err := json.Marshal(config)
		if err != nil {
			return fmt.Errorf("write a container's description: %w", err)
		}
		specs[i].Config = text
	}
	return nil
}

// fileName makes a name that others chose safe as one part of a path.
func fileName(name string) string {
	safe := strings.Map(func(c rune) rune {
		if c == '/' || c == 0 || c < ' ' {
			return '_'
		}
		return c
	}, name)
	if safe == "" || safe == "." || safe == ".." {
		return "_" + safe
	}
	return safe
}

// maxManifest bounds what is read as a manifest.
const maxManifest = 64 << 20

// manifest reads the manifest of a snapshot from its repository. A snapshot without one is model.ErrNotFound.
func (m *Manager) manifest(ctx context.Context, o opened, s model.Snapshot) (model.Manifest, error) {
	var out model.Manifest
	root, err := stagedIn(s)
	if err != nil {
		return out, err
	}
	var text bytes.Buffer
	err = o.repo.Dump(ctx, s.ResticSnapshotID, path.Join(root, model.ManifestName), "", &limited{&text, maxManifest})
	if err == nil {
		err = json.Unmarshal(text.Bytes(), &out)
	}
	if err != nil {
		return out, fmt.Errorf("read the snapshot's manifest: %w", err)
	}
	if out.Version > model.ManifestVersion {
		return out, fail(model.CauseTarget, "Use that version to restore it.",
			"This snapshot was made by a newer Keepstead (%s).", out.Keepstead)
	}
	out.Staging = root
	return out, nil
}

// stagedIn returns the folder of the snapshot that Keepstead wrote: the one named by the snapshot's configuration. An
// adopted snapshot may have another configuration now, so the only folder of that form is taken too; never one of several,
// because an app could lay a manifest of its own making into a folder that looks like ours.
func stagedIn(s model.Snapshot) (string, error) {
	var like []string
	for _, root := range s.Paths {
		if path.Base(path.Dir(root)) != "staging" {
			continue
		}
		id, err := uuid.Parse(path.Base(root))
		if err == nil && id == s.ConfigurationID {
			return root, nil
		}
		if err == nil {
			like = append(like, root)
		}
	}
	if len(like) != 1 {
		return "", fmt.Errorf("the snapshot has no manifest: %w", model.ErrNotFound)
	}
	return like[0], nil
}

// limited refuses more than max bytes.
type limited struct {
	w   io.Writer
	max int
}

// Write passes p on while the bound is not reached.
func (l *limited) Write(p []byte) (int, error) {
	if l.max -= len(p); l.max < 0 {
		return 0, errors.New("it is too large")
	}
	return l.w.Write(p)
}

// Contents returns what a snapshot of an app holds: from its row, or for an adopted one from the repository, and then
// keeps it. Other snapshots have none, which is model.ErrNotFound.
func (m *Manager) Contents(ctx context.Context, id uuid.UUID) (*model.Contents, error) {
	s, err := m.Store.Snapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	if s.Contents != nil {
		return s.Contents, nil
	}
	if !s.Restorable() {
		return nil, model.ErrNotFound
	}
	var found model.Manifest
	err = m.quickly(ctx, s.DestinationID, func(ctx context.Context, o opened) error {
		found, err = m.manifest(ctx, o, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &found.Contents, m.Store.SetSnapshotContents(ctx, s.ID, &found.Contents)
}

// provenDumps makes sure that every dump is in the snapshot, whole (safety core 8).
func (r *run) provenDumps(ctx context.Context, o opened, c *capture, snapshot string) error {
	if len(c.manifest.Dumps) == 0 {
		return nil
	}
	sizes := map[string]int64{}
	err := r.command(o).Ls(ctx, snapshot, c.dir, true, func(n model.Node) error {
		sizes[n.Path] = n.Size
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for the dumps in the snapshot: %w", err)
	}
	for _, d := range c.manifest.Dumps {
		if got, there := sizes[d.File]; !there || got != d.Bytes {
			return fail(model.CauseDump, "Look at the job's log, then back up again.",
				"The dump %s is not whole in the snapshot.", path.Base(d.File))
		}
	}
	return nil
}

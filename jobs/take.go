package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"keepstead/database"
	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

// take fills the capture: what belongs to the app is found anew, its writers are quiet or have written a copy of their
// data, and the manifest says it all. On an error the caller releases the capture, which takes everything back.
func (r *run) take(ctx context.Context, p plan, c *capture) error {
	files, err := r.on.host.Files()
	if err != nil {
		return err
	}
	r.phase("looking", "Looking at the app's containers.")
	c.device = p.app.DeviceID
	if c.engine, err = r.engine(ctx, p.app.DeviceID); err != nil {
		return err
	}
	project, err := r.projectOf(ctx, files, c.engine, keyOf(p.app))
	if errors.Is(err, model.ErrNotFound) {
		return fail(model.CauseSourceMissing, "Start the app again, or forget it; its snapshots stay.",
			"The containers of %q are no longer there.", p.app.Name)
	}
	if err != nil {
		return engineFailure(err, "The containers of %q cannot be read.", p.app.Name)
	}
	if err := r.whole(ctx, project); err != nil {
		return err
	}
	servers, err := r.strategies(ctx, files, p, c.engine, &project)
	if err != nil {
		return err
	}
	if c.dir, err = r.stageDir(files, p.configuration.ID); err != nil {
		return err
	}
	if err := r.preHooks(ctx, p, c, project); err != nil {
		return err
	}
	r.describe(ctx, p, c, project)
	if err := r.hush(ctx, c, project); err != nil {
		return err
	}
	if p.configuration.BackupVolumes {
		if err := r.dumps(ctx, files, c, project, servers); err != nil {
			return err
		}
		r.copySQLite(ctx, files, p, c, project)
		c.volumes()
	}
	if err := r.stageApp(files, p, c, project); err != nil {
		return err
	}
	c.scope(p, project)
	if !c.needsQuiet() {
		return r.wake(ctx, c)
	}
	return nil
}

// dumps has each database that is dumped write a copy of itself into the staging folder.
func (r *run) dumps(ctx context.Context, files device.Files, c *capture, project docker.Project, servers map[string]database.Server) error {
	for _, s := range project.Found.Services {
		server, ok := servers[s.Name]
		if s.Strategy != model.StrategyDump || !ok {
			continue
		}
		i := slices.IndexFunc(project.Containers, func(ctr docker.Container) bool { return ctr.Service == s.Name && ctr.Running })
		if i < 0 {
			return fail(model.CauseDump, "Start it, or choose another strategy on the app's page.",
				"%s of the service %q does not run, so it cannot be dumped.", server.Kind.Title(), s.Name)
		}
		dir := path.Join(c.dir, "databases", fileName(s.Name))
		if err := files.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the folder of the dumps: %w", err)
		}
		r.phase("dumping", fmt.Sprintf("Dumping %s of the service %q.", server.Kind.Title(), s.Name))
		begun := time.Now()
		made, err := database.Dump(ctx, c.engine, files, project.Containers[i], server, dir, func(n int64) {
			r.report(model.Progress{Phase: "dumping", BytesDone: n, CurrentFiles: []string{s.Name}})
		})
		if err != nil {
			return dumpFailure(err)
		}
		var sum int64
		for _, d := range made {
			sum += d.Bytes
		}
		r.log.printf("Dumped %d %s, %s, in %s.", len(made), plural(len(made), "file", "files"), size(sum), time.Since(begun).Round(100*time.Millisecond))
		c.manifest.Dumps = append(c.manifest.Dumps, made...)
	}
	return nil
}

// dumpFailure keeps the sentence of the database and tells a full disk from the rest.
func dumpFailure(err error) error {
	var told *database.Error
	if !errors.As(err, &told) {
		return err
	}
	f := failure{cause: model.CauseDump, message: told.Message, mend: told.Mend, err: err}
	if isFull(err) {
		f.cause = model.CauseDiskFull
	}
	return f
}

// copySQLite makes consistent copies of the SQLite files in mounts whose users run on. One that cannot be copied stays as
// a plain file, and the backup says so.
func (r *run) copySQLite(ctx context.Context, files device.Files, p plan, c *capture, project docker.Project) {
	raw := p.configuration.Capture != nil && p.configuration.Capture.RawToo
	for n, v := range c.manifest.Volumes {
		if v.Role != model.RoleData || v.Path == "" || !livelyMount(project.Found, v.FoundMount) {
			continue
		}
		if info, err := files.Stat(v.Path); err != nil || !info.IsDir() {
			continue
		}
		found, err := database.FindSQLite(ctx, files, v.Path)
		if err != nil {
			c.doubts = append(c.doubts, fmt.Sprintf("SQLite files could not be looked for in %s: %v.", v.Label(), err))
		}
		for _, from := range found {
			to := path.Join(c.dir, "sqlite", strconv.Itoa(n), strings.TrimPrefix(from, v.Path))
			r.phase("dumping", fmt.Sprintf("Copying the SQLite file %s.", from))
			if err := r.copyOne(ctx, files, c, writers(project, v.FoundMount), from, to); errors.Is(err, fs.ErrNotExist) {
				continue // it went meanwhile
			} else if err != nil {
				c.doubts = append(c.doubts, fmt.Sprintf("%s could not be copied while it is in use, so it was saved as it lay: %v.", from, err))
				continue
			}
			d := model.Dump{Service: userOf(v.FoundMount), Kind: model.SQLite, Database: path.Base(from), File: to, Source: from}
			if info, err := files.Stat(to); err == nil {
				d.Bytes = info.Size()
			}
			c.manifest.Dumps = append(c.manifest.Dumps, d)
			if !raw {
				for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
					c.leave(from + suffix)
				}
			}
		}
	}
}

// livelyMount says whether a service that mounts it runs on while its files are read.
func livelyMount(found model.Found, m model.FoundMount) bool {
	for _, u := range m.Users {
		name, _, _ := strings.Cut(u, ":")
		s, ok := service(found, name)
		if ok && s.Running > 0 && (s.Strategy == model.StrategyHot || s.Strategy == model.StrategyDump) {
			return true
		}
	}
	return false
}

// userOf is the first service that mounts it.
func userOf(m model.FoundMount) string {
	if len(m.Users) == 0 {
		return ""
	}
	name, _, _ := strings.Cut(m.Users[0], ":")
	return name
}

// volumes takes the files of every mount that is captured as files, and says what could not be.
func (c *capture) volumes() {
	for i, v := range c.manifest.Volumes {
		switch {
		case v.Role == model.RoleLost:
			c.missing = append(c.missing, fmt.Sprintf("%s (%s)", v.Label(), strings.TrimSuffix(v.Why, ".")))
		case v.Role == model.RoleData && v.Path != "":
			c.manifest.Volumes[i].In = v.Path
			c.reach(v.Path)
			for _, raw := range v.Without {
				c.leave(raw)
			}
		}
	}
	for _, v := range c.manifest.Volumes {
		within := slices.ContainsFunc(c.paths, func(have string) bool { return v.Path != have && v.Path != "" && model.Within(v.Path, have) })
		if within && (v.Role == model.RoleAsk || v.Role == model.RoleDumped || v.Role == model.RoleLeft && v.Why == whyLeft) {
			c.leave(v.Path)
		}
	}
}

// scope adds what a person or a label named, and the patterns to leave out. Nothing that Keepstead staged is ever left
// out: a dump that a pattern such as *.sql took away would make a snapshot that only looks whole.
func (c *capture) scope(p plan, project docker.Project) {
	includes, excludes := scope(project.Found, p.configuration)
	for _, dir := range includes {
		if real, ok := c.engine.HostPath(dir); ok {
			c.reach(real)
		} else {
			c.missing = append(c.missing, dir+" (Keepstead cannot see it)")
		}
	}
	c.excludes = append(c.excludes, excludes...)
	c.excludes = append(c.excludes, asidePrefix+"*")
	c.paths = append(c.paths, c.dir) // named itself, though it may lie in a folder of the app: restic then goes down to it
}

// needsQuiet says whether files are still to be read that a quiet container writes.
func (c *capture) needsQuiet() bool {
	if len(c.held) == 0 {
		return false
	}
	for _, v := range c.manifest.Volumes {
		if v.In == "" {
			continue
		}
		for _, u := range v.Users {
			name, _, _ := strings.Cut(u, ":")
			for _, s := range c.manifest.Services {
				if s.Name == name && (s.Strategy == model.StrategyStop || s.Strategy == model.StrategyPause) {
					return true
				}
			}
		}
	}
	return false
}

// keyOf names an app made of containers for the engine.
func keyOf(a model.App) docker.Key {
	if a.Kind == model.AppContainer {
		return docker.Key{Container: a.Project}
	}
	return docker.Key{Project: a.Project}
}

// isFull says whether an error is that of a full disk.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	files, err := r.Host.Files()
	if err != nil {
		return err
	}
	r.phase("looking", "Looking at the app's containers.")
	c.device = p.app.DeviceID
	if c.engine, err = r.engine(ctx, p.app.DeviceID); err != nil {
		return err
	}
	project, err := c.engine.Project(ctx, files, keyOf(p.app))
	if errors.Is(err, model.ErrNotFound) {
		return fail(model.CauseSourceMissing, "Start the app again, or forget it; its snapshots stay.",
			"The containers of %q are no longer there.", p.app.Name)
	}
	if err != nil {
		return engineFailure(err, "The containers of %q cannot be read.", p.app.Name)
	}
	servers, err := r.servers(ctx, c.engine, project)
	if err != nil {
		return err
	}
	chooseStrategies(&project.Found, project.Containers, &p.configuration, servers)
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

// servers recognises the databases of a project; a running one is asked what it is.
func (r *run) servers(ctx context.Context, engine *docker.Engine, project docker.Project) (map[string]database.Server, error) {
	out := map[string]database.Server{}
	for _, ctr := range project.Containers {
		s, ok := database.Recognise(ctr)
		if _, have := out[ctr.Service]; have || !ok {
			continue
		}
		if ctr.Running && !ctr.Paused {
			confirmed, err := database.Confirm(ctx, engine, ctr, s)
			if err != nil {
				return nil, dumpFailure(err)
			}
			s = confirmed
		}
		out[ctr.Service] = s
	}
	return out, nil
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
			if err := r.copyOne(ctx, files, from, to); err != nil {
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

func (r *run) copyOne(ctx context.Context, files device.Files, from, to string) error {
	if err := files.MkdirAll(path.Dir(to), 0o700); err != nil {
		return err
	}
	return database.CopySQLite(ctx, from, to)
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
		if within && v.Kind == model.MountBind && (v.Role == model.RoleAsk || v.Role == model.RoleDumped) {
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
	c.reach(c.dir)
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

// preHooks runs the commands that a service wants before its capture, and writes down the ones that answer to them.
func (r *run) preHooks(ctx context.Context, p plan, c *capture, project docker.Project) error {
	for _, s := range project.Found.Services {
		h := hooksOf(s, p.configuration.Capture)
		i := slices.IndexFunc(project.Containers, func(ctr docker.Container) bool { return ctr.Service == s.Name && ctr.Running })
		if h.Pre == "" && h.Post == "" || i < 0 {
			continue
		}
		ctr := project.Containers[i]
		if h.Post != "" {
			_, err := r.journal(ctx, c.id, model.Undo{DeviceID: c.device, Action: model.UndoHook, Target: ctr.ID, Name: ctr.Name, Aside: h.Post})
			if err != nil {
				return err
			}
		}
		if h.Pre == "" {
			continue
		}
		r.phase("hooks", fmt.Sprintf("Running the command before the backup in %s.", ctr.Name))
		if err := r.hook(ctx, c.engine, ctr, h); err != nil {
			if h.OnFailure != "go_on" || ctx.Err() != nil {
				return err
			}
			c.doubts = append(c.doubts, err.Error())
		}
	}
	return nil
}

func (r *run) hook(ctx context.Context, engine *docker.Engine, ctr docker.Container, h model.Hooks) error {
	limit := time.Duration(h.Timeout) * time.Second
	if limit <= 0 {
		limit = model.DefaultHookTimeout * time.Second
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var said bytes.Buffer
	err := engine.Exec(timed, ctr.ID, docker.Exec{Cmd: []string{"/bin/sh", "-c", h.Pre}, Stdout: &tail{&said}, Stderr: &tail{&said}})
	if err == nil {
		return nil
	}
	if text := scrub(strings.TrimSpace(said.String()), ctr.Env); text != "" {
		r.log.printf("The command in %s said: %s", ctr.Name, text)
	}
	why := err.Error()
	if timed.Err() != nil && ctx.Err() == nil {
		why = fmt.Sprintf("it did not end within %s", limit)
	}
	return fail(model.CauseHook, "Mend the command on the app's page or in its label, then back up again.",
		"The command before the backup in %s failed: %s.", ctr.Name, why)
}

// tail keeps the last part of what is written to it.
type tail struct{ *bytes.Buffer }

const tailBytes = 2000

// Write keeps at most tailBytes of the newest output.
func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > tailBytes {
		p = p[len(p)-tailBytes:]
	}
	if drop := t.Len() + len(p) - tailBytes; drop > 0 {
		t.Next(drop)
	}
	t.Buffer.Write(p)
	return n, nil
}

// scrub takes the values of a container's environment out of a text: some of them are secrets.
func scrub(text string, env map[string]string) string {
	for _, value := range env {
		if len(value) >= 6 {
			text = strings.ReplaceAll(text, value, "[…]")
		}
	}
	return text
}

// hooksOf are the commands around a service's capture: the labels of its container, else what a person set.
func hooksOf(s model.FoundService, chosen *model.Capture) model.Hooks {
	var h model.Hooks
	if chosen != nil {
		h = chosen.Hooks[s.Name]
	}
	for label, field := range map[string]*string{"pre": &h.Pre, "post": &h.Post, "on-failure": &h.OnFailure} {
		if text := s.Labels[label]; text != "" {
			*field = text
		}
	}
	if n, err := strconv.Atoi(s.Labels["timeout"]); err == nil && n > 0 {
		h.Timeout = n
	}
	return h
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

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"keepstead/database"
	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

// copyOne makes a consistent copy of a SQLite file. Where the file is on another machine, SQLite cannot be run upon it: its
// writers are paused for as long as a plain copy takes there, and SQLite makes that copy whole here.
func (r *run) copyOne(ctx context.Context, files device.Files, c *capture, writers []docker.Container, from, to string) error {
	if err := files.MkdirAll(path.Dir(to), 0o700); err != nil {
		return err
	}
	if r.on.here() {
		return database.CopySQLite(ctx, from, to)
	}
	info, err := files.Stat(from)
	if err != nil {
		return err
	}
	raw := to + ".raw"
	defer func() {
		for _, suffix := range append(sidecars(), "") {
			if err := files.RemoveAll(raw + suffix); err != nil {
				r.logger.Warn("remove a staged copy", "error", err)
			}
		}
	}()
	if err := r.whilePaused(ctx, c, writers, func() error { return r.copyThere(ctx, from, raw) }); err != nil {
		return err
	}
	return r.makeWhole(ctx, files, raw, to, info)
}

// writers are the running containers that mount it.
func writers(project docker.Project, m model.FoundMount) []docker.Container {
	var out []docker.Container
	for _, ctr := range project.Containers {
		if !ctr.Running || ctr.Paused || ctr.Self {
			continue
		}
		for _, u := range m.Users {
			if name, _, _ := strings.Cut(u, ":"); name == ctr.Service {
				out = append(out, ctr)
				break
			}
		}
	}
	return out
}

// whilePaused pauses the containers, acts, and lets them go on. Each pause is written down before, for a crash in between.
// One that is quiet already, for this backup or by somebody else's will, stays so.
func (r *run) whilePaused(ctx context.Context, c *capture, all []docker.Container, act func() error) (err error) {
	for _, ctr := range all {
		state, err := c.engine.State(ctx, ctr.ID)
		if errors.Is(err, model.ErrNotFound) || err == nil && (!state.Running || state.Paused) {
			continue
		}
		if err != nil {
			return engineFailure(err, "%s could not be looked at.", ctr.Name)
		}
		u, journalled := r.journal(ctx, c.id, model.Undo{DeviceID: c.device, Action: model.UndoUnpause, Target: ctr.ID, Name: ctr.Name})
		if journalled != nil {
			return journalled
		}
		defer func() {
			ctx := context.WithoutCancel(ctx)
			awake := unpause(ctx, c.engine, ctr.ID)
			if awake == nil || errors.Is(awake, model.ErrNotFound) {
				awake = r.Store.DeleteUndo(ctx, u.ID)
			}
			err = errors.Join(err, awake) // its row is still there, and it is tried again
		}()
		if err := c.engine.Pause(ctx, ctr.ID); err != nil {
			return engineFailure(err, "%s could not be paused for the copy.", ctr.Name)
		}
	}
	return act()
}

// copyScript copies a SQLite file with what belongs to it. What goes meanwhile was not needed: its writers are paused.
const copyScript = `set -eu
cp -p -- "$1" "$2"
for side in -wal -journal; do
	[ ! -f "$1$side" ] || cp -p -- "$1$side" "$2$side"
done`

// pauseLimit is how long containers may be paused for the copy of one file. What takes longer wants another strategy.
const pauseLimit = 2 * time.Minute

func (r *run) copyThere(ctx context.Context, from, to string) error {
	ctx, cancel := context.WithTimeout(ctx, pauseLimit)
	defer cancel()
	var said strings.Builder
	err := r.on.host.Run(ctx, device.Cmd{
		Path: "/bin/sh", Args: []string{"-c", copyScript, "sh", from, to}, Env: []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}, Stream: true, Stderr: &said,
	})
	if err != nil {
		return fmt.Errorf("copy on %s: %w: %s", r.on.Name, err, strings.TrimSpace(said.String()))
	}
	return nil
}

// makeWhole brings the plain copy here, has SQLite write what its log holds into it, and lays the result where it is backed
// up, with the owner and the mode of the original.
func (r *run) makeWhole(ctx context.Context, files device.Files, raw, to string, info fs.FileInfo) error {
	dir, err := os.MkdirTemp(r.dir, "sqlite-")
	if err != nil {
		return fmt.Errorf("make a folder for a copy: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	here, whole := filepath.Join(dir, "raw"), filepath.Join(dir, "whole")
	for _, suffix := range []string{"", "-wal", "-journal"} {
		err := fetch(ctx, files, raw+suffix, here+suffix)
		if errors.Is(err, fs.ErrNotExist) && suffix != "" {
			continue
		}
		if err != nil {
			return err
		}
	}
	if err := database.CopySQLite(ctx, here, whole); err != nil {
		return err
	}
	if err := deliver(ctx, files, whole, to); err != nil {
		return err
	}
	if uid, gid, ok := device.Owner(info); ok {
		if err := files.Lchown(to, uid, gid); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return files.Chmod(to, info.Mode()&modeBits)
}

// fetch copies a file of a machine to a new one here.
func fetch(ctx context.Context, files device.Files, from, to string) error {
	in, err := files.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return carry(ctx, in, out)
}

// deliver copies a file here to a new one of a machine.
func deliver(ctx context.Context, files device.Files, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	out, err := files.Create(to, 0o600)
	if err != nil {
		return err
	}
	return carry(ctx, in, out)
}

// carry copies all of a file into a new one and closes that. The end of ctx breaks it off, between two machines too.
func carry(ctx context.Context, in io.ReadCloser, out device.WriteSyncer) error {
	stop := context.AfterFunc(ctx, func() { _ = in.Close() })
	_, err := io.Copy(out, in)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

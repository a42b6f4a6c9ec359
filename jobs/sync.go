package jobs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/store"
)

// sync takes over what the repository holds and this database does not know, drops the rows of what is gone, clears our
// own stale locks and measures the size.
func (r *run) sync(ctx context.Context) finish {
	o, err := r.openRun(ctx)
	if err != nil {
		return r.failed(ctx, err)
	}
	r.phase("syncing", "Comparing what is there with what is known.")
	unlocked, err := r.clearLocks(ctx, o)
	if err != nil {
		return r.failed(ctx, fmt.Errorf("look at the locks: %w", err))
	}
	o.repo = r.command(o)
	imported, gone, err := r.takeOver(ctx, o)
	if err != nil {
		return r.failed(ctx, err)
	}
	found, err := measured(ctx, o)
	if err != nil {
		return r.failed(ctx, err)
	}
	return finish{Outcome: store.Outcome{
		State: model.JobSuccess, Result: &model.Result{Imported: imported, Removed: gone, Unlocked: unlocked},
		Destination: found,
	}}
}

// clearLocks removes stale locks that are provably ours (safety core 11): made by a process that one of our
// finished jobs had recorded, on the host it had recorded, and that is no longer alive. `restic unlock` would ask less and signal strangers.
func (r *run) clearLocks(ctx context.Context, o opened) (int, error) {
	locks, err := r.command(o).Locks(ctx)
	if err != nil || len(locks) == 0 {
		return 0, err
	}
	mine, err := r.processes(ctx, o.destination.ID)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, l := range locks {
		p, ours := mine[workedAt{l.Hostname, l.PID}]
		if !ours || l.Time.Before(p.from) || l.Time.After(p.to) || !r.over(ctx, p) {
			r.log.printf("A lock of %s on %s since %s stays: it is not provably ours.", l.Username, l.Hostname, l.Time.Format(time.DateTime))
			continue
		}
		r.log.printf("Removing our own stale lock %.8s of process %d.", l.ID, l.PID)
		if err := o.place.RemoveLock(ctx, l.ID); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// over says whether the process is provably gone; a machine that does not tell proves nothing. One of a finished job
// that is still at work on another machine was left there by a Keepstead that died, and is ended.
func (m *Manager) over(ctx context.Context, p worked) bool {
	on, err := m.machine(ctx, p.workplace)
	if err != nil {
		return false
	}
	if !on.here() {
		if err := device.InterruptOn(ctx, on.host, p.Process, buryGrace); err != nil {
			m.logger.Warn("end a process of an earlier run", "device", on.Name, "error", err)
			return false
		}
	}
	alive, err := device.AliveOn(ctx, on.host, p.Process)
	return err == nil && !alive
}

// workedAt is what a lock says of its maker: the name that the machine had then, and the number of the process.
type workedAt struct {
	host string
	pid  int
}

// worked is a process that a finished job of ours had, where and when.
type worked struct {
	device.Process
	workplace uuid.UUID
	from, to  time.Time
}

// lockLookBack bounds how many of a destination's jobs are searched for a lock's maker.
const lockLookBack = model.MaxPage

func (m *Manager) processes(ctx context.Context, destination uuid.UUID) (map[workedAt]worked, error) {
	jobs, err := m.Store.Jobs(ctx, model.JobFilter{DestinationID: destination, Page: model.Page{Limit: lockLookBack}})
	if err != nil {
		return nil, err
	}
	out := map[workedAt]worked{}
	for _, j := range jobs {
		if j.PID == 0 || j.StartedAt == nil || j.FinishedAt == nil {
			continue
		}
		maker := workedAt{j.PIDHost, j.PID}
		if _, newer := out[maker]; !newer {
			out[maker] = worked{
				Process: processOf(j), workplace: workplace(j),
				from: j.StartedAt.Add(-time.Minute), to: j.FinishedAt.Add(time.Minute),
			}
		}
	}
	return out, nil
}

// takeOver makes rows for snapshots that are in the repository only, and removes the rows of those that are gone.
func (m *Manager) takeOver(ctx context.Context, o opened) (imported, gone int, err error) {
	// The rows first: a backup that ends between the two must look new, which is passed over, and not gone.
	known, err := m.Store.SnapshotsByRestic(ctx, o.destination.ID)
	if err != nil {
		return 0, 0, err
	}
	there, err := o.repo.Snapshots(ctx, restic.SnapshotFilter{})
	if err != nil {
		return 0, 0, err
	}
	var unknown []restic.Snapshot
	for _, s := range there {
		if _, ok := known[s.ID]; !ok {
			unknown = append(unknown, s)
		}
		delete(known, s.ID)
	}
	in, err := m.fromRepository(ctx, o, unknown)
	if err != nil {
		return 0, 0, err
	}
	if _, err := m.Store.CreateSnapshots(ctx, in); err != nil {
		return 0, 0, fmt.Errorf("take over snapshots: %w", err)
	}
	stale := make([]uuid.UUID, 0, len(known))
	for _, id := range known {
		stale = append(stale, id)
	}
	if err := m.Store.DeleteSnapshots(ctx, stale); err != nil {
		return 0, 0, fmt.Errorf("drop snapshots that are gone: %w", err)
	}
	if len(in)+len(stale) > 0 {
		m.publish(model.EventSnapshot, uuid.Nil)
		m.publish(model.EventApp, uuid.Nil)
	}
	return len(in), len(stale), nil
}

// fromRepository turns restic's snapshots into rows. Those with our tags go to the app and configuration they name;
// an app that this database does not know is made again under its own id, without a schedule until somebody turns it
// on, unless its containers were found meanwhile: then they are that app's. Others are grouped by host and paths.
func (m *Manager) fromRepository(ctx context.Context, o opened, unknown []restic.Snapshot) ([]model.Snapshot, error) {
	var in []model.Snapshot
	homes := map[uuid.UUID]pairOf{}
	for _, s := range unknown {
		app, configuration := owner(o.destination, s)
		home, ok := homes[app]
		if !ok {
			var err error
			if home, err = m.ensureApp(ctx, o, app, configuration, s); err != nil {
				return in, err
			}
			homes[app] = home
		}
		if home.app != app {
			app, configuration = home.app, home.configuration
		}
		in = append(in, imported(o.destination, s, app, configuration, m.now()))
	}
	return in, nil
}

// pairOf is an app with one configuration of it.
type pairOf struct{ app, configuration uuid.UUID }

// owner reads the ids from a snapshot's tags, or derives stable ones from where a foreign snapshot came from.
func owner(d model.Destination, s restic.Snapshot) (app, configuration uuid.UUID) {
	for _, tag := range s.Tags {
		if id, err := uuid.Parse(strings.TrimPrefix(tag, "app:")); err == nil && strings.HasPrefix(tag, "app:") {
			app = id
		}
		if id, err := uuid.Parse(strings.TrimPrefix(tag, "config:")); err == nil && strings.HasPrefix(tag, "config:") {
			configuration = id
		}
	}
	if app == uuid.Nil || configuration == uuid.Nil {
		name := d.RepoID + "\x00" + s.Hostname + "\x00" + strings.Join(s.Paths, "\x00")
		app = uuid.NewSHA1(uuid.NameSpaceURL, []byte("app\x00"+name))
		configuration = uuid.NewSHA1(uuid.NameSpaceURL, []byte("config\x00"+name))
	}
	return app, configuration
}

// ensureApp makes the app of an imported snapshot where no row has its id, and returns whose the snapshot is.
func (m *Manager) ensureApp(ctx context.Context, o opened, id, configuration uuid.UUID, s restic.Snapshot) (pairOf, error) {
	own := pairOf{id, configuration}
	if _, err := m.Store.App(ctx, id); !errors.Is(err, model.ErrNotFound) {
		return own, err
	}
	on, err := m.deviceNamed(ctx, s.Hostname)
	if err != nil {
		return own, err
	}
	policy, err := m.Store.DefaultPolicy(ctx)
	if err != nil {
		return own, err
	}
	a := model.App{
		ID: id, DeviceID: on.ID, Name: adoptedName(s), Kind: model.AppFolders, Origin: model.OriginAdopted, Paths: s.Paths,
	}
	switch manifest, err := m.manifest(ctx, o, model.Snapshot{ResticSnapshotID: s.ID, ConfigurationID: configuration, Paths: s.Paths}); {
	case err == nil:
		a.Name, a.Kind, a.Project, a.Paths, a.Gone = manifest.AppName, manifest.Kind, manifest.Project, nil, true
		if home, err := m.livingApp(ctx, a); !errors.Is(err, model.ErrNotFound) {
			return home, err
		}
	case !errors.Is(err, model.ErrNotFound):
		return own, err
	}
	a.Touch(m.now())
	c := model.Configuration{
		ID: configuration, AppID: id, PolicyID: policy.ID, BackupVolumes: true, BackupCompose: true, BackupEnv: true,
	}
	c.Touch(m.now())
	_, err = m.Store.CreateApp(ctx, a, &c)
	if errors.Is(err, model.ErrConflict) { // another app has this name; the id tells them apart
		a.Name += " " + id.String()[:8]
		_, err = m.Store.CreateApp(ctx, a, &c)
	}
	if err != nil {
		return own, fmt.Errorf("make the app of an adopted snapshot: %w", err)
	}
	return own, nil
}

// deviceNamed is the device whose snapshots have that name; this machine for a name that nobody here has.
func (m *Manager) deviceNamed(ctx context.Context, hostname string) (model.Device, error) {
	local, err := m.Store.LocalDevice(ctx)
	if err != nil || local.Hostname == hostname {
		return local, err
	}
	all, err := m.Store.Devices(ctx)
	for _, d := range all {
		if d.Hostname == hostname {
			return d, err
		}
	}
	return local, err
}

// livingApp finds the app that discovery made of the same containers, under an id of its own.
func (m *Manager) livingApp(ctx context.Context, adopted model.App) (pairOf, error) {
	all, err := m.Store.Apps(ctx)
	if err != nil {
		return pairOf{}, err
	}
	for _, a := range all {
		if a.DeviceID == adopted.DeviceID && a.Kind == adopted.Kind && a.Project == adopted.Project {
			all, err := m.Store.Configurations(ctx, store.ConfigurationFilter{AppID: a.ID})
			if err == nil && len(all) == 0 {
				err = model.ErrNotFound
			}
			if err != nil {
				return pairOf{}, err
			}
			return pairOf{a.ID, all[0].ID}, nil
		}
	}
	return pairOf{}, model.ErrNotFound
}

// adoptedName names an app by where its files were.
func adoptedName(s restic.Snapshot) string {
	if len(s.Paths) == 0 {
		return s.Hostname
	}
	name := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, path.Base(s.Paths[0])+" from "+s.Hostname)
	return strings.ToValidUTF8(name, "?")
}

func imported(d model.Destination, s restic.Snapshot, app, configuration uuid.UUID, now time.Time) model.Snapshot {
	row := model.Snapshot{
		ID: model.NewID(), ConfigurationID: configuration, DestinationID: d.ID, AppID: app, ResticSnapshotID: s.ID,
		Hostname: s.Hostname, Paths: s.Paths, Status: model.SnapshotSuccess, Safety: slices.Contains(s.Tags, tagSafety),
		StartedAt: s.Time.UTC(), CreatedAt: now,
	}
	end := s.Time.UTC()
	if sum := s.Summary; sum != nil {
		row.FilesNew, row.FilesChanged, row.FilesUnmodified = sum.FilesNew, sum.FilesChanged, sum.FilesUnmodified
		row.TotalFiles, row.TotalSize = sum.TotalFiles, sum.TotalBytes
		row.DataAdded, row.DataAddedPacked = sum.DataAdded, sum.DataAddedPacked
		if sum.Ended.After(sum.Started) {
			end = sum.Ended.UTC()
			row.Duration = int(sum.Ended.Sub(sum.Started).Round(time.Second).Seconds())
		}
	}
	row.CompletedAt = &end
	return row
}

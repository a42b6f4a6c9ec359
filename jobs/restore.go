package jobs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"keepstead/device"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/store"
)

// Restore checks a request and queues it.
func (m *Manager) Restore(ctx context.Context, want model.Restore, trigger model.JobTrigger) (model.Job, error) {
	s, err := m.restorable(ctx, &want)
	if err != nil {
		return model.Job{}, err
	}
	if err := m.checkRestore(ctx, want, s); err != nil {
		return model.Job{}, err
	}
	made, err := m.create(ctx, nil, model.Job{
		Kind: model.JobRestore, Trigger: trigger, ConfigurationID: s.ConfigurationID, DestinationID: s.DestinationID,
		SnapshotID: s.ID, AppID: s.AppID, DeviceID: want.DeviceID, Restore: &want,
	})
	if err != nil {
		return model.Job{}, err
	}
	if len(made) == 0 {
		return model.Job{}, model.Conflict{Reason: "This restore is already queued."}
	}
	return made[0], nil
}

// checkRestore refuses what can be seen to fail without a long look.
func (m *Manager) checkRestore(ctx context.Context, want model.Restore, s model.Snapshot) error {
	if want.App != nil {
		return m.checkAppRestore(ctx, *want.App, s)
	}
	if _, err := m.target(ctx, want, s); err != nil {
		return err
	}
	if len(want.Files) == 0 {
		return nil
	}
	return m.quickly(ctx, s.DestinationID, func(ctx context.Context, o opened) error {
		_, err := m.includes(ctx, o, s, want.Files)
		return err
	})
}

// restorable validates a request, fills in the device where it names none, and returns its snapshot.
func (m *Manager) restorable(ctx context.Context, want *model.Restore) (model.Snapshot, error) {
	s, err := m.Store.Snapshot(ctx, want.SnapshotID)
	if err != nil {
		return s, err
	}
	if !s.Restorable() {
		return s, model.Conflict{Reason: "This backup saved nothing that could be restored; choose another snapshot."}
	}
	if err := m.chooseDevice(ctx, want, s); err != nil {
		return s, err
	}
	if err := want.Validate(); err != nil {
		return s, err
	}
	return s, m.checkDevice(ctx, *want, s)
}

// target returns the folder that restic restores under, links followed, after checking that it can be written and has
// the space. restic would replace a symbolic link on the way by a real folder.
func (m *Manager) target(ctx context.Context, want model.Restore, s model.Snapshot) (string, error) {
	on, err := m.machine(ctx, want.DeviceID)
	if err != nil {
		return "", err
	}
	files, err := on.host.Files()
	if err != nil {
		return "", err
	}
	if want.InPlace {
		for _, root := range s.Paths {
			real, err := files.Resolve(root)
			if err != nil {
				return "", model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s cannot be reached: %v.", root, err)}
			}
			if real != path.Clean(root) {
				return "", model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s is now reached through a symbolic link to %s; restore to another folder.", root, real)}
			}
			if err := canWrite(files, path.Dir(real)); err != nil {
				return "", err
			}
		}
		return "/", m.space(files, first(s.Paths), want, s)
	}
	real, err := files.Resolve(path.Clean(want.TargetPath))
	if err != nil {
		return "", model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s cannot be reached: %v.", want.TargetPath, err)}
	}
	if err := m.checkTarget(ctx, on, real); err != nil {
		return "", err
	}
	if info, err := files.Stat(real); err == nil && !info.IsDir() {
		return "", model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s is a file; give a folder.", real)}
	}
	if err := canWrite(files, real); err != nil {
		return "", err
	}
	return real, m.space(files, real, want, s)
}

// canWrite checks the folder, or the nearest one above it that exists.
func canWrite(files device.Files, dir string) error {
	for {
		if _, err := files.Stat(dir); err == nil || dir == "/" {
			break
		}
		dir = path.Dir(dir)
	}
	if err := files.Writable(dir); err != nil {
		return model.Invalid{Field: "target_path", Reason: fmt.Sprintf("%s cannot be written (%s); choose another folder, or run Keepstead as a user who may.", dir, reason(err))}
	}
	return nil
}

// space refuses a full restore that cannot fit. A restore in place mostly overwrites, so it is not refused for space.
func (m *Manager) space(files device.Files, dir string, want model.Restore, s model.Snapshot) error {
	if want.InPlace || len(want.Files) > 0 {
		return nil
	}
	free, err := files.Space(dir)
	if err != nil {
		return fmt.Errorf("measure the free space: %w", err)
	}
	if free < s.TotalSize {
		return model.Invalid{Field: "target_path", Reason: fmt.Sprintf("There is not enough space: %s are needed, %s are free.", size(s.TotalSize), size(free))}
	}
	return nil
}

func first(paths []string) string {
	if len(paths) == 0 {
		return "/"
	}
	return paths[0]
}

// includes finds each asked-for entry in the snapshot and returns its absolute path there. An entry is absolute, or
// relative to one of the snapshot's roots; every character means itself.
func (m *Manager) includes(ctx context.Context, o opened, s model.Snapshot, files []string) ([]string, error) {
	listed := map[string]map[string]bool{}
	has := func(p string) (bool, error) {
		dir := path.Dir(p)
		if listed[dir] == nil {
			listed[dir] = map[string]bool{}
			err := o.repo.Ls(ctx, s.ResticSnapshotID, dir, false, func(n model.Node) error {
				listed[dir][n.Path] = true
				return nil
			})
			if err != nil && !errors.Is(err, model.ErrNotFound) {
				return false, err
			}
		}
		return p == "/" || listed[dir][p], nil
	}
	var found []string
	var problems model.Invalids
	for _, f := range files {
		hit := ""
		for _, p := range candidates(s, f) {
			ok, err := has(p)
			if err != nil {
				return nil, err
			}
			if ok {
				hit = p
				break
			}
		}
		if hit == "" {
			problems.Add("files", "%q is not in this snapshot.", f)
			continue
		}
		found = append(found, hit)
	}
	return found, problems.Err()
}

// candidates lists where an entry may be: itself when absolute; else below each root, or from the top as restic prints it.
func candidates(s model.Snapshot, f string) []string {
	if path.IsAbs(f) {
		return []string{path.Clean(f)}
	}
	var out []string
	for _, root := range s.Paths {
		out = append(out, path.Join(root, f))
	}
	return append(out, path.Join("/", f))
}

// restore brings an app back, or files, and proves it: restic verifies what it wrote, and the counts must agree.
func (r *run) restore(ctx context.Context) finish {
	if r.job.Restore.App != nil {
		return r.rebuild(ctx)
	}
	done, err := r.bringBack(ctx)
	if err != nil {
		return r.failed(ctx, err)
	}
	return done
}

func (r *run) bringBack(ctx context.Context) (finish, error) {
	want := *r.job.Restore
	s, err := r.Store.Snapshot(ctx, want.SnapshotID)
	if err != nil {
		return finish{}, fmt.Errorf("read the snapshot: %w", err)
	}
	r.log.printf("Restoring snapshot %.8s.", s.ResticSnapshotID)
	o, err := r.openRun(ctx)
	if err != nil {
		return finish{}, err
	}
	target, err := r.target(ctx, want, s)
	if err != nil {
		return finish{}, targetFailure(err)
	}
	var includes []string
	if len(want.Files) > 0 {
		list := o
		list.repo = r.command(o)
		if includes, err = r.includes(ctx, list, s, want.Files); err != nil {
			return finish{}, targetFailure(err)
		}
	}
	files, err := r.on.host.Files()
	if err != nil {
		return finish{}, err
	}
	if err := files.MkdirAll(target, 0o755); err != nil {
		return finish{}, targetFailure(err)
	}
	summary, err := r.command(o).Restore(ctx, restic.RestoreOptions{
		Snapshot: s.ResticSnapshotID, Target: target, Includes: includes, Verify: true, Sparse: true,
	}, r.report)
	if err != nil {
		return finish{}, restoreFailure(target, summary, err)
	}
	return r.counted(s, want, target, summary)
}

// targetFailure keeps the sentence of a refusal that came too late for the form.
func targetFailure(err error) error {
	refused := model.Refused(err)
	if len(refused) == 0 {
		return err
	}
	return fail(model.CauseTarget, "Choose another folder or other files, then restore again.", "%s", refused[0].Reason)
}

// restoreFailure says that a restore which failed may have brought back a part.
func restoreFailure(target string, s restic.RestoreSummary, err error) error {
	if s.FailedCount == 0 {
		return err
	}
	cause, message, mend := explain(err)
	if errors.Is(err, restic.ErrDiskFull) {
		mend = fmt.Sprintf("Free some space at %s, or choose another folder, then restore again.", target)
	}
	return failure{
		cause: cause, mend: mend, err: err,
		message: message + " Not everything was restored; the job's log names what failed. A file cut short may be at the target.",
	}
}

// counted compares what was asked, what was there and what was written. restic leaves what it skips, because it is
// there already, out of its totals.
func (r *run) counted(s model.Snapshot, want model.Restore, target string, sum restic.RestoreSummary) (finish, error) {
	back := sum.FilesRestored + sum.FilesSkipped
	switch {
	case back == 0:
		return finish{}, fail(model.CauseNothing, "Browse the snapshot to see what it holds.", "Nothing was restored.")
	case sum.FilesRestored < sum.TotalFiles: // of chosen files, restic restores the folders above too, uncounted
		return finish{}, fail(model.CauseRestic, "The job's log has the details.",
			"Only %d of %d entries were restored.", sum.FilesRestored, sum.TotalFiles)
	case len(want.Files) == 0 && back < s.TotalFiles:
		return finish{}, fail(model.CauseRestic, "Check the destination, then try another snapshot.",
			"The snapshot had %d files, but only %d entries were found in it.", s.TotalFiles, back)
	}
	restored := target
	if want.InPlace {
		restored = strings.Join(s.Paths, ", ")
	}
	r.log.printf("Restored %d entries, verified; %d were already there.", sum.FilesRestored, sum.FilesSkipped)
	return finish{Outcome: store.Outcome{State: model.JobSuccess, Result: &model.Result{
		Files: back, Bytes: sum.TotalBytes + sum.BytesSkipped, Skipped: sum.FilesSkipped, Verified: true, RestoredTo: restored,
	}}}, nil
}

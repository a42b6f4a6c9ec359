package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"keepstead/model"
	"keepstead/restic"
	"keepstead/store"
)

// Tags of every snapshot Keepstead makes: identity that does not change with names and paths (safety core 4).
const (
	tagOurs   = "keepstead"
	tagSafety = "safety" // the state that a restore replaced
)

func tagApp(id fmt.Stringer) string    { return "app:" + id.String() }
func tagConfig(id fmt.Stringer) string { return "config:" + id.String() }

// backup saves one configuration into one destination.
func (r *run) backup(ctx context.Context) finish {
	row, err := r.Store.Snapshot(ctx, r.job.SnapshotID)
	if err != nil {
		return r.failed(ctx, fmt.Errorf("read the snapshot's row: %w", err))
	}
	row.StartedAt = r.now()
	done, err := r.save(ctx, &row)
	if err != nil {
		done = r.failed(ctx, err)
		done.Snapshot = failedSnapshot(row, done.Message, r.now())
		if done.Cause == model.CauseSourceMissing || done.Cause == model.CauseSourceEmpty {
			done.Freeze = done.Message
		}
	}
	return done
}

// failedSnapshot closes an open row as failed.
func failedSnapshot(row model.Snapshot, message string, now time.Time) *model.Snapshot {
	row.Status, row.ErrorMessage, row.CompletedAt = model.SnapshotFailed, message, &now
	row.Duration = int(now.Sub(row.StartedAt).Seconds())
	return &row
}

// save does the backup and fills the row in; an error means that no snapshot counts.
func (r *run) save(ctx context.Context, row *model.Snapshot) (finish, error) {
	p, err := r.plan(ctx, r.job.ConfigurationID)
	if err != nil {
		return finish{}, fmt.Errorf("read the configuration: %w", err)
	}
	r.log.printf("Backing up %q.", p.app.Name)
	o, err := r.openRun(ctx)
	if err != nil {
		return finish{}, err
	}
	src, err := r.gather(ctx, p)
	if err != nil {
		return finish{}, err
	}
	defer src.release()
	summary, err := r.write(ctx, o, p, src, row)
	if err != nil {
		return finish{}, err
	}
	return r.judge(ctx, o, p, row, src, summary)
}

// write saves what was gathered into the destination and fills the row in. A snapshot that lacks files is one.
func (r *run) write(ctx context.Context, o opened, p plan, src *material, row *model.Snapshot) (restic.Summary, error) {
	dev, err := r.Store.Device(ctx, p.app.DeviceID)
	if err != nil {
		return restic.Summary{}, fmt.Errorf("read the device: %w", err)
	}
	tags := []string{tagOurs, tagApp(p.app.ID), tagConfig(p.configuration.ID)}
	if row.Safety {
		tags = append(tags, tagSafety)
	}
	row.Hostname, row.Paths = dev.Hostname, src.usable
	summary, err := r.command(o).Backup(ctx, restic.BackupOptions{
		Host: dev.Hostname, Tags: tags, Paths: src.usable, Excludes: src.excludes,
	}, r.report)
	if err != nil && !(errors.Is(err, restic.ErrIncomplete) && summary.SnapshotID != "") {
		return summary, err
	}
	row.ResticSnapshotID = summary.SnapshotID // a sync would else take one that is not whole for a good one
	if src.capture != nil {
		src.doubts = append(src.doubts, src.capture.disturbed(ctx)...)
		if err := r.provenDumps(ctx, o, src.capture, summary.SnapshotID); err != nil {
			return summary, err
		}
		contents := src.capture.manifest.Contents
		contents.Quiet = src.capture.quiet().Milliseconds()
		row.Contents = &contents
	}
	r.fill(row, summary)
	return summary, nil
}

// fill copies restic's figures into the row.
func (r *run) fill(row *model.Snapshot, s restic.Summary) {
	now := r.now()
	row.ResticSnapshotID, row.CompletedAt = s.SnapshotID, &now
	row.Duration = int(now.Sub(row.StartedAt).Round(time.Second).Seconds())
	row.FilesNew, row.FilesChanged, row.FilesUnmodified = s.FilesNew, s.FilesChanged, s.FilesUnmodified
	row.TotalFiles, row.TotalSize = s.TotalFiles, s.TotalBytes
	row.DataAdded, row.DataAddedPacked = s.DataAdded, s.DataAddedPacked
	row.FailedCount = s.FailedCount
	for _, f := range s.Failed {
		if len(row.FailedFiles) < model.MaxFailedFiles {
			row.FailedFiles = append(row.FailedFiles, model.FailedFile{Path: f.Item, Reason: f.Reason()})
		}
	}
}

// judge decides whether a saved snapshot is whole. One that is not stays, amber, and where the source itself looks
// wrong retention is held back until somebody has looked.
func (r *run) judge(ctx context.Context, o opened, p plan, row *model.Snapshot, src *material, s restic.Summary) (finish, error) {
	if s.TotalFiles == 0 {
		return finish{}, fail(model.CauseSourceEmpty, "Mount the disk or put the data back, then back up again.",
			"The source holds no files: %s.", strings.Join(src.usable, ", "))
	}
	row.Status = model.SnapshotSuccess
	out := store.Outcome{State: model.JobSuccess, Snapshot: row, Result: &model.Result{
		Files: s.TotalFiles, Bytes: s.TotalBytes, FilesNew: s.FilesNew, FilesChange: s.FilesChanged,
		DataAdded: s.DataAddedPacked, Errors: s.FailedCount,
	}}
	if row.Contents != nil {
		out.Result.Quiet, out.Result.Dumps = row.Contents.Quiet, databasesIn(row.Contents.Dumps)
	}
	out.Cause, out.Message, out.Mend = r.doubt(ctx, o, p, *row, src)
	if out.Cause != "" {
		out.State, row.Status, row.ErrorMessage = model.JobPartial, model.SnapshotPartial, out.Message
		if out.Cause != model.CauseUnreadable {
			out.Freeze = out.Message
		}
	}
	out.Destination.FreeSize = free(ctx, o)
	done := finish{Outcome: out}
	if out.Freeze == "" && p.configuration.FrozenAt == nil && !p.configuration.Keep(p.policy).KeepsAll() {
		done.follow = append(done.follow, model.Job{
			ID: model.NewID(), Kind: model.JobForget, State: model.JobQueued, Trigger: model.TriggerFollowUp,
			ConfigurationID: p.configuration.ID, DestinationID: r.job.DestinationID, AppID: p.app.ID,
			DeviceID: p.app.DeviceID, CreatedAt: r.now(),
		})
	}
	return done, nil
}

// doubt returns the cause, sentence and mend of a snapshot that is not whole, or nothing.
func (r *run) doubt(ctx context.Context, o opened, p plan, row model.Snapshot, src *material) (model.Cause, string, string) {
	if len(src.missing) > 0 {
		return model.CauseSourceMissing, fmt.Sprintf("Saved without %s.", strings.Join(src.missing, ", ")),
			"Mount the disk or correct the app's folders; retention is held back until you confirm."
	}
	last, err := r.Store.LastGoodSnapshot(ctx, p.configuration.ID, r.job.DestinationID)
	if err == nil {
		if emptied := r.emptied(ctx, o, p.configuration, last, src.empty); len(emptied) > 0 {
			return model.CauseSourceEmpty, fmt.Sprintf("Nothing is left in %s.", strings.Join(emptied, ", ")),
				"Mount the disk or put the data back; retention is held back until you confirm."
		}
		if line := shrunk(p.configuration, last, row); line != "" && r.alike(ctx, last, row) {
			return model.CauseSourceShrunk, line, "Look whether anything is lost; retention is held back until you confirm."
		}
	} else if !errors.Is(err, model.ErrNotFound) {
		r.log.printf("The last good snapshot cannot be read: %v", err)
		return model.CauseInternal, "Saved, but it could not be compared with the last good snapshot.",
			"Look whether anything is lost; retention is held back until you confirm."
	}
	if len(src.doubts) > 0 {
		return model.CauseUnreadable, strings.Join(src.doubts, " "), "The app's page says what is captured and how; mend it there, then back up again."
	}
	if row.FailedCount > 0 {
		return model.CauseUnreadable, fmt.Sprintf("Saved, but %d %s could not be read.", row.FailedCount, plural(row.FailedCount, "file", "files")),
			r.mendUnreadable()
	}
	return "", "", ""
}

// mendUnreadable says what lets the device read all of an app: who reads there depends on how it is reached.
func (r *run) mendUnreadable() string {
	switch {
	case r.on.here():
		return "Run Keepstead as a user who may read them, or exclude them on the app's page."
	case asRoot(r.on.Device):
		return fmt.Sprintf("Look why they cannot be read on %s, or exclude them on the app's page.", r.on.Name)
	}
	return fmt.Sprintf("Let Keepstead use sudo on %s, or exclude them on the app's page.", r.on.Name)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

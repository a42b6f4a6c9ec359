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
const tagOurs = "keepstead"

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
	dev, err := r.Store.Device(ctx, p.app.DeviceID)
	if err != nil {
		return finish{}, fmt.Errorf("read the device: %w", err)
	}
	r.log.printf("Backing up %q.", p.app.Name)
	o, err := r.openRun(ctx)
	if err != nil {
		return finish{}, err
	}
	defer r.unstage(p)
	paths, err := r.paths(ctx, p)
	if err != nil {
		return finish{}, err
	}
	report, err := r.lookAt(paths)
	if err != nil {
		return finish{}, err
	}
	if err := report.refuse(); err != nil {
		return finish{}, err
	}
	excludes, err := r.excludes(ctx, p, report.usable)
	if err != nil {
		return finish{}, err
	}
	row.Hostname, row.Paths = dev.Hostname, report.usable
	summary, err := r.command(o).Backup(ctx, restic.BackupOptions{
		Host: dev.Hostname, Tags: []string{tagOurs, tagApp(p.app.ID), tagConfig(p.configuration.ID)},
		Paths: report.usable, Excludes: excludes,
	}, r.report)
	if err != nil && !(errors.Is(err, restic.ErrIncomplete) && summary.SnapshotID != "") {
		return finish{}, err
	}
	r.fill(row, summary)
	return r.judge(ctx, o, p, row, report, summary)
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
			row.FailedFiles = append(row.FailedFiles, f.Item)
		}
	}
}

// judge decides whether a saved snapshot is whole. One that is not stays, amber, and where the source itself looks
// wrong retention is held back until somebody has looked.
func (r *run) judge(ctx context.Context, o opened, p plan, row *model.Snapshot, report sourceReport, s restic.Summary) (finish, error) {
	if s.TotalFiles == 0 {
		return finish{}, fail(model.CauseSourceEmpty, "Mount the disk or put the data back, then back up again.",
			"The source holds no files: %s.", strings.Join(report.usable, ", "))
	}
	row.Status = model.SnapshotSuccess
	out := store.Outcome{State: model.JobSuccess, Snapshot: row, Result: &model.Result{
		Files: s.TotalFiles, Bytes: s.TotalBytes, FilesNew: s.FilesNew, FilesChange: s.FilesChanged,
		DataAdded: s.DataAddedPacked, Errors: s.FailedCount,
	}}
	out.Cause, out.Message, out.Mend = r.doubt(ctx, o, p, *row, report)
	if out.Cause != "" {
		out.State, row.Status, row.ErrorMessage = model.JobPartial, model.SnapshotPartial, out.Message
		if out.Cause != model.CauseUnreadable {
			out.Freeze = out.Message
		}
	}
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
func (r *run) doubt(ctx context.Context, o opened, p plan, row model.Snapshot, report sourceReport) (model.Cause, string, string) {
	if len(report.missing) > 0 {
		return model.CauseSourceMissing, fmt.Sprintf("Saved without %s.", strings.Join(report.missing, ", ")),
			"Mount the disk or correct the app's folders; retention is held back until you confirm."
	}
	last, err := r.Store.LastGoodSnapshot(ctx, p.configuration.ID, r.job.DestinationID)
	if err == nil {
		if emptied := r.emptied(ctx, o, p.configuration, last, report.empty); len(emptied) > 0 {
			return model.CauseSourceEmpty, fmt.Sprintf("Nothing is left in %s.", strings.Join(emptied, ", ")),
				"Mount the disk or put the data back; retention is held back until you confirm."
		}
		if line := shrunk(p.configuration, last, row); line != "" {
			return model.CauseSourceShrunk, line, "Look whether anything is lost; retention is held back until you confirm."
		}
	} else if !errors.Is(err, model.ErrNotFound) {
		r.log.printf("The last good snapshot cannot be read: %v", err)
		return model.CauseInternal, "Saved, but it could not be compared with the last good snapshot.",
			"Look whether anything is lost; retention is held back until you confirm."
	}
	if row.FailedCount > 0 {
		return model.CauseUnreadable, fmt.Sprintf("Saved, but %d %s could not be read.", row.FailedCount, plural(row.FailedCount, "file", "files")),
			"The snapshot's page lists them; run Keepstead as a user who may read them, or exclude them."
	}
	return "", "", ""
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

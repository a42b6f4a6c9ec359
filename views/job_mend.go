package views

import (
	"context"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// jobMend is a page where the cause of a job's failure is mended. A primary one comes before trying again, which would
// fail once more.
type jobMend struct {
	Path, Text string
	Primary    bool
}

// jobMends are the ways from the notice of a job to what it names.
func jobMends(ctx context.Context, p JobProps) []jobMend {
	var out []jobMend
	app := func(primary bool) {
		if p.HasApp {
			out = append(out, jobMend{AppPath(p.Job.AppID), naming(ctx, "Open "+gap, p.Job.AppName), primary})
		}
	}
	place := func(primary bool) {
		if p.Job.DestinationID != uuid.Nil && p.Job.DestinationName != "" {
			out = append(out, jobMend{DestinationPath(p.Job.DestinationID), naming(ctx, "Open "+gap, p.Job.DestinationName), primary})
		}
	}
	switch p.Job.Cause {
	case model.CauseSourceMissing, model.CauseSourceEmpty:
		app(p.Job.State == model.JobFailed)
	case model.CauseUnreadable:
		if d := p.Device; d != nil && d.Kind == model.DeviceSSH && wantsSudo(*d) {
			out = append(out, jobMend{DevicePath(d.ID) + "#sudo", naming(ctx, "Rights on "+gap, d.Name), false})
		}
		app(false)
	case model.CauseSourceShrunk, model.CauseFrozen, model.CauseDump, model.CauseHook, model.CauseEngine:
		app(false)
	case model.CauseWrongPassword, model.CauseNoRepository, model.CauseOtherRepo, model.CauseDenied:
		place(true)
	case model.CauseLocked:
		if p.Job.DestinationID != uuid.Nil && p.Job.DestinationName != "" {
			out = append(out, jobMend{DestinationLocksPath(p.Job.DestinationID), lang.T(ctx, "Remove locks…"), false})
		}
	case model.CauseUnreachable, model.CauseDiskFull, model.CauseDamaged, model.CauseStalled, model.CauseTampered:
		place(false)
	case model.CauseDevice:
		if p.Device != nil {
			out = append(out, jobMend{DevicePath(p.Device.ID), naming(ctx, "Open "+gap, p.Device.Name), false})
		}
	}
	return out
}

// opensSnapshot says that a job saved or restores a snapshot that can be looked into.
func opensSnapshot(p JobProps) bool {
	return p.Snapshot != nil && p.Snapshot.Restorable() && (p.Job.Kind == model.JobBackup || p.Job.Kind == model.JobRestore)
}

// retryClass makes “Try again” the first thing to do where nothing else is.
func retryClass(ctx context.Context, p JobProps) string {
	if p.Job.State == model.JobPartial && opensSnapshot(p) {
		return ""
	}
	for _, w := range jobMends(ctx, p) {
		if w.Primary {
			return ""
		}
	}
	return "btn-primary"
}

// restoredTitle says of a restore that it is done: what is back.
func restoredTitle(app string, r model.Result) string {
	if r.Project != "" {
		return r.Project + " is back"
	}
	if app == "" {
		return "The files are back"
	}
	return "Files of " + app + " are back"
}

// restoredWords count what is back, by the result's own numbers.
func restoredWords(r model.Result) string {
	text := restoredParts(r)
	if r.Containers > 0 {
		text += ", " + ui.Plural(r.Containers, "healthy container", "healthy containers")
	}
	if r.Verified {
		text += ", all verified"
	}
	return text + "."
}

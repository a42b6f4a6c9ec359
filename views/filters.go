package views

import (
	"context"
	"slices"

	"github.com/a-h/templ"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// submits sends a filter's form as soon as a choice is made, where scripts run.
func submits() templ.Attributes { return templ.Attributes{"data-submit": true} }

// inWords puts the texts of options into the reader's language, where all of them are texts of ours.
func inWords(ctx context.Context, options []ui.Option) []ui.Option {
	out := slices.Clone(options)
	for i := range out {
		out[i].Text = lang.T(ctx, out[i].Text)
	}
	return out
}

// KnownActivity drops from a filter the kind and the state that there is no choice for: the page would show a choice that it
// does not follow.
func KnownActivity(q ActivityQuery) ActivityQuery {
	q.Kind, q.State = offered(q.Kind, kindOptions()), offered(q.State, stateOptions())
	return q
}

// KnownSnapshots does the same with the status of snapshots.
func KnownSnapshots(q SnapshotQuery) SnapshotQuery {
	q.Status = offered(q.Status, snapshotStatusOptions())
	return q
}

func offered(value string, options []ui.Option) string {
	if slices.ContainsFunc(options, func(o ui.Option) bool { return o.Value == value }) {
		return value
	}
	return ""
}

func kindOptions() []ui.Option {
	out := []ui.Option{{Text: "Backups, restores and problems"}, {Value: EveryKind, Text: "Everything"}}
	for _, k := range []model.JobKind{model.JobBackup, model.JobRestore, model.JobForget, model.JobPrune, model.JobCheck, model.JobSync, model.JobTamper, model.JobRotate, model.JobIndex} {
		out = append(out, ui.Option{Value: string(k), Text: kindWord(k)})
	}
	return out
}

func stateOptions() []ui.Option {
	out := []ui.Option{{Text: "Every status"}, {Value: "open", Text: "Open: queued or running"}}
	for _, s := range []model.JobState{
		model.JobQueued, model.JobRunning, model.JobSuccess, model.JobPartial, model.JobFailed, model.JobCancelled, model.JobInterrupted,
	} {
		out = append(out, ui.Option{Value: string(s), Text: ui.OfJob(s).Word})
	}
	return out
}

func snapshotStatusOptions() []ui.Option {
	out := []ui.Option{{Text: "Every status"}}
	for _, s := range []model.SnapshotStatus{model.SnapshotSuccess, model.SnapshotPartial, model.SnapshotFailed, model.SnapshotInProgress} {
		out = append(out, ui.Option{Value: string(s), Text: ui.OfSnapshot(s).Word})
	}
	return out
}

// appStatusOptions filter the list of apps by what their backups come to.
func appStatusOptions() []ui.Option {
	out := []ui.Option{{Text: "Every status"}, {Value: string(StatusUnsafe), Text: "Not safe"}}
	for _, s := range statuses() {
		out = append(out, ui.Option{Value: string(s), Text: ui.OfProtection(s).Word})
	}
	return append(out, ui.Option{Value: string(StatusGone), Text: ui.Gone().Word})
}

// appKindOptions filter the list of apps by what they are made of.
func appKindOptions() []ui.Option {
	out := []ui.Option{{Text: "Every kind"}}
	for _, k := range kinds() {
		out = append(out, ui.Option{Value: string(k), Text: kindName(k)})
	}
	return out
}

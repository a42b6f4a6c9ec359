package views

import (
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

// DesignProps is the page of all shared pieces.
type DesignProps struct {
	Chrome
}

func designNotices() []ui.State {
	var out []ui.State
	for _, s := range []model.Protection{model.Protected, model.Running, model.PartialSafe, model.FailedSafe, model.Frozen, model.Waiting} {
		out = append(out, ui.OfProtection(s))
	}
	return out
}

// designJobs are one job that runs, and one of each way to end.
func designJobs(p DesignProps) []JobItem {
	began, ended := p.Now.Add(-3*time.Hour), p.Now.Add(-3*time.Hour+130*time.Second)
	job := func(n byte, state model.JobState) model.Job {
		return model.Job{ID: uuid.UUID{n}, Kind: model.JobBackup, State: state, Trigger: model.TriggerSchedule, CreatedAt: began, StartedAt: &began}
	}
	running := JobItem{Job: job(1, model.JobRunning), AppName: "photos", DestinationName: "Backup disk", Progress: &model.Progress{
		Phase: "saving", Percent: 0.43, FilesDone: 21440, TotalFiles: 52318, BytesDone: 177 << 30, TotalBytes: 412 << 30, Rate: 84 << 20,
		Remaining: 48 * time.Minute, CurrentFiles: []string{"/srv/photos/2026/11/IMG_2026.heic"},
	}}
	out := []JobItem{running}
	for i, state := range []model.JobState{model.JobSuccess, model.JobPartial, model.JobFailed} {
		j := JobItem{Job: job(byte(i+2), state), AppName: "photos", DestinationName: "Backup disk"}
		j.FinishedAt, j.Result = &ended, &model.Result{Files: 52318, FilesNew: 31, Bytes: 412 << 30, DataAdded: 122 << 20}
		if state != model.JobSuccess {
			j.Message = "Why it ended so, in one sentence."
		}
		out = append(out, j)
	}
	return out
}

func designSteps(now time.Time) []model.Step {
	began, ended := now.Add(-time.Minute), now.Add(-50*time.Second)
	return []model.Step{
		{Title: "Take a safety snapshot", State: model.StepDone, Detail: "3 files", StartedAt: &began, FinishedAt: &ended},
		{Title: "Restore the volume photos_data", State: model.StepRunning, StartedAt: &ended},
		{Title: "Start the containers", State: model.StepWaiting},
	}
}

func designProbe() []model.ProbeStep {
	return []model.ProbeStep{
		{Name: "resolve", State: model.ProbeOK, Detail: "192.168.1.10", Duration: 2 * time.Millisecond},
		{Name: "credentials", State: model.ProbeFailed, Detail: "the key was refused", Duration: 80 * time.Millisecond},
		{Name: "write", State: model.ProbeSkipped},
	}
}

func designNodes(now time.Time) []model.Node {
	return []model.Node{
		{Path: "/srv/photos/2026", Name: "2026", Type: "dir", ModTime: now},
		{Path: "/srv/photos/film.mkv", Name: "film.mkv", Type: "file", Size: 5 << 30, ModTime: now.AddDate(0, -2, 0)},
		{Path: "/srv/photos/newest", Name: "newest", Type: "symlink", Target: "2026/11", ModTime: now},
	}
}

func designDays(now time.Time) []Day {
	var out []Day
	for i := range 60 {
		d := Day{Date: now.AddDate(0, 0, -i), Good: 1}
		switch i {
		case 12, 29:
			d = Day{Date: d.Date, Partial: 1}
		case 13:
			d = Day{Date: d.Date, Failed: 1}
		}
		out = append(out, d)
	}
	return out
}

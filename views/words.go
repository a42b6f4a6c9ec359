package views

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// kindWord says what a kind of job does.
func kindWord(k model.JobKind) string {
	switch k {
	case model.JobBackup:
		return "Back up"
	case model.JobRestore:
		return "Restore"
	case model.JobForget:
		return "Apply retention"
	case model.JobPrune:
		return "Free space"
	case model.JobCheck:
		return "Check"
	case model.JobSync:
		return "Read snapshots"
	case model.JobTamper:
		return "Tamper test"
	case model.JobRotate:
		return "Rotate key"
	case model.JobIndex:
		return "Index files"
	}
	return string(k)
}

// jobTitle names a job: “Back up immich → Backblaze”.
func jobTitle(j JobItem) string {
	title, where := kindWord(j.Kind), " in "
	switch {
	case j.Kind == model.JobBackup && j.AppName == "":
		where = " to "
	case j.Kind == model.JobBackup:
		where = " → "
	case j.Kind == model.JobRestore:
		where = " from "
	case j.Kind == model.JobForget && j.AppName != "":
		title += " to"
	case j.Kind == model.JobTamper || j.Kind == model.JobSync || j.Kind == model.JobRotate:
		where = " of "
	case j.Kind == model.JobCheck:
		where = " "
	}
	if j.AppName != "" {
		title += " " + j.AppName
	}
	if j.DestinationName == "" {
		return title
	}
	return title + where + j.DestinationName
}

// newsAt is when a job in a short list became what it is shown as: ended, or asked for.
func newsAt(j JobItem) time.Time {
	if j.FinishedAt != nil {
		return *j.FinishedAt
	}
	return j.CreatedAt
}

// withoutApp leaves the app's name out of the titles, for a list that is all of one app.
func withoutApp(jobs []JobItem) []JobItem {
	out := append([]JobItem(nil), jobs...)
	for i := range out {
		out[i].AppName = ""
	}
	return out
}

// withoutDestination leaves the destination's name out of the titles.
func withoutDestination(jobs []JobItem) []JobItem {
	out := append([]JobItem(nil), jobs...)
	for i := range out {
		out[i].DestinationName = ""
	}
	return out
}

// jobOutcome says in one line what a final job did, or why it did not.
func jobOutcome(j JobItem) string {
	if j.Message != "" {
		return j.Message
	}
	r := j.Result
	if r == nil {
		return triggerWord(j.Trigger)
	}
	switch j.Kind {
	case model.JobBackup:
		return ui.Plural(r.Files, "file", "files") + ", " + ui.Bytes(r.Bytes) + "; " + ui.Bytes(r.DataAdded) + " added"
	case model.JobRestore:
		if r.Project != "" {
			return restoredApp(*r)
		}
		text := ui.Plural(r.Files, "file or folder", "files and folders") + ", " + ui.Bytes(r.Bytes) + " restored"
		if r.Verified {
			text += " and verified"
		}
		return text
	case model.JobForget:
		return ui.Plural(r.Removed, "snapshot", "snapshots") + " forgotten, " + ui.Count(r.Kept) + " kept"
	case model.JobPrune:
		return ui.Bytes(r.Freed) + " freed"
	case model.JobCheck:
		if r.ReadData != "" {
			return "No errors; " + r.ReadData + " of the data was read"
		}
		return "No errors found"
	case model.JobTamper:
		return "Everything that was tried was refused"
	case model.JobRotate:
		return "A new password is in use; the old one opens nothing any more"
	case model.JobIndex:
		return ui.Plural(r.Indexed, "snapshot", "snapshots") + " indexed"
	}
	return ui.Plural(r.Imported, "snapshot", "snapshots") + " taken over, " + ui.Plural(r.Unlocked, "stale lock", "stale locks") + " removed"
}

// restoredApp says what the restore of an app brought back.
func restoredApp(r model.Result) string {
	text := "Project " + r.Project + ": " + restoredParts(r)
	if r.Containers > 0 {
		text += ", " + ui.Plural(r.Containers, "container", "containers") + " started"
	}
	return text
}

// restoredParts count the files and databases that are back.
func restoredParts(r model.Result) string {
	text := ui.Plural(r.Files, "file or folder", "files and folders")
	if r.Dumps > 0 {
		text += ", " + ui.Plural(r.Dumps, "database", "databases")
	}
	return text
}

// triggerWord says what asked for a job.
func triggerWord(t model.JobTrigger) string {
	switch t {
	case model.TriggerSchedule:
		return "By schedule"
	case model.TriggerCatchUp:
		return "Caught up after downtime"
	case model.TriggerManual:
		return "By hand"
	case model.TriggerAPI:
		return "By the API"
	case model.TriggerFollowUp:
		return "After a backup"
	case model.TriggerRecovery:
		return "Recovery after a stop"
	case model.TriggerRetry:
		return "Tried again"
	}
	return string(t)
}

// typeWord names a kind of destination.
func typeWord(t model.DestinationType) string {
	switch t {
	case model.DestinationS3:
		return "S3 storage"
	case model.DestinationSFTP:
		return "SFTP"
	}
	return "Folder"
}

// someOf joins the first names and counts the rest.
func someOf(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:n], ", ") + " and " + ui.Count(len(names)-n) + " more"
}

// nameOf finds a destination's name; one that is not there any more has none.
func nameOf(ctx context.Context, id uuid.UUID, destinations []model.Destination) string {
	for _, d := range destinations {
		if d.ID == id {
			return d.Name
		}
	}
	return lang.T(ctx, "a removed destination")
}

// size is the largest good snapshot of an app, of the incomplete ones where there is no good one, and whether there is
// one at all.
func size(a model.AppOverview) (int64, bool) {
	var most, part int64
	found, in := false, false
	for _, c := range a.Configurations {
		for _, v := range c.Coverage {
			if v.LastGoodAt != nil {
				most, found = max(most, v.LastGoodSize), true
			} else if v.PartialAt != nil {
				part, in = max(part, v.PartialSize), true
			}
		}
	}
	if !found {
		return part, in
	}
	return most, found
}

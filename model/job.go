package model

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// JobKind is what a job does.
type JobKind string

// The kinds of job.
const (
	JobBackup  JobKind = "backup"  // one configuration into one destination
	JobRestore JobKind = "restore" // one snapshot, or files of it, into a folder
	JobForget  JobKind = "forget"  // remove what retention lets go, for one configuration and destination
	JobPrune   JobKind = "prune"   // free the space of forgotten data in one destination
	JobCheck   JobKind = "check"   // prove a destination's repository consistent
	JobSync    JobKind = "sync"    // take over what the repository holds, clear our own stale locks
	JobTamper  JobKind = "tamper"  // try to destroy what a destination holds with what a device has in a job: all must be refused
	JobRotate  JobKind = "rotate"  // give a destination's repository a new password, and take the old key away
	JobIndex   JobKind = "index"   // read the file trees of a destination's snapshots, so that they can be searched
)

// Exclusive says whether the kind needs a repository alone; the others share it.
func (k JobKind) Exclusive() bool {
	return slices.Contains(ExclusiveKinds(), k)
}

// ExclusiveKinds lists the kinds that need a repository alone.
func ExclusiveKinds() []JobKind {
	return []JobKind{JobForget, JobPrune, JobCheck, JobTamper, JobRotate}
}

// JobState is where a job stands.
type JobState string

// The states of a job. Queued and running are open; the others are final.
const (
	JobQueued      JobState = "queued"
	JobRunning     JobState = "running"
	JobSuccess     JobState = "success"
	JobPartial     JobState = "partial"
	JobFailed      JobState = "failed"
	JobCancelled   JobState = "cancelled"
	JobInterrupted JobState = "interrupted" // Keepstead stopped or died while it ran
)

// Final says that the state never changes again.
func (s JobState) Final() bool { return s != JobQueued && s != JobRunning }

// JobTrigger is what asked for a job.
type JobTrigger string

// The triggers.
const (
	TriggerSchedule JobTrigger = "schedule"
	TriggerCatchUp  JobTrigger = "catch_up" // a slot missed while Keepstead was down
	TriggerManual   JobTrigger = "manual"   // a person
	TriggerAPI      JobTrigger = "api"      // the platform
	TriggerFollowUp JobTrigger = "follow_up"
	TriggerRecovery JobTrigger = "recovery"
	TriggerRetry    JobTrigger = "retry"
)

// Job is one piece of work. The table of jobs is the queue.
type Job struct {
	ID      uuid.UUID `bun:",pk"`
	Kind    JobKind
	State   JobState
	Trigger JobTrigger
	// What the job is about; nil ids where a kind has no such thing.
	ConfigurationID uuid.UUID `bun:",nullzero"`
	DestinationID   uuid.UUID `bun:",nullzero"`
	SnapshotID      uuid.UUID `bun:",nullzero"`
	AppID           uuid.UUID `bun:",nullzero"`
	DeviceID        uuid.UUID `bun:",nullzero"`
	// Slot is the schedule's moment that made the job; unique per configuration and destination.
	Slot *time.Time
	// Restore holds the options of a restore.
	Restore *Restore `bun:",nullzero"`
	// Result is what the job did, kept for the pages; final states only.
	Result  *Result   `bun:",nullzero"`
	RetryOf uuid.UUID `bun:",nullzero"`
	// Batch joins the backups of one configuration that were asked for together, one for each destination: they share one
	// capture of the app.
	Batch uuid.UUID `bun:",nullzero"`
	// Steps are the visible parts of a longer job, in order. Lists leave them out.
	Steps []Step `bun:",nullzero"`

	// Cause is a word for the failure (see Cause); Message the sentence; Mend what to do about it.
	Cause   Cause
	Message string
	Mend    string

	// The process that does the work, committed before it starts, so that a later Keepstead can find or bury it.
	PID      int
	PIDStart int64  // the kernel's start time of the process, in clock ticks since boot
	BootID   string // the kernel's boot id
	// PIDHost is the host name the process had: restic writes it into its locks, and a container made anew has another.
	PIDHost string

	CreatedAt  time.Time
	StartedAt  *time.Time
	FinishedAt *time.Time
}

// Duration is the time the job ran, up to now when it still does; zero before it started.
func (j Job) Duration(now time.Time) time.Duration {
	switch {
	case j.StartedAt == nil:
		return 0
	case j.FinishedAt != nil:
		return j.FinishedAt.Sub(*j.StartedAt)
	}
	return now.Sub(*j.StartedAt)
}

// Cause is a stable word for why a job failed, for pages, the API and tests.
type Cause string

// The causes.
const (
	CauseCancelled     Cause = "cancelled"
	CauseInterrupted   Cause = "interrupted"
	CauseSourceMissing Cause = "source_missing"
	CauseSourceEmpty   Cause = "source_empty"
	CauseSourceShrunk  Cause = "source_shrunk"
	CauseUnreadable    Cause = "files_unreadable"
	CauseNoRepository  Cause = "repository_missing"
	CauseOtherRepo     Cause = "repository_changed" // another repository stands where ours was
	CauseLocked        Cause = "repository_locked"
	CauseWrongPassword Cause = "wrong_password"
	CauseUnreachable   Cause = "destination_unreachable"
	CauseDevice        Cause = "device_unreachable" // the machine that the work is on
	CauseDenied        Cause = "access_denied"
	CauseDiskFull      Cause = "disk_full"
	CauseStalled       Cause = "stalled"
	CauseDamaged       Cause = "repository_damaged"
	CauseNothing       Cause = "nothing_restored"
	CauseTarget        Cause = "target"
	CauseFrozen        Cause = "retention_frozen"
	CauseRestic        Cause = "restic"
	CauseEngine        Cause = "engine"      // the container engine cannot be used, or refused
	CauseDump          Cause = "dump_failed" // a database could not be dumped whole
	CauseHook          Cause = "hook_failed" // a command before or after the capture
	CauseUnhealthy     Cause = "unhealthy"   // a restored app did not become healthy
	CauseImport        Cause = "import_failed"
	CauseIncomplete    Cause = "incomplete" // restored, but not all as it was
	CauseTampered      Cause = "tampered"   // an attempt to destroy what is stored was not refused
	CauseInternal      Cause = "internal"
)

// Result is what a finished job did; the fields of other kinds are zero.
type Result struct {
	Files       int    `json:"files,omitempty"`
	Bytes       int64  `json:"bytes,omitempty"`
	FilesNew    int    `json:"files_new,omitempty"`
	FilesChange int    `json:"files_changed,omitempty"`
	DataAdded   int64  `json:"data_added,omitempty"`
	Skipped     int    `json:"skipped,omitempty"`     // restore: already there and alike
	Verified    bool   `json:"verified,omitempty"`    // restore: read back and compared
	RestoredTo  string `json:"restored_to,omitempty"` // restore: the folder
	Kept        int    `json:"kept,omitempty"`        // forget
	Removed     int    `json:"removed,omitempty"`     // forget
	Freed       int64  `json:"freed,omitempty"`       // prune: bytes
	Imported    int    `json:"imported,omitempty"`    // sync: snapshots taken over
	Unlocked    int    `json:"unlocked,omitempty"`    // sync: stale locks of ours removed
	ReadData    string `json:"read_data,omitempty"`   // check: how much of the data was read, such as 5%
	Errors      int    `json:"errors,omitempty"`      // files that failed
	Quiet       int64  `json:"quiet_ms,omitempty"`    // backup: how long containers were stopped or paused, in milliseconds
	Dumps       int    `json:"dumps,omitempty"`       // databases dumped, or imported
	Containers  int    `json:"containers,omitempty"`  // restore of an app: started and healthy
	Project     string `json:"project,omitempty"`     // restore of an app: as which project
	Indexed     int    `json:"indexed,omitempty"`     // index: snapshots
	// SafetyID is the snapshot of the state that a restore replaced.
	SafetyID *uuid.UUID `json:"safety_id,omitempty"`
}

// Progress is how far a running job is. Zero totals are not known yet.
type Progress struct {
	JobID        uuid.UUID
	Phase        string  // checking scanning saving restoring verifying …
	Percent      float64 // 0 to 1
	FilesDone    int
	TotalFiles   int
	BytesDone    int64
	TotalBytes   int64
	Rate         float64 // bytes a second
	Remaining    time.Duration
	Errors       int
	CurrentFiles []string
	At           time.Time
}

// JobFilter selects jobs, newest first. Zero fields do not filter.
type JobFilter struct {
	Kinds           []JobKind
	States          []JobState
	AppID           uuid.UUID
	ConfigurationID uuid.UUID
	DestinationID   uuid.UUID
	SnapshotID      uuid.UUID
	// Telling leaves out the upkeep that went well: of kinds that run by themselves, what is open and what did
	// not succeed stays. It counts where Kinds is empty.
	Telling bool
	Page
}

// tellingKinds are those of which every job is news, whatever became of it.
func tellingKinds() []JobKind { return []JobKind{JobBackup, JobRestore, JobRotate} }

// KindsIn are the kinds that the filter asks for of the jobs in a state; none for all.
func (f JobFilter) KindsIn(state JobState) []JobKind {
	if len(f.Kinds) == 0 && f.Telling && state == JobSuccess {
		return tellingKinds()
	}
	return f.Kinds
}

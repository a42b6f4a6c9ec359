package views

import "github.com/google/uuid"

// The ids of live elements that stand once on a page. A server-sent event carries the id as its name and the element
// as its data.
const (
	NavRunningID         = "nav-running"
	HomeVerdictID        = "home-verdict"
	HomeNeedsID          = "home-needs"
	HomeRunningID        = "home-running"
	HomeNextID           = "home-next"
	HomeDestinationID    = "home-destinations"
	HomeCalendarID       = "home-calendar"
	HomeRecentID         = "home-recent"
	HomeStorageID        = "home-storage"
	HomeProofID          = "home-proof"
	HomeRuleID           = "home-rule"
	AppsListID           = "apps-list"
	AppsFoundID          = "apps-found"
	AppStateID           = "app-state"
	AppServicesID        = "app-services"
	AppMountsID          = "app-mounts"
	AppFilesID           = "app-files"
	AppSnapshotsID       = "app-snapshots"
	AppJobsID            = "app-jobs"
	DestinationsID       = "destinations-list"
	DestinationHeadID    = "destination-head"
	DestinationJobsID    = "destination-jobs"
	DestinationTamperID  = "destination-tamper"
	DestinationKeysID    = "destination-keys"
	S3RightsID           = "s3-rights"
	DestinationWindowID  = "destination-window"
	MaintenanceWindowID  = "maintenance-window"
	FailureDomainID      = "failure-domain"
	DestinationStorageID = "destination-storage"
	DevicesListID        = "devices-list"
	DeviceHeadID         = "device-head"
	DeviceHoldsID        = "device-holds"
	DeviceProbeID        = "device-probe"
	HostKeyID            = "host-key"
	PoliciesListID       = "policies-list"
	NotificationTestID   = "notification-test"
	SnapshotsListID      = "snapshots-list"
	SnapshotHeadID       = "snapshot-head"
	ContentsID           = "contents"
	ActivityListID       = "activity-list"
	ProbeID              = "probe"
	SchedulePreviewID    = "schedule-preview"
	PolicyLiveID         = "policy-live"
	RetentionPreviewID   = "retention-preview"
	ForecastID           = "forecast"
	RestorePlanID        = "restore-plan"
)

// JobProgressID names the full progress of a job, several times a second while it runs.
func JobProgressID(id uuid.UUID) string { return "job-progress-" + id.String() }

// JobBarID names the one-line progress of a job inside a list.
func JobBarID(id uuid.UUID) string { return "job-bar-" + id.String() }

// JobHeadID names the head of a job's page: state, cause, mend, buttons, facts.
func JobHeadID(id uuid.UUID) string { return "job-head-" + id.String() }

// JobStepsID names the steps of a job.
func JobStepsID(id uuid.UUID) string { return "job-steps-" + id.String() }

// JobLogID names the log of a job; its event's data is LogLines, appended.
func JobLogID(id uuid.UUID) string { return "job-log-" + id.String() }

// JobRowID names a job's row in a list.
func JobRowID(id uuid.UUID) string { return "job-row-" + id.String() }

// ChannelStateID names what a channel's row says of it.
func ChannelStateID(id uuid.UUID) string { return "channel-" + id.String() }

// ChannelTestID names the result of a test in a channel's row.
func ChannelTestID(id uuid.UUID) string { return "channel-test-" + id.String() }

// AppRowID names an app's row in the list of apps.
func AppRowID(id uuid.UUID) string { return "app-row-" + id.String() }

// ScopeLiveID names what a configuration includes and leaves out, with its preview.
func ScopeLiveID(id uuid.UUID) string { return "scope-" + id.String() }

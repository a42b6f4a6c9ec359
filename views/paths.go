package views

import (
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// The paths without parameters. Handlers register them, views link to them.
const (
	HomePath             = "/"
	SetupPath            = "/setup"
	SetupDestinationPath = "/setup/destination"
	SetupAppsPath        = "/setup/apps"
	SignInPath           = "/signin"
	SignInCodePath       = "/signin/code"
	SignOutPath          = "/signout"
	BackupAllPath        = "/backup"
	GoPath               = "/go"
	ManifestPath         = "/manifest.webmanifest"
	AppsPath             = "/apps"
	NewAppPath           = "/apps/new"
	DiscoverPath         = "/apps/discover"
	AcceptAllPath        = "/apps/accept"
	AppsBulkPath         = "/apps/bulk"
	DestinationsPath     = "/destinations"
	NewDestinationPath   = "/destinations/new"
	TestNewPath          = "/destinations/test"
	S3RightsPath         = "/destinations/s3-rights"
	ScanNewPath          = "/destinations/host-key"
	DevicesPath          = "/devices"
	NewDevicePath        = "/devices/new"
	ScanDevicePath       = "/devices/host-key"
	PoliciesPath         = "/policies"
	NewPolicyPath        = "/policies/new"
	NewPolicyPreviewPath = "/policies/preview"
	SnapshotsPath        = "/snapshots"
	ActivityPath         = "/activity"
	SettingsPath         = "/settings"
	KitPath              = "/settings/recovery-kit"
	NotificationsPath    = "/settings/notifications"
	NewNotificationPath  = "/settings/notifications/new"
	TestNotificationPath = "/settings/notifications/test"
	KeysPath             = "/settings/keys"
	KeysRotatePath       = KeysPath + "/rotate"
	AuditPath            = "/settings/audit"
	ReferencePath        = "/reference"
	PasswordPath         = "/settings/password"
	TwoFactorPath        = "/settings/two-factor"
	StartTwoFactorPath   = "/settings/two-factor/start"
	RecoveryCodesPath    = "/settings/two-factor/codes"
	TwoFactorOffPath     = "/settings/two-factor/off"
	UsersPath            = "/settings/users"
	TokensPath           = "/settings/tokens"
	SessionsPath         = "/settings/sessions"
	OtherSessionsPath    = "/settings/sessions/others/revoke"
	ThemePath            = "/settings/theme"
	AppearancePath       = "/settings/appearance"
	DiscoveryPath        = "/settings/discovery"
	DesignPath           = "/_ui"
)

// AppsOf is the list of apps of one status: a Protection, StatusGone or StatusUnsafe.
func AppsOf(status model.Protection) string {
	return withQuery(AppsPath, url.Values{"status": {string(status)}})
}

// NewAppOn is the form for folders of one device.
func NewAppOn(device uuid.UUID) string { return NewAppPath + "?device_id=" + device.String() }

// AppPath is the page of an app; its paths below are POST, unless said otherwise.
func AppPath(id uuid.UUID) string { return AppsPath + "/" + id.String() }

// AppBackupPath backs up all configurations of an app now.
func AppBackupPath(id uuid.UUID) string { return AppPath(id) + "/backup" }

// AppTogglePath turns the protection of an app on or off (field enabled: on or off).
func AppTogglePath(id uuid.UUID) string { return AppPath(id) + "/toggle" }

// AppForgetPath is GET for the question, POST for the act of forgetting an app.
func AppForgetPath(id uuid.UUID) string { return AppPath(id) + "/forget" }

// AppConfigurationsPath adds a configuration (field policy_id) to an app.
func AppConfigurationsPath(id uuid.UUID) string { return AppPath(id) + "/configurations" }

// AppAcceptPath protects an app that was found.
func AppAcceptPath(id uuid.UUID) string { return AppPath(id) + "/accept" }

// AppDeclinePath leaves an app that was found out; it is not asked about again.
func AppDeclinePath(id uuid.UUID) string { return AppPath(id) + "/decline" }

// AppCapturePath saves how the services of an app are captured (CaptureForm).
func AppCapturePath(id uuid.UUID) string { return AppPath(id) + "/capture" }

// AppBindPath takes a folder that an app mounts, or leaves it out (fields path, as FileValue, and take: on or off).
func AppBindPath(id uuid.UUID) string { return AppPath(id) + "/binds" }

// ConfigurationPath saves a configuration's scope, policy and retention.
func ConfigurationPath(id uuid.UUID) string { return "/configurations/" + id.String() }

// ConfigurationBackupPath backs up one configuration now.
func ConfigurationBackupPath(id uuid.UUID) string { return ConfigurationPath(id) + "/backup" }

// ConfigurationUnfreezePath lets retention go on for a frozen configuration.
func ConfigurationUnfreezePath(id uuid.UUID) string { return ConfigurationPath(id) + "/unfreeze" }

// ConfigurationDeletePath is GET for the question, POST to remove a configuration; its snapshots stay.
func ConfigurationDeletePath(id uuid.UUID) string { return ConfigurationPath(id) + "/delete" }

// ConfigurationPreviewPath says what the includes and excludes of a configuration match as typed, and saves nothing.
func ConfigurationPreviewPath(id uuid.UUID) string { return ConfigurationPath(id) + "/preview" }

// DestinationPath is the page of a destination.
func DestinationPath(id uuid.UUID) string { return DestinationsPath + "/" + id.String() }

// DestinationEditPath is GET for the form, POST to save it.
func DestinationEditPath(id uuid.UUID) string { return DestinationPath(id) + "/edit" }

// DestinationTestPath tests a destination: as stored, or as the edit form has it.
func DestinationTestPath(id uuid.UUID) string { return DestinationPath(id) + "/test" }

// DestinationTogglePath enables or disables a destination (field enabled: on or off).
func DestinationTogglePath(id uuid.UUID) string { return DestinationPath(id) + "/toggle" }

// DestinationMaintainPath starts upkeep: kind is check, prune or sync.
func DestinationMaintainPath(id uuid.UUID, kind string) string {
	return DestinationPath(id) + "/" + kind
}

// DestinationLocksPath is GET for the locks and the question, POST to remove those that are chosen.
func DestinationLocksPath(id uuid.UUID) string { return DestinationPath(id) + "/locks" }

// DestinationKeysPath is GET for the keys of a repository, POST to add one of a person's own.
func DestinationKeysPath(id uuid.UUID) string { return DestinationPath(id) + "/keys" }

// DestinationRotatePath gives a repository a new password.
func DestinationRotatePath(id uuid.UUID) string { return DestinationKeysPath(id) + "/rotate" }

// DestinationKeyRemovePath is GET for the question, POST for the act of removing a key.
func DestinationKeyRemovePath(id uuid.UUID, key string) string {
	return DestinationKeysPath(id) + "/" + key + "/remove"
}

// DestinationRemovePath is GET for the question, POST for the act.
func DestinationRemovePath(id uuid.UUID) string { return DestinationPath(id) + "/remove" }

// NotificationPath is GET for the form of a channel, POST to save it.
func NotificationPath(id uuid.UUID) string { return NotificationsPath + "/" + id.String() }

// NotificationTestPath sends a test to a channel: as stored, or as the form has it.
func NotificationTestPath(id uuid.UUID) string { return NotificationPath(id) + "/test" }

// NotificationTogglePath switches a channel on or off (field enabled: on or off).
func NotificationTogglePath(id uuid.UUID) string { return NotificationPath(id) + "/toggle" }

// NotificationDeletePath is GET for the question, POST for the act.
func NotificationDeletePath(id uuid.UUID) string { return NotificationPath(id) + "/delete" }

// PolicyPath is GET for the editor, POST to save it.
func PolicyPath(id uuid.UUID) string { return PoliciesPath + "/" + id.String() }

// PolicyPreviewPath says what a policy as typed comes to, and saves nothing.
func PolicyPreviewPath(id uuid.UUID) string { return PolicyPath(id) + "/preview" }

// PolicyDeletePath is GET for the question, POST to delete a policy that nothing uses.
func PolicyDeletePath(id uuid.UUID) string { return PolicyPath(id) + "/delete" }

// SnapshotPath is the page of a snapshot.
func SnapshotPath(id uuid.UUID) string { return SnapshotsPath + "/" + id.String() }

// SnapshotDirPath is the page of a snapshot with one folder open.
func SnapshotDirPath(id uuid.UUID, dir string) string {
	return SnapshotPath(id) + "?dir=" + url.QueryEscape(dir) + "#files"
}

// SnapshotFilesPath is the fragment with one folder's entries.
func SnapshotFilesPath(id uuid.UUID, dir string) string {
	return SnapshotPath(id) + "/files?dir=" + url.QueryEscape(dir)
}

// DownloadFormPath takes what shall be downloaded (field path, as FileValue); a folder as the archive.
func DownloadFormPath(id uuid.UUID, archive model.Archive) string {
	if archive == model.ArchiveNone {
		return SnapshotPath(id) + "/download"
	}
	return SnapshotPath(id) + "/download?format=" + string(archive)
}

// DownloadPath is where a download comes from, once.
func DownloadPath(token string) string { return "/downloads/" + token }

// FilePreviewPath is the page that shows the beginning of a file.
func FilePreviewPath(id uuid.UUID, file string) string {
	return SnapshotPath(id) + "/preview?path=" + url.QueryEscape(file)
}

// PicturePath is the image on that page.
func PicturePath(id uuid.UUID, file string) string {
	return SnapshotPath(id) + "/preview/image?path=" + url.QueryEscape(file)
}

// SnapshotContentsPath is the fragment that says what a snapshot of an app holds.
func SnapshotContentsPath(id uuid.UUID) string { return SnapshotPath(id) + "/contents" }

// RestorePath is GET for the form (query file, repeated), POST to start it.
func RestorePath(id uuid.UUID) string { return SnapshotPath(id) + "/restore" }

// RestorePlanPath answers with the plan of the restore form as it stands.
func RestorePlanPath(id uuid.UUID) string { return RestorePath(id) + "/plan" }

// SnapshotForgetPath is GET for the question, POST for the act.
func SnapshotForgetPath(id uuid.UUID) string { return SnapshotPath(id) + "/forget" }

// JobPath is the page of a job.
func JobPath(id uuid.UUID) string { return "/jobs/" + id.String() }

// JobCancelPath cancels a job.
func JobCancelPath(id uuid.UUID) string { return JobPath(id) + "/cancel" }

// JobRetryPath runs a job again.
func JobRetryPath(id uuid.UUID) string { return JobPath(id) + "/retry" }

// JobLogPath is the whole log as text.
func JobLogPath(id uuid.UUID) string { return JobPath(id) + "/log" }

// UserRemovePath is GET for the question, POST for the act.
func UserRemovePath(id uuid.UUID) string { return UsersPath + "/" + id.String() + "/remove" }

// TokenRevokePath is GET for the question, POST for the act.
func TokenRevokePath(id uuid.UUID) string { return TokensPath + "/" + id.String() + "/revoke" }

// SessionRevokePath revokes a session, named by the hexadecimal hash of its id.
func SessionRevokePath(hash string) string { return SessionsPath + "/" + hash + "/revoke" }

// SnapshotsOf is the list of snapshots with a filter; zero values do not filter.
func SnapshotsOf(app, destination uuid.UUID) string {
	q := url.Values{}
	addID(q, "app_id", app)
	addID(q, "destination_id", destination)
	return withQuery(SnapshotsPath, q)
}

// SnapshotsOn is the list of the snapshots of one day, in the zone of the page.
func SnapshotsOn(day time.Time) string {
	at := day.Format(time.DateOnly)
	return withQuery(SnapshotsPath, url.Values{"from": {at}, "to": {at}})
}

// ActivityOf is the list of jobs with a filter; zero values do not filter.
func ActivityOf(app, destination uuid.UUID, state string) string {
	q := url.Values{}
	addID(q, "app_id", app)
	addID(q, "destination_id", destination)
	if state != "" {
		q.Set("state", state)
	}
	return withQuery(ActivityPath, q)
}

// LivePath is the stream of a view: home, apps, app, destinations, destination, policies, snapshots, snapshot,
// activity, job or shell (only what every page shows). id is uuid.Nil where the view has none.
func LivePath(view string, id uuid.UUID) string {
	if id == uuid.Nil {
		return "/live/" + view
	}
	return "/live/" + view + "/" + id.String()
}

// FileValue writes a path of a snapshot as a form value: browsers change line breaks and odd bytes, not this.
func FileValue(p string) string { return url.QueryEscape(p) }

// FilePath reads what FileValue wrote.
func FilePath(value string) (string, error) { return url.QueryUnescape(value) }

func addID(q url.Values, key string, id uuid.UUID) {
	if id != uuid.Nil {
		q.Set(key, id.String())
	}
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// under says whether path is root or lies below it, for the mark in the navigation.
func under(path, root string) bool {
	return path == root || root != HomePath && strings.HasPrefix(path, root+"/")
}

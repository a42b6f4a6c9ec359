package views

import (
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

// SetupProps is the first step of the first start: who you are. POST SetupPath: code, name, password.
type SetupProps struct {
	Chrome
	Code, Name string
	Errors     model.Invalids
}

// SetupDestinationProps is the second step: where backups go. POST SetupDestinationPath, the fields of DestinationForm.
type SetupDestinationProps struct {
	Chrome
	Form    DestinationForm // Path prefilled with a folder of this machine that works
	Devices []model.Device
	Errors  model.Invalids
	Probe   *model.Probe // after a test
}

// SetupAppsProps is the third step: what is protected. POST SetupAppsPath: name, paths (may be empty).
type SetupAppsProps struct {
	Chrome
	Form   AppForm
	Apps   []model.AppOverview // what there is already: the system parts
	Errors model.Invalids
}

// SignInProps is the sign-in page. POST SignInPath: name, password, next.
type SignInProps struct {
	Chrome
	Name, Next string
	Error      string // one sentence over the form
}

// SignInCodeProps is the second step of the sign-in. POST SignInCodePath: code, next.
type SignInCodeProps struct {
	Chrome
	Next  string
	Error string // one sentence over the form
}

// HomeProps is the first page; its live fragments take the same props.
type HomeProps struct {
	Chrome
	Apps         []model.AppOverview
	Destinations []model.Destination
	Open         []JobItem // running and queued jobs, running first
	Recent       []JobItem // newest final jobs, at most 8
	Days         []Day     // the last 90 days, oldest first; a missing day had nothing
	Devices      []model.Device
	Found        map[uuid.UUID]model.FoundCounts // by app, of those made of containers
	Samples      []model.StorageSample           // of all destinations, the last 90 days
	Channels     []ChannelItem
	Upkeep       map[uuid.UUID][]model.Upkeep // by destination, of those with a window
	Rotations    map[uuid.UUID]bool           // the destinations whose rotation is queued or running, or goes on by itself
}

// Day is what became of one day's backups, in the page's zone.
type Day struct {
	Date                  time.Time
	Good, Partial, Failed int
}

// AppsProps is the list of apps; AppsList takes the same.
type AppsProps struct {
	Chrome
	Apps         []model.AppOverview // already filtered
	Total        int                 // before the filter
	Destinations []model.Destination
	Pending      []model.AppOverview // found, and not decided upon; not among Apps
	Devices      []model.Device
	Policies     []model.Policy                  // that the chosen apps can be given
	Counts       map[uuid.UUID]AppCount          // by device, before the filter
	Found        map[uuid.UUID]model.FoundCounts // by app, of those made of containers
	Query        string                          // query q
	Status       model.Protection                // query status; empty for all, StatusGone for apps that are gone
	Kind         model.AppKind                   // query kind; empty for all
	Page         int                             // query page, from 1; what lies behind the last shows the last
	Progress     map[uuid.UUID]model.Progress
}

// StatusGone filters the list of apps for those whose source is no longer there.
const StatusGone = model.Protection("gone")

// StatusUnsafe filters it for those that are on and that Home does not count as safe.
const StatusUnsafe = model.Protection("unsafe")

// AppRowProps is one row of the list of apps. Progress is by job id.
type AppRowProps struct {
	ui.Clock
	Found        model.FoundCounts
	App          model.AppOverview
	Destinations []model.Destination
	Progress     map[uuid.UUID]model.Progress
}

// AppNewProps is the form for folders to protect. POST AppsPath: name, paths, device_id.
type AppNewProps struct {
	Chrome
	Form    AppForm
	Devices []model.Device
	Errors  model.Invalids
}

// AppProps is the page of an app; AppState, AppSnapshots and AppJobs take the same.
type AppProps struct {
	Chrome
	App          model.AppOverview
	Policies     []model.Policy
	Destinations []model.Destination
	Snapshots    []SnapshotItem // newest, at most 10
	Jobs         []JobItem      // newest, at most 10
	Progress     map[uuid.UUID]model.Progress
	// After a refused form: what was typed and why it was refused. AppForm nil and ConfigurationForm nil otherwise.
	AppForm           *AppForm
	ConfigurationForm *ConfigurationForm
	ConfigurationID   uuid.UUID // which configuration ConfigurationForm belongs to
	Scope             *model.ScopePreview
	CaptureForm       *CaptureForm
	Errors            model.Invalids
}

// ConfirmProps asks once, in words, before something is lost. POST to Action.
type ConfirmProps struct {
	Chrome
	Heading string
	Removes bool     // what Lost names is taken away and can be had again; it is lost otherwise
	Lost    []string // sentences: what will be lost
	Stays   []string // sentences: what stays
	Note    string   // a sentence about both, may be empty
	Action  string   // where the form posts to
	Button  string   // the act in words: “Remove destination”
	Keep    string   // the way out in words; empty for “Keep it”
	Back    string   // where that leads
	// BackName is the name of what Back shows, as somebody gave it; empty for Settings.
	BackName string
}

// DestinationsProps is the list of destinations; DestinationsList takes the same.
type DestinationsProps struct {
	Chrome
	Destinations []model.Destination
	Devices      []model.Device
	Policies     []model.Policy
	Open         []JobItem // open jobs, to show what runs where
}

// DestinationFormProps is the form to add a destination, or to edit one when Destination is not nil.
type DestinationFormProps struct {
	Chrome
	Destination *model.Destination
	Form        DestinationForm
	Devices     []model.Device
	Errors      model.Invalids
	Probe       *model.Probe // after a test
	Zones       []string     // offered time zones
	ServerZone  string
}

// DestinationProps is the page of a destination; DestinationHead and DestinationJobs take the same.
type DestinationProps struct {
	Chrome
	Destination model.Destination
	Device      model.Device          // of a folder
	Policies    []model.Policy        // that write to it
	Jobs        []JobItem             // newest, at most 10; open ones among them
	Probe       *model.Probe          // after a test
	Samples     []model.StorageSample // of the last 90 days
	Upkeep      []model.Upkeep        // what it gets by itself
}

// PoliciesProps is the list of policies; PoliciesList takes the same.
type PoliciesProps struct {
	Chrome
	Policies     []model.Policy
	Destinations []model.Destination
	Used         map[uuid.UUID]int   // how many apps follow a policy
	Apps         []model.AppOverview // where a policy has jitter: which app is the first decides on the next run
	Discovery    string              // what becomes of a new app: model.DiscoverProtect or DiscoverAsk
}

// PolicyProps is the editor. POST PoliciesPath for a new policy (Policy nil), else PolicyPath.
type PolicyProps struct {
	Chrome
	Policy       *model.Policy
	Form         PolicyForm
	Destinations []model.Destination
	Apps         []model.App // that follow it
	Zones        []string    // offered time zones
	ServerZone   string
	Errors       model.Invalids
	Days         int                   // that the simulator looks ahead
	Kept         model.Retention       // as read from the form
	Simulation   *model.Simulation     // nil where the form cannot be read
	Forecast     *model.PolicyForecast // nil for a new policy, too
	Conflict     *PolicyConflict       // somebody else was faster
}

// SchedulePreviewProps is the schedule in words with its next runs.
type SchedulePreviewProps struct {
	ui.Clock
	Words  string
	Jitter time.Duration // that each app starts later at most
	Runs   []time.Time   // in the policy's zone, at most 5
	Errors model.Invalids
}

// SnapshotsProps is the list of snapshots; SnapshotsList takes the same. Query: app_id device_id destination_id status from
// to (dates, both included) and cursor.
type SnapshotsProps struct {
	Chrome
	Snapshots    []SnapshotItem
	Apps         []model.App
	Destinations []model.Destination
	Devices      []model.Device
	Filter       SnapshotQuery
	Any          bool // there are snapshots, where none of them is in Snapshots
	Paging       Paging
}

// SnapshotQuery is the filter as it stands in the URL.
type SnapshotQuery struct {
	AppID         string `query:"app_id"`
	DestinationID string `query:"destination_id"`
	DeviceID      string `query:"device_id"`
	Status        string `query:"status"`
	From          string `query:"from"` // 2006-01-02
	To            string `query:"to"`
}

// SnapshotProps is the page of a snapshot; SnapshotHead takes the same. Query: dir.
type SnapshotProps struct {
	Chrome
	Snapshot SnapshotItem
	App      model.App
	Files    SnapshotFilesProps
	JobID    uuid.UUID     // the backup job that made it, nil id when unknown
	Device   *model.Device // whose files it holds, nil for one that is no longer known
	Contents ContentsProps
}

// ContentsProps is what a snapshot of an app made of containers holds; zero for other snapshots.
type ContentsProps struct {
	ui.Clock
	SnapshotID uuid.UUID
	Contents   *model.Contents
	// Later says that it was not read: the page shows at once, and asks for it itself. Error says why it cannot be shown.
	Later bool
	Error string
}

// SnapshotFilesProps is one folder of a snapshot. Error says why it cannot be shown.
type SnapshotFilesProps struct {
	ui.Clock
	SnapshotID uuid.UUID
	Dir        string // absolute; / is the top
	Nodes      []model.Node
	Total      int    // entries of the whole folder
	Next       string // where the next page begins; empty on the last
	Error      string
	// Later says that the folder was not read: the page shows at once, and asks for the entries itself.
	Later bool
}

// PreviewProps is the beginning of one file of a snapshot. Error says why it cannot be shown.
type PreviewProps struct {
	Chrome
	SnapshotID uuid.UUID
	AppID      uuid.UUID // nil id for an app that is no longer known
	AppName    string
	TakenAt    time.Time
	Path       string
	Preview    model.Preview
	Error      string
}

// RestoreProps is the form of a restore. POST RestorePath: file (repeated, FileValue), where, target_path,
// target_device_id.
type RestoreProps struct {
	Chrome
	Snapshot SnapshotItem
	App      model.App
	Device   model.Device   // that the app lives on
	Devices  []model.Device // to choose from
	Form     RestoreForm    // Target prefilled
	Errors   model.Invalids
	Plan     *model.RestorePlan // nil before it was asked for
	Missing  bool               // none of the chosen files is where it was
	// SavedFiles says that the snapshot holds just the files that a restore was about to overwrite.
	SavedFiles bool
	// Contents is what a snapshot of an app made of containers holds; nil for others, and where it cannot be read.
	Contents *model.Contents
	// Replaced names what a restore of the whole app replaces, as its plan does: volumes, folders and databases.
	Replaced []string
	// Damaged says that the app is gone, or that a service of it does not run.
	Damaged bool
}

// RestorePlanProps is the answer of RestorePlanPath.
type RestorePlanProps struct {
	Plan    *model.RestorePlan
	InPlace bool
	Errors  model.Invalids
}

// ActivityProps is the list of jobs; ActivityList takes the same. Query: kind state app_id destination_id cursor.
type ActivityProps struct {
	Chrome
	Jobs         []JobItem
	Apps         []model.App
	Destinations []model.Destination
	Filter       ActivityQuery
	Any          bool // there are jobs, where none of them is in Jobs
	Paging       Paging
}

// ActivityQuery is the filter as it stands in the URL.
type ActivityQuery struct {
	Kind          string `query:"kind"`  // a JobKind, or EveryKind; empty for backups, restores and problems
	State         string `query:"state"` // a JobState, or open
	AppID         string `query:"app_id"`
	DestinationID string `query:"destination_id"`
}

// EveryKind is the kind of ActivityQuery that leaves nothing out.
const EveryKind = "all"

// JobProps is the page of a job; JobHead takes the same.
type JobProps struct {
	Chrome
	Job      JobItem
	Log      []string      // the newest lines, at most MaxLogLines
	Clipped  bool          // the log has more lines than Log
	Snapshot *SnapshotItem // that the job made or restores, nil for none
	Device   *model.Device // that it backs up or restores to, nil for upkeep
	HasApp   bool          // its app is known and has a page
}

// MaxLogLines bounds the lines that the job page holds; the whole log is at JobLogPath.
const MaxLogLines = 500

// SettingsProps is the page of settings. The forms: PasswordPath (current_password, password), UsersPath (name,
// password), TokensPath (name), TokenRevokePath, SessionRevokePath, OtherSessionsPath, ThemePath (theme, next).
type SettingsProps struct {
	Chrome
	Users []model.User
	// TwoFactor are the users whose sign-in asks for a code; CodeToo says that this user’s does.
	TwoFactor map[uuid.UUID]bool
	CodeToo   bool
	Tokens    []model.Token
	Sessions  []model.Session
	Current   []byte // IDHash of this browser's session
	NewToken  string // shown once, right after it was made
	// NewTokenName is the name of NewToken.
	NewTokenName string
	Form         string // which form was refused: password, user, token or appearance
	Name         string // what was typed there
	Errors       model.Invalids
	Device       model.Device // this machine, for “About”
	// Destinations are those that the recovery kit is for, and that hold the parts of Keepstead.
	Destinations []model.Destination
	Channels     []ChannelItem
	System       []model.AppOverview // Keepstead's own database and settings
	Keys         model.OwnKeys
	DataDir      string
	// Discovery is what becomes of a new app: protect or ask.
	Discovery string
	// Appearance is how the pages are now, or what was typed when the form was refused.
	Appearance  AppearanceForm
	Zones       []string // offered time zones
	BrowserZone string   // as the browser told it; empty before that
}

// AppearanceForm says how times are shown, and in which language the texts are. POST AppearancePath.
type AppearanceForm struct {
	TimeZone string `form:"time_zone"`
	Hours    string `form:"hours"`
	Dates    string `form:"dates"`
	Language string `form:"language"`
}

// ErrorProps is a page for what went wrong, with a way on.
type ErrorProps struct {
	Chrome
	Status    int
	Sentence  string // empty takes the status's own
	RequestID string
}

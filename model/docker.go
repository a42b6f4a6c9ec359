package model

import (
	"time"

	"github.com/google/uuid"
)

// EngineState says whether the container engine of a device can be used.
type EngineState string

// The states of an engine.
const (
	EngineReady     EngineState = "ready"
	EngineAbsent    EngineState = "absent"    // no socket where one is expected
	EngineDown      EngineState = "down"      // a socket, but nobody answers
	EngineForbidden EngineState = "forbidden" // Keepstead may not use the socket
	EngineTooOld    EngineState = "too_old"
	EngineOff       EngineState = "off" // switched off by the configuration
)

// Engine is what a device's container engine said of itself at the last look.
type Engine struct {
	State      EngineState `json:"state"`
	Version    string      `json:"version,omitempty"`
	APIVersion string      `json:"api_version,omitempty"`
	RootDir    string      `json:"root_dir,omitempty"` // where it keeps volumes, as the host names it
	Containers int         `json:"containers"`
	// Message and Mend say why it cannot be used, or what is missing, and what to do.
	Message string `json:"message,omitempty"`
	Mend    string `json:"mend,omitempty"`
	// Self is the id of the container Keepstead itself runs in; empty when it runs in none.
	Self   string    `json:"self,omitempty"`
	SeenAt time.Time `json:"seen_at"`
}

// Strategy is how data is captured while its writer lives.
type Strategy string

// The strategies, gentlest on the app first.
const (
	StrategyDump  Strategy = "dump"  // the database writes a consistent copy of itself; nothing stops
	StrategyHot   Strategy = "hot"   // files are read as they are
	StrategyPause Strategy = "pause" // processes are frozen while files are read
	StrategyStop  Strategy = "stop"  // containers are stopped while files are read
)

// Strategies lists them in the order the pages offer them.
func Strategies() []Strategy {
	return []Strategy{StrategyDump, StrategyHot, StrategyPause, StrategyStop}
}

// DatabaseKind is a database that Keepstead knows how to dump.
type DatabaseKind string

// The databases.
const (
	Postgres DatabaseKind = "postgres"
	MySQL    DatabaseKind = "mysql"
	MariaDB  DatabaseKind = "mariadb"
	MongoDB  DatabaseKind = "mongodb"
	Redis    DatabaseKind = "redis"
	Valkey   DatabaseKind = "valkey"
	SQLite   DatabaseKind = "sqlite"
)

// Title is the name people know the database by.
func (k DatabaseKind) Title() string {
	switch k {
	case Postgres:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	case MariaDB:
		return "MariaDB"
	case MongoDB:
		return "MongoDB"
	case Redis:
		return "Redis"
	case Valkey:
		return "Valkey"
	case SQLite:
		return "SQLite"
	}
	return string(k)
}

// Found is what discovery learnt of an app made of containers. It holds no value of an environment variable.
type Found struct {
	// WorkingDir and ConfigFiles are where the project's compose files are, as the host names them; Profiles and
	// EnvFiles what they were started with and read.
	WorkingDir  string   `json:"working_dir,omitempty"`
	ConfigFiles []string `json:"config_files,omitempty"`
	EnvFiles    []string `json:"env_files,omitempty"`
	Profiles    []string `json:"profiles,omitempty"`
	// ComposeError says why the files could not be read or understood; a compose file is then made from the containers.
	ComposeError string `json:"compose_error,omitempty"`

	Services []FoundService `json:"services"`
	Mounts   []FoundMount   `json:"mounts"` // every volume and bind mount, the ones left out too
	Networks []string       `json:"networks,omitempty"`
	// Problems are what is wrong with the keepstead.* labels, each in a sentence.
	Problems []string `json:"problems,omitempty"`
	// Labels are the keepstead.* labels that hold for the whole app, without the prefix.
	Labels map[string]string `json:"labels,omitempty"`
	// IDs are those of the containers, by which a renamed one is known again.
	IDs []string `json:"ids,omitempty"`
	// Self says that Keepstead itself is one of the containers.
	Self   bool      `json:"self,omitempty"`
	SeenAt time.Time `json:"seen_at"`
}

// FoundService is one service of a project, or a lone container.
type FoundService struct {
	Name       string   `json:"name"`
	Image      string   `json:"image"`
	Digest     string   `json:"digest,omitempty"` // name@sha256:…, empty for an image that came from no registry
	Containers []string `json:"containers"`       // names
	Running    int      `json:"running"`          // how many of them run
	State      string   `json:"state"`            // the engine's word: running exited paused restarting created dead
	Health     string   `json:"health,omitempty"` // starting healthy unhealthy, or empty without a health check
	// Database is what was recognised, and DatabaseWhy by what.
	Database    DatabaseKind `json:"database,omitempty"`
	DatabaseWhy string       `json:"database_why,omitempty"`
	// Strategy is in force; Why says how it was chosen, in a sentence; Origin is auto, label or person.
	Strategy Strategy          `json:"strategy"`
	Why      string            `json:"why"`
	Origin   string            `json:"origin"`
	Labels   map[string]string `json:"labels,omitempty"` // keepstead.* labels without the prefix
	Self     bool              `json:"self,omitempty"`
	// DependsOn names the services that must be up before this one.
	DependsOn []string `json:"depends_on,omitempty"`
	Ports     []string `json:"ports,omitempty"` // as published: 127.0.0.1:8080->80/tcp
}

// MountKind is what a mount is made of.
type MountKind string

// The kinds of mount.
const (
	MountVolume MountKind = "volume"
	MountBind   MountKind = "bind"
)

// MountRole says what becomes of a mount in a backup.
type MountRole string

// The roles.
const (
	RoleData   MountRole = "data"   // captured as files
	RoleDumped MountRole = "dumped" // left out because its database is dumped
	RoleLeft   MountRole = "left"   // left out, see Why
	RoleAsk    MountRole = "ask"    // left out until somebody decides, see Why
	RoleLost   MountRole = "lost"   // wanted, but Keepstead cannot read it, see Why
)

// FoundMount is a volume or a bind mount and what becomes of it.
type FoundMount struct {
	Kind      MountKind `json:"kind"`
	Name      string    `json:"name,omitempty"` // of a volume
	Anonymous bool      `json:"anonymous,omitempty"`
	Driver    string    `json:"driver,omitempty"`
	// Source is the path on the host; Path the same as Keepstead sees it, empty when it cannot.
	Source string `json:"source"`
	Path   string `json:"path,omitempty"`
	// Users are the services that mount it, each as service:/path/inside.
	Users    []string  `json:"users"`
	ReadOnly bool      `json:"read_only,omitempty"`
	Role     MountRole `json:"role"`
	Why      string    `json:"why,omitempty"`
	// Without are paths in it, as Keepstead sees them, that are left out because their database is dumped.
	Without []string `json:"without,omitempty"`
	Bytes   int64    `json:"bytes,omitempty"` // where it was measured
}

// Label is the text a person knows the mount by.
func (m FoundMount) Label() string {
	if m.Kind == MountVolume {
		return m.Name
	}
	return m.Source
}

// Capture holds what a person chose for an app made of containers; zero values leave the choice to Keepstead.
type Capture struct {
	// Strategies by service.
	Strategies map[string]Strategy `json:"strategies,omitempty"`
	// Binds by path on the host: true takes it, false leaves it out.
	Binds map[string]bool `json:"binds,omitempty"`
	// RawToo keeps the raw data folder of a dumped database as well.
	RawToo bool `json:"raw_too,omitempty"`
	// Hooks by service.
	Hooks map[string]Hooks `json:"hooks,omitempty"`
}

// Hooks are commands that run in a service's container around its capture, by its own /bin/sh -c.
type Hooks struct {
	Pre     string `json:"pre,omitempty"`
	Post    string `json:"post,omitempty"`
	Timeout int    `json:"timeout,omitempty"` // seconds, 0 means DefaultHookTimeout
	// OnFailure is fail (the default: no backup is made) or go_on (the backup is marked partial).
	OnFailure string `json:"on_failure,omitempty"`
}

// DefaultHookTimeout is how long a hook may run, in seconds.
const DefaultHookTimeout = 300

// UndoAction is how to put back what a job did to an app.
type UndoAction string

// The actions. Each is safe to repeat and safe when the thing is gone.
const (
	UndoStart           UndoAction = "start"            // Target: a container that was running
	UndoUnpause         UndoAction = "unpause"          // Target: a container that was running
	UndoPutBack         UndoAction = "put_back"         // Target: a folder whose content was set aside in Aside
	UndoDropAside       UndoAction = "drop_aside"       // Aside: what a restore that succeeded had set aside
	UndoRemoveContainer UndoAction = "remove_container" // Target: one the job made
	UndoRemoveVolume    UndoAction = "remove_volume"    // Target: one the job made
	UndoRemoveNetwork   UndoAction = "remove_network"   // Target: one the job made
	UndoRemoveFolder    UndoAction = "remove_folder"    // Target: a folder the job made
	UndoRename          UndoAction = "rename"           // Target: a container whose name, now another's, was Name
	UndoImport          UndoAction = "import"           // Target: a container whose databases were replaced; Aside: where their dumps are
	UndoStop            UndoAction = "stop"             // Target: a container the job started on what is put back next
	UndoHook            UndoAction = "hook"             // Target: a container whose pre command ran; Aside: its post command
)

// Undo is one act of a job that must be taken back, written before the act.
type Undo struct {
	ID       uuid.UUID `bun:",pk"`
	JobID    uuid.UUID
	DeviceID uuid.UUID
	Action   UndoAction
	// Target is the id of a container, the name of a volume or network, or a folder; Name is what people call it.
	Target string
	Name   string
	// Aside is the folder into which the content of Target was moved, for put_back; the command to run, for hook.
	Aside     string
	CreatedAt time.Time
}

// StepState is where one step of a job stands.
type StepState string

// The states of a step.
const (
	StepWaiting StepState = "waiting"
	StepRunning StepState = "running"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
	StepSkipped StepState = "skipped"
)

// Step is one visible part of a job.
type Step struct {
	Title      string     `json:"title"`
	State      StepState  `json:"state"`
	Detail     string     `json:"detail,omitempty"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
}

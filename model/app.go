package model

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// AppKind is what an app is made of.
type AppKind string

// The kinds of app.
const (
	AppFolders   AppKind = "folders"   // a set of folders of a device
	AppCompose   AppKind = "compose"   // a Docker compose project
	AppContainer AppKind = "container" // a container without a project
	AppSystem    AppKind = "system"    // a part of Keepstead itself
)

// AppOrigin says who brought an app in.
type AppOrigin string

// The origins of an app.
const (
	OriginManual   AppOrigin = "manual"   // a person, on the page
	OriginPlatform AppOrigin = "platform" // the orchestration platform, through the API
	OriginFound    AppOrigin = "found"    // discovery
	OriginSystem   AppOrigin = "system"   // Keepstead itself
	OriginAdopted  AppOrigin = "adopted"  // snapshots found in an adopted repository
)

// The system parts, as the spec's SystemType names them.
const (
	SystemDatabase       = "database"
	SystemPlatformConfig = "platform_config"
)

// App is what is protected (the spec's Deployment).
type App struct {
	ID         uuid.UUID `bun:",pk"`
	DeviceID   uuid.UUID
	Name       string
	Kind       AppKind
	Origin     AppOrigin
	SystemType string // for kind system: SystemDatabase or SystemPlatformConfig
	// Paths are absolute folders or files on the device. A system part has none: its files are made for each backup.
	Paths []string
	// Project is the compose project's name for kind compose, and the container's for kind container.
	Project string
	// Found is what discovery last saw of an app made of containers; nil for other kinds, and for one known only from an
	// adopted repository. Store.Apps leaves it out, Store.FoundApps has it.
	Found *Found `bun:",nullzero"`
	// Pending says that the app was found while “ask first” is on: it has no configuration until somebody decides.
	Pending bool
	// Disabled says that the label keepstead.enable of its containers is false: its schedule rests.
	Disabled bool
	// Gone says that the source of the app is no longer there; its snapshots stay.
	Gone bool
	// ForgottenAt hides an app that was deleted. The row stays so that its snapshots keep their name.
	ForgottenAt *time.Time
	Stamps
}

// MaxPaths bounds the folders of one app and the patterns of one configuration.
const MaxPaths = 500

// Validate checks the app's name and paths. Whether the paths exist is the device's to say.
func (a App) Validate() error {
	var problems Invalids
	checkName(&problems, "name", a.Name)
	if a.DeviceID == uuid.Nil {
		problems.Add("device_id", "Name the device that the app lives on.")
	}
	if a.Kind == AppFolders && a.Origin != OriginAdopted {
		if len(a.Paths) == 0 {
			problems.Add("paths", "Give at least one folder, as an absolute path such as /srv/photos.")
		}
		checkSources(&problems, "paths", a.Paths)
	}
	return problems.Err()
}

func checkSources(problems *Invalids, field string, paths []string) {
	if len(paths) > MaxPaths {
		problems.Add(field, "Use at most %d entries.", MaxPaths)
		return
	}
	for i, p := range paths {
		CheckSource(problems, field, p)
		if slices.Contains(paths[:i], p) {
			problems.Add(field, "%q is listed twice.", clip(p))
		}
	}
}

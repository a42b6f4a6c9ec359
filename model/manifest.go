package model

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// ManifestVersion is raised when a reader of an older version could misread a manifest.
const ManifestVersion = 1

// ManifestName is the file that makes a snapshot of an app complete in itself.
const ManifestName = "keepstead-manifest.json"

// Manifest describes an app made of containers well enough to rebuild it on an empty machine from its snapshot alone.
// It holds the environment of the containers where that is backed up, so it never leaves the repository whole.
type Manifest struct {
	Contents
	Specs []ContainerSpec `json:"specs"`
}

// ContainerSpec is one container as the engine described it. Config, HostConfig and Networks are the engine API's own
// JSON (container.Config, container.HostConfig, map of network name to network.EndpointSettings).
type ContainerSpec struct {
	Name       string          `json:"name"`
	Service    string          `json:"service"`
	Running    bool            `json:"running"`
	ImageID    string          `json:"image_id,omitempty"` // the image it ran, whatever its name means by now
	Config     json.RawMessage `json:"config"`
	HostConfig json.RawMessage `json:"host_config"`
	Networks   json.RawMessage `json:"networks"`
}

// Contents is what a snapshot of an app holds, without any secret: for pages, and for the choice of what to restore.
type Contents struct {
	Version         int       `json:"version"`
	Keepstead       string    `json:"keepstead"` // the version that wrote it
	TakenAt         time.Time `json:"taken_at"`
	AppID           uuid.UUID `json:"app_id"`
	ConfigurationID uuid.UUID `json:"configuration_id"`
	AppName         string    `json:"app_name"`
	Kind            AppKind   `json:"kind"`
	Project         string    `json:"project,omitempty"`
	DeviceID        uuid.UUID `json:"device_id"`
	DeviceName      string    `json:"device_name"`
	Engine          string    `json:"engine"` // its version

	WorkingDir string `json:"working_dir,omitempty"`
	// Staging is the folder of the snapshot that holds what Keepstead itself wrote: the manifest, dumps, generated files.
	Staging string `json:"staging"`
	// Files are the compose and env files in the snapshot, by their path there; Generated is the compose file made from
	// the containers, empty where the project's own were saved.
	Files     []string `json:"files,omitempty"`
	Generated string   `json:"generated,omitempty"`
	// HasEnv says that the environment of the containers is in the snapshot.
	HasEnv bool `json:"has_env"`

	Services []ContentService `json:"services"`
	Volumes  []ContentVolume  `json:"volumes"`
	Networks []ContentNetwork `json:"networks"`
	Dumps    []Dump           `json:"dumps,omitempty"`
	// Quiet is how long containers were stopped or paused, in milliseconds.
	Quiet int64 `json:"quiet_ms,omitempty"`
}

// ContentService is a service as it was.
type ContentService struct {
	Name      string       `json:"name"`
	Image     string       `json:"image"`
	ImageID   string       `json:"image_id"`
	Digest    string       `json:"digest,omitempty"`
	Database  DatabaseKind `json:"database,omitempty"`
	Strategy  Strategy     `json:"strategy"`
	Why       string       `json:"why,omitempty"`
	DependsOn []string     `json:"depends_on,omitempty"`
	Ports     []string     `json:"ports,omitempty"` // as published: 127.0.0.1:8080->80/tcp
}

// ContentVolume is a volume or a bind mount as it was, saved or not.
type ContentVolume struct {
	FoundMount
	Options map[string]string `json:"options,omitempty"` // of the volume's driver
	Labels  map[string]string `json:"labels,omitempty"`
	// In is the path in the snapshot; empty when the files are not in it.
	In string `json:"in,omitempty"`
}

// ContentNetwork is a network as it was.
type ContentNetwork struct {
	Name       string            `json:"name"`
	Driver     string            `json:"driver"`
	Internal   bool              `json:"internal,omitempty"`
	Attachable bool              `json:"attachable,omitempty"`
	EnableIPv6 bool              `json:"enable_ipv6,omitempty"`
	Options    map[string]string `json:"options,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Subnets    []string          `json:"subnets,omitempty"` // subnet or subnet,gateway
	External   bool              `json:"external,omitempty"`
	// Ranges are where containers get their addresses, and Aux addresses that they never get, by name; both by subnet.
	Ranges map[string]string            `json:"ranges,omitempty"`
	Aux    map[string]map[string]string `json:"aux,omitempty"`
	// IPAMDriver hands out the addresses; empty is the engine's own.
	IPAMDriver  string            `json:"ipam_driver,omitempty"`
	IPAMOptions map[string]string `json:"ipam_options,omitempty"`
}

// Dump is a consistent copy of one database.
type Dump struct {
	Service string       `json:"service"`
	Kind    DatabaseKind `json:"kind"`
	Version string       `json:"version,omitempty"`
	// Database is its name; empty for what belongs to the whole server (roles and users, a Redis file).
	Database string `json:"database,omitempty"`
	File     string `json:"file"` // its path in the snapshot
	Bytes    int64  `json:"bytes"`
	SHA256   string `json:"sha256"`
	// Source is the file that a copy of a SQLite database stands for: its path in the snapshot.
	Source string `json:"source,omitempty"`
	// Objects counts what a check after the import must find: tables, collections or keys.
	Objects int `json:"objects"`
}

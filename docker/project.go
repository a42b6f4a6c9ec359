package docker

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"keepstead/model"
)

// Key names a project or a lone container for the engine. Exactly one field is set.
type Key struct {
	Project   string // of docker compose
	Container string // the name of a container that belongs to no project
}

// String is the name a person knows it by.
func (k Key) String() string {
	if k.Project != "" {
		return k.Project
	}
	return k.Container
}

// Project is an app made of containers: a compose project, or one lone container. It holds values of environment
// variables and never leaves the process whole; Found is the part for rows and pages.
type Project struct {
	Key
	Name string
	// Found is what the engine and the files tell. Strategies and databases are for the caller to choose.
	Found      model.Found
	Containers []Container // by service, then by replica
	Volumes    []model.ContentVolume
	Networks   []model.ContentNetwork
	Compose    []ComposeFile
}

// ComposeKind says what a file of a project is for.
type ComposeKind string

// The kinds of file.
const (
	FileCompose ComposeKind = "compose" // a compose file, included or extended ones too
	FileEnv     ComposeKind = "env"     // .env and env_file: it holds secrets
	FileOther   ComposeKind = "other"   // the file of a config or a secret: it holds secrets
)

// ComposeFile is a file of a project as it is on the disk.
type ComposeFile struct {
	Source string // as the host names it
	Path   string // as Keepstead sees it; empty where it cannot
	Kind   ComposeKind
}

// Container is one container as the engine described it. Its names and labels were chosen by others and may hold
// anything.
type Container struct {
	ID      string
	Name    string
	Service string // of compose; the container's name where it has none
	Replica int    // 1 for the first container of a service
	Image   string // as it was asked for
	ImageID string
	Digest  string // name@sha256:…; empty for an image that came from no registry

	State      string // the engine's word: created running paused restarting removing exited dead
	Health     string // starting healthy unhealthy, or empty without a health check
	Running    bool   // also while paused
	Paused     bool
	ExitCode   int
	CreatedAt  time.Time
	StartedAt  time.Time
	FinishedAt time.Time

	Env        map[string]string // secret
	Cmd        []string
	Entrypoint []string
	User       string
	WorkingDir string
	Labels     map[string]string
	Mounts     []Mount
	Tmpfs      []string // paths inside that live in memory
	Networks   []string // names
	Ports      []Port
	DependsOn  []string // services, from compose's own label

	Spec   model.ContainerSpec // secret: it holds the environment
	OneOff bool                // made by `docker compose run`
	// Passing containers are removed by the engine when they end.
	Passing bool
	Self    bool // Keepstead runs in it
}

// Mount is a volume or a host path inside a container.
type Mount struct {
	Kind        model.MountKind
	Name        string // of a volume
	Driver      string // of a volume
	Source      string // as the host names it
	Path        string // as Keepstead sees it; empty where it cannot
	Subpath     string // the part of the volume that is mounted; empty for all of it
	Destination string // inside the container
	ReadOnly    bool
	Anonymous   bool // a volume without a name of its own
}

// Port is a port of a container that the host publishes.
type Port struct {
	HostIP    string // empty is every address
	Host      int
	Container int
	Protocol  string // tcp udp sctp
}

// String is the port as people write it: 127.0.0.1:8080->80/tcp.
func (p Port) String() string {
	host := strconv.Itoa(p.Host)
	if p.HostIP != "" {
		host = net.JoinHostPort(p.HostIP, host)
	}
	return fmt.Sprintf("%s->%d/%s", host, p.Container, p.Protocol)
}

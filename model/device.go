package model

import (
	"time"

	"github.com/google/uuid"
)

// DeviceKind is how a device is reached.
type DeviceKind string

// The kinds of device.
const (
	DeviceLocal DeviceKind = "local" // the machine Keepstead runs on
	DeviceSSH   DeviceKind = "ssh"   // another machine, over SSH
)

// Device is a machine with apps or storage on it.
type Device struct {
	ID   uuid.UUID `bun:",pk"`
	Name string
	Kind DeviceKind
	// Hostname is given to restic as --host: stable, whatever the machine or container is called later.
	Hostname string
	// Address, Port, SSHUser, SSHKey and HostKey reach a device of kind ssh.
	Address string
	Port    int
	SSHUser string
	SSHKey  Sealed
	HostKey string
	// OS and Arch are what the device said of itself, in Go's words (linux, amd64).
	OS            string
	Arch          string
	ResticVersion string
	LastSeenAt    *time.Time
	// Engine is what its container engine said at the last look; nil before the first.
	Engine *Engine `bun:",nullzero"`
	Stamps
}

// Validate checks what a person or the platform may set.
func (d Device) Validate() error {
	var problems Invalids
	checkName(&problems, "name", d.Name)
	switch d.Kind {
	case DeviceLocal:
		if d.Address != "" {
			problems.Add("address", "The local device has no address; leave it out.")
		}
	case DeviceSSH:
		problems.Add("kind", "This version reaches only the machine it runs on; use the kind “local”.")
	default:
		problems.Add("kind", "Use the kind “local”.")
	}
	return problems.Err()
}

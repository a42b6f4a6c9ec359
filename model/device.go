package model

import (
	"fmt"
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

// DeviceState is how the last contact with a device over SSH ended.
type DeviceState string

// The states of a device. The local device, which is always there, has none.
const (
	DeviceReady          DeviceState = "ready"
	DevicePending        DeviceState = "pending"          // Keepstead's key is not there yet: somebody has to paste it
	DeviceUnreachable    DeviceState = "unreachable"      // nobody answers, or not with SSH
	DeviceHostKeyChanged DeviceState = "host_key_changed" // another machine answers, or it was installed anew
	DeviceDenied         DeviceState = "denied"           // the user or the key is refused
	DeviceLimited        DeviceState = "limited"          // reached, but something that jobs need is missing
)

// Device is a machine with apps or storage on it.
type Device struct {
	ID   uuid.UUID `bun:",pk"`
	Name string
	Kind DeviceKind

	// Hostname is given to restic as --host: stable, whatever the machine or container is called later.
	Hostname string

	// Address, Port, SSHUser, SSHKey and HostKey reach a device of kind ssh. Port 0 is 22. HostKey is the pinned public
	// key of the machine and PublicKey the half of SSHKey that its user accepts, each as a line of authorized_keys.
	Address   string
	Port      int
	SSHUser   string
	SSHKey    Sealed
	PublicKey string
	HostKey   string
	// Sudo has commands that need root run with sudo, where the user is not root.
	Sudo bool
	// JumpDeviceID is the device that the connection goes through; nil for none.
	JumpDeviceID uuid.UUID `bun:",nullzero"`
	// Parallel bounds the jobs that run on the device at once; 0 is the default.
	Parallel int

	// State, Message and Mend say how the last contact ended, and what to do where it ended badly.
	State   DeviceState
	Message string
	Mend    string

	// OS and Arch are what the device said of itself, in Go's words (linux, amd64).
	OS            string
	Arch          string
	ResticVersion string
	LastSeenAt    *time.Time
	// Engine is what its container engine said at the last look; nil before the first.
	Engine *Engine `bun:",nullzero"`
	// Facts are what was learnt at the last look over SSH; nil before the first.
	Facts *DeviceFacts `bun:",nullzero"`

	Stamps
}

// DeviceFacts are what a device over SSH said of itself.
type DeviceFacts struct {
	System string `json:"system,omitempty"` // as it calls itself, such as Debian GNU/Linux 12
	Root   bool   `json:"root"`             // the user is root
	Sudo   bool   `json:"sudo"`             // sudo works without a password
	// Skew is how far its clock is ahead of Keepstead's; negative when it is behind.
	Skew time.Duration `json:"skew,omitempty"`
	// Engine is the socket of its container engine, empty for none; EngineAllowed says that commands may use it.
	Engine        string        `json:"engine,omitempty"`
	EngineAllowed bool          `json:"engine_allowed,omitempty"`
	Compose       string        `json:"compose,omitempty"` // version of docker compose, empty for none
	Restic        string        `json:"restic,omitempty"`  // version of a restic of its own, empty for none
	Mounts        []DeviceMount `json:"mounts,omitempty"`
	SeenAt        time.Time     `json:"seen_at"`
}

// DeviceMount is a file system of a device.
type DeviceMount struct {
	Path  string `json:"path"`
	Type  string `json:"type"`
	Total int64  `json:"total"` // bytes
	Free  int64  `json:"free"`  // bytes that a user may still write
}

// MostFree returns the file system with the most free space; ok is false where none is known.
func (d Device) MostFree() (m DeviceMount, ok bool) {
	if d.Facts == nil {
		return m, false
	}
	for _, other := range d.Facts.Mounts {
		if !ok || other.Free > m.Free {
			m, ok = other, true
		}
	}
	return m, ok
}

// maxDeviceJobs bounds the jobs that a person may have run at once on one device.
const maxDeviceJobs = 64

// Validate checks what a person or the platform may set.
func (d Device) Validate() error {
	var problems Invalids
	checkName(&problems, "name", d.Name)
	switch d.Kind {
	case DeviceLocal:
		if d.Address != "" || d.SSHUser != "" || d.Port != 0 || d.JumpDeviceID != uuid.Nil {
			problems.Add("address", "A device of the kind “local” has no address, user or port; leave them out, or use the kind “ssh”.")
		}
	case DeviceSSH:
		checkHost(&problems, "address", d.Address)
		checkPort(&problems, "port", d.Port)
		checkLogin(&problems, "user", d.SSHUser)
		if d.ID != uuid.Nil && d.JumpDeviceID == d.ID {
			problems.Add("jump_device_id", "A device cannot be reached through itself; choose another one, or none.")
		}
	default:
		problems.Add("kind", "Use the kind “local” or “ssh”.")
	}
	if d.Parallel < 0 || d.Parallel > maxDeviceJobs {
		problems.Add("parallel", "Use a number from 0 (the default) to %d.", maxDeviceJobs)
	}
	return problems.Err()
}

// SSHPort returns the port, 22 where none is given.
func (d Device) SSHPort() int { return sshPort(d.Port) }

// Place says how the device is reached, in one line and without any credential.
func (d Device) Place() string {
	if d.Kind != DeviceSSH {
		return "this machine"
	}
	return d.SSHUser + "@" + hostPort(d.Address, d.Port)
}

// DeviceSecrets are how somebody signs in to a device: on their way from a form to the machine, never stored or shown.
type DeviceSecrets struct {
	// Password is used once, to have the device accept a key of Keepstead's own.
	Password string
	// PrivateKey is a key that the device accepts already.
	PrivateKey string
	// Fingerprint is that of the host key, as a person confirmed it.
	Fingerprint string
}

// String hides the credentials.
func (DeviceSecrets) String() string { return sealedText }

// GoString hides the credentials from %#v.
func (DeviceSecrets) GoString() string { return sealedText }

// Format hides the credentials from every verb.
func (DeviceSecrets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(sealedText)) }

// MarshalJSON hides the credentials: they come in, and never go out.
func (DeviceSecrets) MarshalJSON() ([]byte, error) { return []byte(`"` + sealedText + `"`), nil }

// Validate checks the credentials that were given. None at all is allowed: then Keepstead makes a key to paste.
func (s DeviceSecrets) Validate() error {
	var problems Invalids
	if s.Password != "" && s.PrivateKey != "" {
		problems.Add("password", "Give a password or a private key, not both.")
	}
	if len(s.Password) > 1024 || !printable(s.Password) {
		problems.Add("password", "Use at most 1024 printable characters on one line.")
	}
	checkPrivateKey(&problems, "private_key", s.PrivateKey)
	checkFingerprint(&problems, "host_key_fingerprint", s.Fingerprint)
	return problems.Err()
}

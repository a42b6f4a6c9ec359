package model

import "fmt"

// KitEntry is one repository in a recovery kit: all that restic alone needs to read it. It holds secrets in plain and
// is written to nothing but the kit itself.
type KitEntry struct {
	Name    string
	Place   string // for people
	Device  string // the device that a folder is on; empty for others
	Removed bool   // no destination any more; its repository is still there
	// Lines are commands for a POSIX shell that set what restic reads from its environment.
	Lines []string
	// Command is how restic is called there, with the options that the place needs.
	Command string
	// Files are what has to lie beside, by name.
	Files []KitFile
	// SSHPassword signs in at an SFTP server, which restic leaves to ssh to ask for.
	SSHPassword string
}

// KitFile is a file that restic is told of.
type KitFile struct{ Name, Content string }

// String hides the secrets.
func (KitEntry) String() string { return sealedText }

// GoString hides the secrets from %#v.
func (KitEntry) GoString() string { return sealedText }

// Format hides the secrets from every verb.
func (KitEntry) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(sealedText)) }

// MarshalJSON hides the secrets.
func (KitEntry) MarshalJSON() ([]byte, error) { return []byte(`"` + sealedText + `"`), nil }

package model

import (
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
)

// DestinationType is the kind of storage behind a destination.
type DestinationType string

// The destination types of the spec.
const (
	DestinationS3    DestinationType = "s3"
	DestinationLocal DestinationType = "local"
	DestinationSFTP  DestinationType = "sftp"
)

// Destination is one restic repository, somewhere, with its own password.
type Destination struct {
	ID      uuid.UUID `bun:",pk"`
	Name    string
	Type    DestinationType
	Enabled bool

	S3Endpoint  string // host[:port] or http(s)://host[:port]; https where no scheme is given
	S3Bucket    string
	S3Region    string
	S3Prefix    string // folder inside the bucket, without slashes at its ends
	S3PathStyle bool   // bucket in the path instead of in the host name
	S3CACert    string `bun:"s3_ca_cert"` // PEM, for an endpoint with a private authority
	S3AccessKey Sealed
	S3SecretKey Sealed

	LocalDeviceID uuid.UUID `bun:",nullzero"`
	LocalPath     string

	SFTPHost     string
	SFTPPort     int
	SFTPUser     string
	SFTPPassword Sealed
	SFTPPath     string

	RepoPassword    Sealed
	RepoInitialized bool
	// RepoID is restic's id of the repository, pinned when it was made or adopted: 64 hexadecimal digits.
	RepoID string
	// RepoConfigHash is the SHA-256, in hexadecimal, of the repository's raw `config` file: the pin that a run
	// can check without deriving a key.
	RepoConfigHash string

	TotalSnapshots int
	TotalSize      int64 // bytes stored in the repository
	LastBackupAt   *time.Time
	LastPruneAt    *time.Time
	LastCheckAt    *time.Time
	// LastError is the sentence of the newest failure against this destination, empty after a success.
	LastError string
	// RemovedAt hides a removed destination. The row keeps the sealed repository password, so that adding the same
	// place again adopts the repository by itself.
	RemovedAt *time.Time
	Stamps
}

var (
	bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$`)
	regionName = regexp.MustCompile(`^[A-Za-z0-9-]{0,64}$`)
)

// Validate checks the fields of the destination's type. Credentials are checked by DestinationSecrets.
func (d Destination) Validate() error {
	var problems Invalids
	checkName(&problems, "name", d.Name)
	switch d.Type {
	case DestinationS3:
		d.checkS3(&problems)
	case DestinationLocal:
		if d.LocalDeviceID == uuid.Nil {
			problems.Add("device_id", "Name the device that the folder is on.")
		}
		checkPath(&problems, "path", d.LocalPath)
		if d.LocalPath != "" && path.Clean(d.LocalPath) == "/" || d.LocalPath != "" && Within(d.LocalPath, "/proc") || Within(d.LocalPath, "/sys") || Within(d.LocalPath, "/dev") {
			problems.Add("path", "Give a folder of its own for the backups, such as /mnt/backups/keepstead.")
		}
	default:
		problems.Add("type", "Use the type “s3” or “local”.")
	}
	return problems.Err()
}

func (d Destination) checkS3(problems *Invalids) {
	checkEndpoint(problems, d.S3Endpoint)
	if !bucketName.MatchString(d.S3Bucket) {
		problems.Add("bucket", "Give the bucket's name: 2 to 63 letters, digits, dots and hyphens.")
	}
	if !regionName.MatchString(d.S3Region) {
		problems.Add("region", "Give a region such as us-west-002, or leave it empty.")
	}
	checkText(problems, "prefix", d.S3Prefix, 512)
	if strings.HasPrefix(d.S3Prefix, "/") || strings.Contains(d.S3Prefix, "..") || strings.Contains(d.S3Prefix, "//") || !printable(d.S3Prefix) {
		problems.Add("prefix", "Give a folder inside the bucket such as homelab/keepstead, without a slash in front.")
	}
	if d.S3CACert != "" {
		if block, _ := pem.Decode([]byte(d.S3CACert)); block == nil || block.Type != "CERTIFICATE" {
			problems.Add("ca_cert", "Paste the authority's certificate in PEM form, from BEGIN CERTIFICATE to END CERTIFICATE.")
		}
	}
}

func checkEndpoint(problems *Invalids, endpoint string) {
	u, err := url.Parse(EndpointURL(endpoint))
	bad := endpoint == "" || len(endpoint) > 300 || err != nil || u.Hostname() == "" || u.User != nil ||
		(u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != ""
	if !bad && net.ParseIP(u.Hostname()) == nil && strings.ContainsAny(u.Hostname(), " _%\\") {
		bad = true
	}
	if bad {
		problems.Add("endpoint", "Give the endpoint as a host name such as s3.us-west-002.backblazeb2.com, or as http://host:port.")
	}
}

// EndpointURL returns the endpoint with its scheme, https where none was given.
func EndpointURL(endpoint string) string {
	if strings.Contains(endpoint, "://") {
		return strings.TrimRight(endpoint, "/")
	}
	return "https://" + strings.TrimRight(endpoint, "/")
}

// Place says where the repository is, in one line and without any credential.
func (d Destination) Place() string {
	switch d.Type {
	case DestinationS3:
		return strings.TrimRight(EndpointURL(d.S3Endpoint)+"/"+d.S3Bucket+"/"+d.S3Prefix, "/")
	case DestinationSFTP:
		return "sftp://" + d.SFTPUser + "@" + d.SFTPHost + d.SFTPPath
	default:
		return d.LocalPath
	}
}

// DestinationSecrets are the plain credentials of one request: on their way from a form to the sealed columns, never
// stored or shown. An empty field leaves the stored credential as it is when a destination is changed.
type DestinationSecrets struct {
	AccessKey    string
	SecretKey    string
	SFTPPassword string
	// RepoPassword is given only to adopt an existing repository; a new one gets a generated password.
	RepoPassword string
}

// String hides the credentials.
func (DestinationSecrets) String() string { return sealedText }

// GoString hides the credentials from %#v.
func (DestinationSecrets) GoString() string { return sealedText }

// Format hides the credentials from every verb.
func (DestinationSecrets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(sealedText)) }

// MarshalJSON hides the credentials: they come in, and never go out.
func (DestinationSecrets) MarshalJSON() ([]byte, error) { return []byte(`"` + sealedText + `"`), nil }

// Validate checks that a new destination of type t has the credentials it needs.
func (s DestinationSecrets) Validate(t DestinationType) error {
	var problems Invalids
	if t == DestinationS3 {
		if s.AccessKey == "" {
			problems.Add("access_key", "Give the access key id.")
		}
		if s.SecretKey == "" {
			problems.Add("secret_key", "Give the secret access key.")
		}
	}
	for field, v := range map[string]string{"access_key": s.AccessKey, "secret_key": s.SecretKey, "repo_password": s.RepoPassword} {
		if len(v) > 1024 || !printable(v) {
			problems.Add(field, "Use at most 1024 printable characters on one line.")
		}
	}
	return problems.Err()
}

// ProbeStep is one step of a destination's test.
type ProbeStep struct {
	Name     string // resolve connect tls credentials bucket folder write read delete repository
	State    ProbeState
	Detail   string // what was found, or why it failed
	Mend     string // what to do about a failure; empty otherwise
	Field    string // the form's field that is wrong, where the step's name alone does not say
	Duration time.Duration
}

// ProbeState is how a step of a test ended.
type ProbeState string

// The states of a step.
const (
	ProbeOK      ProbeState = "ok"
	ProbeFailed  ProbeState = "failed"
	ProbeSkipped ProbeState = "skipped" // an earlier step failed, or the storage has no such step
)

// Probe is a whole test of a destination.
type Probe struct {
	Steps []ProbeStep
	// Repository says what the place holds.
	Repository RepositoryState
	// FreeBytes is the free space of a folder's file system, -1 where it is not known.
	FreeBytes int64
}

// RepositoryState is what a place holds before anything is created there.
type RepositoryState string

// What a place may hold.
const (
	RepositoryNone    RepositoryState = "none"    // empty or absent: a new repository can be made
	RepositoryPresent RepositoryState = "present" // a restic repository: it can be adopted with its password
	RepositoryForeign RepositoryState = "foreign" // other files: nothing will be made here
	RepositoryUnknown RepositoryState = "unknown" // the test failed before it could be seen
)

// Failed returns the first failed step, or nil.
func (p Probe) Failed() *ProbeStep {
	for i := range p.Steps {
		if p.Steps[i].State == ProbeFailed {
			return &p.Steps[i]
		}
	}
	return nil
}

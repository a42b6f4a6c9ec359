package model

import (
	"encoding/pem"
	"net"
	"net/url"
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
	SFTPKey      Sealed // a private key, where no password signs in
	SFTPHostKey  string // pinned, as a line of authorized_keys
	SFTPPath     string

	// Direct gives a device the credentials of an S3 destination for the length of its job; without it the device
	// reaches the repository through Keepstead and never sees them.
	Direct bool
	// BytesPerSecond bounds what jobs send to and read from the destination; 0 is unbounded.
	BytesPerSecond int64
	// Window is when upkeep may start by itself.
	Window Window `bun:"embed:window_"`
	// Provider and Site say what fails together; empty takes what FailureDomain derives.
	Provider string
	Site     string
	// PricePerTBMonth is what 10¹² stored bytes cost a month, in PriceCurrency; 0 where nothing is paid by size.
	PricePerTBMonth float64 `bun:"price_per_tb_month"`
	PriceCurrency   string

	RepoPassword Sealed
	// NextPassword is the password that a rotation which is under way, or was cut off, gives the repository: whether the
	// repository knows it yet, only the repository can tell. RepoPassword opens it all the time.
	NextPassword Sealed
	// ReplacedKeys are the ids of keys that a rotation has replaced, or is about to, and that are still to be removed.
	ReplacedKeys    []string   `bun:",nullzero"`
	RotatedAt       *time.Time // when a rotation last put a new password to use
	AccessChangedAt *time.Time // when what opens the repository, or where it is, last changed
	RepoInitialized bool
	// RepoID is restic's id of the repository, pinned when it was made or adopted: 64 hexadecimal digits.
	RepoID string
	// RepoConfigHash is the SHA-256, in hexadecimal, of the repository's raw `config` file: the pin that a run
	// can check without deriving a key.
	RepoConfigHash string

	TotalSnapshots int
	TotalSize      int64 // bytes stored in the repository
	// RestorableSize is what the files of all snapshots would take, each snapshot copied whole; AddedSize what restic
	// wrote for them before it compressed, AddedPackedSize after. In bytes, kept by triggers of the table of snapshots.
	RestorableSize  int64
	AddedSize       int64
	AddedPackedSize int64
	// FreeSize is the space left there at FreeAt, in bytes; nil where the storage does not tell.
	FreeSize      *int64
	FreeAt        *time.Time
	LastBackupAt  *time.Time
	LastPruneAt   *time.Time
	LastCheckAt   *time.Time
	KitAt         *time.Time // when somebody last took the recovery kit with this repository's password
	LastRestoreAt *time.Time // the newest restore from here that brought everything back
	// TamperedAt is when a job last tried to destroy what is stored with the rights of a device. TamperResult says how it
	// ended, TamperDetail the sentence about it.
	TamperedAt   *time.Time
	TamperResult TamperResult
	TamperDetail string
	// LastError is the sentence of the newest failure against this destination, empty after a success.
	LastError string
	// Damage is the sentence of the newest check that found damage, empty once one found none.
	Damage string
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
		checkFolder(&problems, d.LocalPath)
	case DestinationSFTP:
		d.checkSFTP(&problems)
	default:
		problems.Add("type", "Use the type “s3”, “local” or “sftp”.")
	}
	d.checkLimits(&problems)
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
		return "sftp://" + d.SFTPUser + "@" + hostPort(d.SFTPHost, d.SFTPPort) + strings.TrimRight(d.SFTPPath, "/")
	default:
		return d.LocalPath
	}
}

// Rotating says that a rotation of the password was begun, and that the new one is not in use yet.
func (d Destination) Rotating() bool { return !d.NextPassword.Empty() }

// KitOutdated says that a recovery kit was taken, and that what it says does not open the repository any more.
func (d Destination) KitOutdated() bool {
	return d.KitAt != nil && d.AccessChangedAt != nil && !d.AccessChangedAt.Before(*d.KitAt)
}

// Package restic drives the restic command: its arguments and environment, its JSON messages, its exit codes.
//
// Commands that take a lock write their output to files that are tailed, so that nothing of ours can break their pipe;
// commands that only read run without a lock and are streamed.
package restic

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"keepstead/device"
)

// Repo is one repository and what is needed to reach it. It is a value: it holds no state and may be copied.
type Repo struct {
	Host     device.Host
	Bin      string // path of the restic program on the host
	URL      string // as restic's RESTIC_REPOSITORY
	Password string
	Env      []string        // more plain variables, NAME=value
	Secrets  []device.Secret // more secrets, for {fd:NAME} in Env
	Options  []string        // restic's -o, as key=value
	CacheDir string          // empty means no cache
	RunDir   string          // of this machine, where a run keeps its output
	TempDir  string          // of the host, for restic's temporary files; RunDir where it is empty
	CACert   string          // PEM of an authority to trust beside the system's
	// AccessKey and SecretKey reach S3 storage; both empty elsewhere.
	AccessKey, SecretKey string
	// BytesPerSecond bounds uploads and downloads, each; 0 is no bound.
	BytesPerSecond int64
	// Hidden are further credentials, which no text shows.
	Hidden []string
	// OnStart is told each process before restic begins; an error keeps it from running.
	OnStart func(device.Process) error
	// Log gets what restic writes on stderr and its plain text, line by line, with the credentials removed.
	Log io.Writer
	// Grace is the time from SIGINT to SIGKILL; 0 is the device's default.
	Grace time.Duration
}

// String names the repository without its credentials.
func (r Repo) String() string { return r.redact(r.URL) }

// GoString hides the credentials from %#v.
func (r Repo) GoString() string { return "restic.Repo{" + r.String() + "}" }

// Version returns the version of the restic program, such as 0.19.1.
func (r Repo) Version(ctx context.Context) (string, error) {
	var v struct {
		Version string `json:"version"`
	}
	err := r.object(ctx, &v, "version", "--json")
	return v.Version, err
}

// Init makes a new repository and returns its id. ErrExists says that there is one already.
func (r Repo) Init(ctx context.Context) (id string, err error) {
	var made struct {
		ID string `json:"id"`
	}
	out := func(line []byte) error { return unmarshal(line, &made) }
	if err := r.run(ctx, call{args: []string{"init", "--json"}, stdout: out}); err != nil {
		return "", err
	}
	if made.ID == "" {
		return "", fmt.Errorf("restic init: no repository id in its output")
	}
	return made.ID, nil
}

// Config is a repository's own description.
type Config struct {
	Version int    `json:"version"`
	ID      string `json:"id"`
}

// Config reads the repository's description. It proves place and password without taking a lock.
func (r Repo) Config(ctx context.Context) (Config, error) {
	var c Config
	err := r.object(ctx, &c, "cat", "config", "--json", "--no-lock")
	return c, err
}

// object runs a reading command whose whole output is one JSON value.
func (r Repo) object(ctx context.Context, to any, args ...string) error {
	var out buffer
	if err := r.run(ctx, call{args: args, stream: true, raw: &out}); err != nil {
		return err
	}
	if err := json.Unmarshal(out.Bytes(), to); err != nil {
		return fmt.Errorf("read the output of restic %s: %w", args[0], err)
	}
	return nil
}

package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/gateway"
	"keepstead/model"
	"keepstead/restic"
	"keepstead/secret"
	"keepstead/storage"
)

// askTimeout bounds each quick question to a destination's storage.
const askTimeout = 15 * time.Second

// The sealed columns of a destination, as their labels name them.
const (
	destinationTable = "destinations"
	nextColumn       = "next_password" // of a rotation alone, see rotation
)

// opened is a destination with its secrets opened, for the length of one piece of work.
type opened struct {
	destination model.Destination
	place       storage.Place
	repo        restic.Repo
	lent        *gateway.Server // serves the repository to restic; nil where restic reaches it directly
	at          net.Addr        // where the repository is served to restic; nil where restic reaches it directly
	end         func()          // gives up the ways to storage and repository; never nil
}

// purpose is what a destination is opened for.
type purpose struct {
	on      machine // where restic runs
	removes bool    // whether it may take anything away
	addsKey bool    // whether it may add a key
	runDir  string  // takes the output of restic's runs
	log     io.Writer
}

// open opens the destination's secrets and returns the ways to its storage and to its repository.
func (m *Manager) open(ctx context.Context, d model.Destination, p purpose) (opened, error) {
	s, err := m.secrets(d)
	if err != nil {
		return opened{}, err
	}
	return m.openWith(ctx, d, s, p)
}

func (m *Manager) openWith(ctx context.Context, d model.Destination, s model.DestinationSecrets, p purpose) (opened, error) {
	host, end, err := m.placeHost(ctx, d, s)
	if err != nil {
		return opened{}, err
	}
	o := opened{destination: d, end: end, repo: restic.Repo{
		Host: p.on.host, Bin: p.on.restic, URL: storage.ResticURL(d), Options: storage.ResticOptions(d),
		Password: s.RepoPassword, AccessKey: s.AccessKey, SecretKey: s.SecretKey, CACert: d.S3CACert,
		CacheDir: path.Join(p.on.dir, "cache"), RunDir: p.runDir, Log: p.log, BytesPerSecond: d.BytesPerSecond,
	}}
	if o.place, err = storage.Open(d, storage.Credentials{AccessKey: s.AccessKey, SecretKey: s.SecretKey}, host); err != nil {
		end()
		return opened{}, fmt.Errorf("reach the destination: %w", err)
	}
	lent, err := m.lends(ctx, d, p.on)
	if err == nil && lent {
		err = m.lend(ctx, &o, s, host, p)
	}
	if err != nil {
		end()
		return opened{}, err
	}
	return o, nil
}

// openHere opens a destination for restic on this machine, outside a job, with an output folder of its own; endQuick gives
// both up.
func (m *Manager) openHere(ctx context.Context, d model.Destination) (opened, error) {
	s, err := m.secrets(d)
	if err != nil {
		return opened{}, err
	}
	return m.openHereWith(ctx, d, s)
}

func (m *Manager) openHereWith(ctx context.Context, d model.Destination, s model.DestinationSecrets) (opened, error) {
	on, err := m.machine(ctx, uuid.Nil)
	if err != nil {
		return opened{}, err
	}
	return m.openWith(ctx, d, s, purpose{on: on, runDir: filepath.Join(m.Dir, "runs", "quick-"+model.NewID().String())})
}

func (m *Manager) endQuick(o opened) {
	o.end()
	if err := os.RemoveAll(o.repo.RunDir); err != nil {
		m.logger.Warn("remove a run's output", "error", err)
	}
}

// sealedColumns pairs each sealed column of a destination with its plain text.
func sealedColumns(d *model.Destination, s *model.DestinationSecrets) []struct {
	column string
	sealed *model.Sealed
	plain  *string
} {
	return []struct {
		column string
		sealed *model.Sealed
		plain  *string
	}{
		{"s3_access_key", &d.S3AccessKey, &s.AccessKey},
		{"s3_secret_key", &d.S3SecretKey, &s.SecretKey},
		{"sftp_password", &d.SFTPPassword, &s.SFTPPassword},
		{"sftp_key", &d.SFTPKey, &s.SFTPKey},
		{"repo_password", &d.RepoPassword, &s.RepoPassword},
	}
}

// secrets opens every sealed column of the destination.
func (m *Manager) secrets(d model.Destination) (model.DestinationSecrets, error) {
	var s model.DestinationSecrets
	for _, c := range sealedColumns(&d, &s) {
		if c.sealed.Empty() {
			continue
		}
		plain, err := m.Box.Open(*c.sealed, secret.Label(destinationTable, c.column, d.ID))
		if err != nil {
			return s, fmt.Errorf("open the credentials of %q: %w", d.Name, err)
		}
		*c.plain = plain
	}
	return s, nil
}

// seal puts the given credentials into the destination's sealed columns; empty ones leave the column as it is.
func (m *Manager) seal(d *model.Destination, s model.DestinationSecrets) error {
	switch { // one of the two signs in
	case s.SFTPKey != "":
		d.SFTPPassword = nil
	case s.SFTPPassword != "":
		d.SFTPKey = nil
	}
	for _, c := range sealedColumns(d, &s) {
		if *c.plain == "" {
			continue
		}
		sealed, err := m.Box.Seal(*c.plain, secret.Label(destinationTable, c.column, d.ID))
		if err != nil {
			return fmt.Errorf("seal a credential: %w", err)
		}
		*c.sealed = sealed
	}
	return nil
}

// RepositoryPassword opens a destination's repository password, for the owner's own safe.
func (m *Manager) RepositoryPassword(d model.Destination) (string, error) {
	s, err := m.secrets(d)
	return s.RepoPassword, err
}

// openRun opens the destination of a run and makes sure that its repository is the one that was pinned (safety core 5).
func (r *run) openRun(ctx context.Context) (opened, error) {
	d, err := r.Store.Destination(ctx, r.job.DestinationID)
	if err != nil {
		return opened{}, fmt.Errorf("read the destination: %w", err)
	}
	r.phase("checking", fmt.Sprintf("Reaching %q.", d.Name))
	if !d.RepoInitialized {
		return opened{}, fail(model.CauseNoRepository, "Remove the destination and add it again.",
			"The destination %q has no repository yet.", d.Name)
	}
	o, err := r.open(ctx, d, purpose{on: r.on, removes: r.job.Kind.Exclusive(), log: r.log})
	if err != nil {
		return o, err
	}
	r.ends, r.lent = append(r.ends, o.end), o.lent
	if err := r.pinned(ctx, o); err != nil {
		return o, err
	}
	r.takeUp(ctx, d)
	shared := r.sharing(d.ID)
	shared.RLock()
	r.ends = append(r.ends, shared.RUnlock)
	return o, nil
}

// command returns the repository for one more restic command of the run, with an output folder of its own.
func (r *run) command(o opened) restic.Repo {
	repo := o.repo
	repo.RunDir = filepath.Join(r.dir, strconv.Itoa(int(r.commands.Add(1))))
	repo.TempDir = r.temp
	repo.OnStart = func(p device.Process) error { return r.started(p) }
	return repo
}

// pinned compares the raw config file with its pin: one small read, no key derived. Where the bytes differ restic is
// asked for the repository's id, because an upgrade of the repository rewrites the file and keeps the id.
func (r *run) pinned(ctx context.Context, o opened) error {
	ask, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	raw, err := o.place.Config(ask)
	switch {
	case errors.Is(err, model.ErrNotFound):
		return failure{
			cause: model.CauseNoRepository, err: err,
			message: fmt.Sprintf("The repository of %q is not at %s.", o.destination.Name, o.destination.Place()),
			mend:    "Mount the disk, or check the bucket, then retry. Nothing was made in its place.",
		}
	case err != nil:
		return failure{
			cause: model.CauseUnreachable, err: err,
			message: fmt.Sprintf("The destination %q cannot be reached: %s.", o.destination.Name, strings.TrimSuffix(err.Error(), ".")),
			mend:    "Test the destination on its page to see which step fails, then retry.",
		}
	case configHash(raw) == o.destination.RepoConfigHash:
		return nil
	}
	config, err := r.command(o).Config(ctx)
	if err != nil {
		return err
	}
	if config.ID != o.destination.RepoID {
		return fail(model.CauseOtherRepo, "If this is meant to be, remove the destination and add it again to adopt the other repository.",
			"Another repository stands at %s: its id begins with %.8s, ours with %.8s.", o.destination.Place(), config.ID, o.destination.RepoID)
	}
	d := o.destination
	d.RepoConfigHash = configHash(raw)
	_, err = r.Store.UpdateDestination(ctx, d)
	return err
}

func configHash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

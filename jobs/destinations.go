package jobs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/restic"
	"keepstead/storage"
	"keepstead/store"
)

// AddDestination tests the storage, then creates a repository there with a generated password, or adopts the one that
// is there with its own and takes over its snapshots. Whatever fails, no half-made row and no orphan repository stays:
// the row with the sealed password is written before the repository is made, and removed again with it.
func (m *Manager) AddDestination(ctx context.Context, d model.Destination, s model.DestinationSecrets) (model.Destination, error) {
	m.adding.Lock()
	defer m.adding.Unlock()
	m.sealing.RLock()
	defer m.sealing.RUnlock()
	d.ID = model.NewID()
	d.Touch(m.now())
	if err := m.checkDestination(ctx, &d); err != nil {
		return d, err
	}
	if err := m.checkPlace(ctx, d); err != nil {
		return d, err
	}
	if err := s.Validate(d.Type); err != nil {
		return d, err
	}
	if err := m.checkSFTP(ctx, &d, model.Destination{}, s); err != nil {
		return d, err
	}
	o, err := m.openHereWith(ctx, d, s)
	if err != nil {
		return d, sshRefused(err, doorField(d, s))
	}
	defer m.endQuick(o)
	probe := o.place.Probe(ctx, func(model.ProbeStep) {})
	if err := probeError(d, probe); err != nil {
		return d, err
	}
	if err := m.checkReal(ctx, d); err != nil {
		return d, err
	}
	adopt, err := m.choosePassword(ctx, d, probe.Repository, &s)
	if err != nil {
		return d, err
	}
	if err := m.seal(&d, s); err != nil {
		return d, err
	}
	d.Enabled, d.RepoInitialized = false, false
	if d, err = m.Store.CreateDestination(ctx, d); err != nil {
		return d, err
	}
	// From here on the outcome is recorded even when the browser has gone away.
	ctx = context.WithoutCancel(ctx)
	o.destination, o.repo.Password = d, s.RepoPassword
	if err := m.makeRepository(ctx, &o, adopt); err != nil {
		return d, errors.Join(m.unmake(ctx, o, adopt), err)
	}
	return o.destination, nil
}

// checkDestination fills in what may be left out and applies the rules that need the other rows.
func (m *Manager) checkDestination(ctx context.Context, d *model.Destination) error {
	d.Name = strings.TrimSpace(d.Name)
	d.Provider, d.Site = strings.TrimSpace(d.Provider), strings.TrimSpace(d.Site)
	d.SFTPHost, d.SFTPUser = strings.TrimSpace(d.SFTPHost), strings.TrimSpace(d.SFTPUser)
	if d.Type == model.DestinationSFTP && filepath.IsAbs(d.SFTPPath) {
		d.SFTPPath = filepath.Clean(d.SFTPPath)
	}
	d.S3Endpoint, d.S3Prefix = strings.TrimSpace(d.S3Endpoint), strings.Trim(strings.TrimSpace(d.S3Prefix), "/")
	if d.Type == model.DestinationLocal {
		if d.LocalDeviceID == uuid.Nil {
			local, err := m.Store.LocalDevice(ctx)
			if err != nil {
				return err
			}
			d.LocalDeviceID = local.ID
		} else if _, err := m.Store.Device(ctx, d.LocalDeviceID); errors.Is(err, model.ErrNotFound) {
			return model.Invalid{Field: "device_id", Reason: "There is no such device."}
		} else if err != nil {
			return err
		}
		if filepath.IsAbs(d.LocalPath) {
			d.LocalPath = filepath.Clean(d.LocalPath)
		}
	}
	if err := d.Validate(); err != nil {
		return err
	}
	return m.checkUnique(ctx, *d)
}

// checkUnique refuses a name or a place that another destination has.
func (m *Manager) checkUnique(ctx context.Context, d model.Destination) error {
	all, err := m.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		switch {
		case other.ID == d.ID:
		case strings.EqualFold(other.Name, d.Name):
			return model.Conflict{Field: "name", Reason: fmt.Sprintf("A destination is already called %q; choose another name.", other.Name)}
		case other.Type == d.Type && other.Place() == d.Place() && other.LocalDeviceID == d.LocalDeviceID:
			return model.Conflict{Field: placeField(d), Reason: fmt.Sprintf("The destination %q is already there.", other.Name)}
		}
	}
	return nil
}

// placeField is the field that says where a destination is.
func placeField(d model.Destination) string {
	if d.Type == model.DestinationS3 {
		return "bucket"
	}
	return "path"
}

// probeError turns the first failed step of a test into a refusal of the field that step is about.
func probeError(d model.Destination, p model.Probe) error {
	step := p.Failed()
	if step == nil {
		return nil
	}
	field := placeField(d)
	if d.Type == model.DestinationS3 {
		switch step.Name {
		case "resolve", "connect", "tls":
			field = "endpoint"
		case "credentials":
			field = "access_key"
		}
	}
	if d.Type == model.DestinationSFTP {
		switch step.Name {
		case "resolve", "connect":
			field = "host"
		case "host_key":
			field = "host_key_fingerprint"
		case "login":
			field = "password"
		}
	}
	if step.Field != "" {
		field = step.Field
	}
	return model.Invalid{Field: field, Reason: strings.TrimSpace(step.Detail + " " + step.Mend)}
}

// choosePassword decides between making and adopting, and fills in the repository's password: generated for a new one,
// given for an existing one, or remembered where a removed destination stood at the same place.
func (m *Manager) choosePassword(ctx context.Context, d model.Destination, state model.RepositoryState, s *model.DestinationSecrets) (adopt bool, err error) {
	switch {
	case state == model.RepositoryForeign:
		return false, model.Invalid{Field: placeField(d), Reason: "There are other files here; choose an empty folder for the backups, or a prefix of its own."}
	case state == model.RepositoryPresent && s.RepoPassword != "":
		return true, nil
	case state == model.RepositoryPresent:
		if s.RepoPassword, err = m.rememberedPassword(ctx, d); err != nil || s.RepoPassword != "" {
			return true, err
		}
		return false, model.Invalid{Field: "repo_password", Reason: "There is a restic repository here already. Give its password to adopt it with its snapshots, or choose another place."}
	case s.RepoPassword != "":
		return false, model.Invalid{Field: "repo_password", Reason: "There is no repository here to adopt. Leave the password empty to create a new one, or correct the place."}
	}
	s.RepoPassword = newPassword()
	return false, nil
}

// rememberedPassword returns the password of a removed destination at the same place, or nothing.
func (m *Manager) rememberedPassword(ctx context.Context, d model.Destination) (string, error) {
	removed, err := m.Store.RemovedDestinations(ctx)
	if err != nil {
		return "", err
	}
	for _, old := range removed {
		if old.Type == d.Type && old.Place() == d.Place() && old.LocalDeviceID == d.LocalDeviceID {
			return m.RepositoryPassword(old)
		}
	}
	return "", nil
}

// makeRepository initialises or opens the repository, pins it, and puts the destination into service.
func (m *Manager) makeRepository(ctx context.Context, o *opened, adopt bool) error {
	if !adopt {
		if _, err := o.repo.Init(ctx); err != nil {
			return m.repositoryError(o.destination, err)
		}
	}
	if err := m.pin(ctx, o); err != nil {
		return m.repositoryError(o.destination, err)
	}
	if err := m.checkAlone(ctx, o.destination); err != nil {
		return err
	}
	if adopt { // before the destination is in service: what fails here is taken back, and no job may run there then
		if err := m.adopt(ctx, *o); err != nil {
			return m.repositoryError(o.destination, err)
		}
	} else if err := m.Store.SetDestinationStats(ctx, o.destination.ID, store.DestinationStats{FreeSize: free(ctx, *o)}); err != nil {
		return err
	}
	if err := m.finishDestination(ctx, o.destination); err != nil {
		return err
	}
	var err error
	o.destination, err = m.Store.Destination(ctx, o.destination.ID)
	return err
}

// adopt takes over what the repository holds, and measures it where the storage says its size soon.
func (m *Manager) adopt(ctx context.Context, o opened) error {
	if _, _, err := m.takeOver(ctx, o); err != nil {
		return err
	}
	ask, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	found, err := measured(ask, o)
	if err != nil {
		m.logger.Warn("measure an adopted repository; a sync will", "destination", o.destination.Name, "error", err)
		return nil
	}
	return m.Store.SetDestinationStats(ctx, o.destination.ID, found)
}

// repositoryError names the field that a failure to make or open a repository is about.
func (m *Manager) repositoryError(d model.Destination, err error) error {
	switch {
	case errors.Is(err, restic.ErrWrongPassword):
		return model.Invalid{Field: "repo_password", Reason: "This password does not open the repository that is here."}
	case errors.Is(err, restic.ErrDiskFull):
		return model.Invalid{Field: placeField(d), Reason: "There is no space left here for a repository; free some, or choose another place."}
	}
	var told *restic.Error
	if errors.As(err, &told) {
		return model.Invalid{Field: placeField(d), Reason: "The repository could not be made: " + told.Error()}
	}
	return err
}

// unmake takes back a creation that failed: the skeleton that init left, where it holds nothing, then the row. A
// skeleton that cannot be removed keeps its row, because that holds its password; the next start settles it.
func (m *Manager) unmake(ctx context.Context, o opened, adopt bool) error {
	if !adopt {
		if err := o.place.Clear(ctx); err != nil {
			return fmt.Errorf("clear the half-made repository at %s: %w", o.destination.Place(), err)
		}
	}
	return m.Store.DeleteDestination(ctx, o.destination.ID)
}

// pin reads the repository's id and the hash of its raw config file into the destination. The storage is asked first:
// restic tries for many minutes to reach one that does not answer.
func (m *Manager) pin(ctx context.Context, o *opened) error {
	ask, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	raw, err := o.place.Config(ask)
	if err != nil {
		return err
	}
	config, err := o.repo.Config(ctx)
	if err != nil {
		return err
	}
	o.destination.RepoID, o.destination.RepoConfigHash = config.ID, configHash(raw)
	return nil
}

// finishDestination puts a pinned destination into service; the first one joins the default policy.
func (m *Manager) finishDestination(ctx context.Context, d model.Destination) error {
	d.Enabled, d.RepoInitialized = true, true
	d.Touch(m.now())
	if _, err := m.Store.UpdateDestination(ctx, d); err != nil {
		return err
	}
	joined, err := m.Store.JoinDefaultPolicy(ctx, d.ID)
	if err != nil {
		return err
	}
	if joined {
		m.publish(model.EventPolicy, uuid.Nil)
	}
	m.publish(model.EventDestination, d.ID)
	return nil
}

// TestDestination tries every step from the name to a deleted test object, and says why the first bad one fails. For a
// destination that is stored, empty secrets mean the stored ones.
func (m *Manager) TestDestination(ctx context.Context, d model.Destination, s model.DestinationSecrets, step func(model.ProbeStep)) (model.Probe, error) {
	stored, err := m.Store.Destination(ctx, d.ID)
	switch {
	case err == nil:
		if err := passwordAgain(d, stored, s); err != nil {
			return model.Probe{}, err
		}
		if s, err = m.merged(stored, s); err != nil {
			return model.Probe{}, err
		}
	case !errors.Is(err, model.ErrNotFound):
		return model.Probe{}, err
	default:
		if d.Name == "" {
			d.Name = "Test"
		}
		if err := s.Validate(d.Type); err != nil {
			return model.Probe{}, err
		}
	}
	if d.Type == model.DestinationLocal && d.LocalDeviceID == uuid.Nil {
		local, err := m.Store.LocalDevice(ctx)
		if err != nil {
			return model.Probe{}, err
		}
		d.LocalDeviceID = local.ID
	}
	if err := d.Validate(); err != nil {
		return model.Probe{}, err
	}
	if stored.ID == uuid.Nil || moved(stored, d) {
		if err := m.checkPlace(ctx, d); err != nil {
			return model.Probe{}, err
		}
	}
	if err := m.checkSFTP(ctx, &d, stored, s); err != nil {
		return model.Probe{}, err
	}
	host, done, err := m.placeHost(ctx, d, s)
	if err != nil {
		return model.Probe{}, err
	}
	defer done()
	place, err := storage.Open(d, storage.Credentials{AccessKey: s.AccessKey, SecretKey: s.SecretKey}, host)
	if err != nil {
		return closedDoor(err)
	}
	if step == nil {
		step = func(model.ProbeStep) {}
	}
	probe := place.Probe(ctx, step)
	if stored.RepoInitialized {
		recognise(ctx, place, stored, &probe)
	}
	return probe, nil
}

// recognise says of the test of a stored destination whether what is there is its own repository: what can be made or
// adopted at a place is for those who add one.
func recognise(ctx context.Context, place storage.Place, stored model.Destination, probe *model.Probe) {
	last := &probe.Steps[len(probe.Steps)-1]
	switch probe.Repository {
	case model.RepositoryNone:
		last.State, last.Detail = model.ProbeFailed, fmt.Sprintf("The repository of %q is not here.", stored.Name)
		last.Mend = "Mount the disk, or check the place. Nothing will be made instead of it."
	case model.RepositoryPresent:
		ask, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()
		raw, err := place.Config(ask)
		if probe.Ours = err == nil && configHash(raw) == stored.RepoConfigHash; probe.Ours {
			last.Detail = "This destination’s repository is here."
		} else { // an upgrade by restic rewrites the file and keeps the id
			last.Detail = "A restic repository is here, but not with the config file that Keepstead knows. The next backup compares its id before it writes."
		}
	}
}

// merged fills the empty fields of s with the stored destination's secrets.
func (m *Manager) merged(stored model.Destination, s model.DestinationSecrets) (model.DestinationSecrets, error) {
	old, err := m.secrets(stored)
	if err != nil {
		return s, err
	}
	if s.AccessKey == "" {
		s.AccessKey = old.AccessKey
	}
	if s.SecretKey == "" {
		s.SecretKey = old.SecretKey
	}
	if s.RepoPassword == "" {
		s.RepoPassword = old.RepoPassword
	}
	if s.SFTPPassword == "" && s.SFTPKey == "" {
		s.SFTPPassword, s.SFTPKey = old.SFTPPassword, old.SFTPKey
	}
	return s, nil
}

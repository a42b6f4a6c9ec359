package jobs

import (
	"context"

	"github.com/google/uuid"

	"keepstead/model"
)

// ChangeDestination stores new settings. Where the place or a credential changes, the storage is tested and must hold
// the repository that was pinned: a destination is moved by moving its repository, never by pointing elsewhere.
func (m *Manager) ChangeDestination(ctx context.Context, d model.Destination, s model.DestinationSecrets) (model.Destination, error) {
	m.adding.Lock()
	defer m.adding.Unlock()
	m.sealing.RLock()
	defer m.sealing.RUnlock()
	old, err := m.Store.Destination(ctx, d.ID)
	if err != nil {
		return d, err
	}
	d = keepFacts(d, old)
	if err := m.checkDestination(ctx, &d); err != nil {
		return d, err
	}
	if moved(old, d) {
		if err := m.checkPlace(ctx, d); err != nil {
			return d, err
		}
	}
	if err := passwordAgain(d, old, s); err != nil {
		return d, err
	}
	if err := m.checkSFTP(ctx, &d, old, s); err != nil {
		return d, err
	}
	if moved(old, d) || s != (model.DestinationSecrets{Fingerprint: s.Fingerprint}) {
		d, err = m.changeAccess(ctx, d, s)
	} else {
		d, err = m.Store.UpdateDestination(ctx, d)
	}
	if err != nil {
		return d, err
	}
	m.publish(model.EventDestination, d.ID)
	return d, nil
}

// changeAccess stores other credentials, or that the place is another, once they are proven to open the same repository.
// What a recovery kit says of it does not open it any more. A password that is given calls off what a rotation has left.
func (m *Manager) changeAccess(ctx context.Context, d model.Destination, s model.DestinationSecrets) (model.Destination, error) {
	old := d
	var err error
	if d, err = m.proveSame(ctx, d, s); err != nil {
		return d, err
	}
	if err := m.seal(&d, s); err != nil {
		return d, err
	}
	return m.Store.ChangeAccess(ctx, d, old)
}

// keepFacts takes from a request only what a person may change; everything learnt or sealed stays.
func keepFacts(d, old model.Destination) model.Destination {
	next := old
	next.Name, next.Enabled = d.Name, d.Enabled
	next.S3Endpoint, next.S3Bucket, next.S3Region, next.S3Prefix = d.S3Endpoint, d.S3Bucket, d.S3Region, d.S3Prefix
	next.S3PathStyle, next.S3CACert = d.S3PathStyle, d.S3CACert
	next.LocalPath = d.LocalPath
	next.SFTPHost, next.SFTPPort, next.SFTPUser, next.SFTPPath = d.SFTPHost, d.SFTPPort, d.SFTPUser, d.SFTPPath
	next.Direct, next.BytesPerSecond, next.Provider, next.Site = d.Direct, d.BytesPerSecond, d.Provider, d.Site
	next.Window = d.Window
	next.PricePerTBMonth, next.PriceCurrency = d.PricePerTBMonth, d.PriceCurrency
	if d.LocalDeviceID != uuid.Nil {
		next.LocalDeviceID = d.LocalDeviceID
	}
	return next
}

func moved(old, d model.Destination) bool {
	return old.Place() != d.Place() || old.LocalDeviceID != d.LocalDeviceID || old.S3Region != d.S3Region ||
		old.S3PathStyle != d.S3PathStyle || old.S3CACert != d.S3CACert || old.SFTPHostKey != d.SFTPHostKey
}

func (m *Manager) proveSame(ctx context.Context, d model.Destination, s model.DestinationSecrets) (model.Destination, error) {
	given := s.RepoPassword != ""
	s, err := m.merged(d, s)
	if err != nil {
		return d, err
	}
	o, err := m.openHereWith(ctx, d, s)
	if err != nil {
		return d, err
	}
	defer m.endQuick(o)
	probe := o.place.Probe(ctx, func(model.ProbeStep) {})
	if err := probeError(d, probe); err != nil {
		return d, err
	}
	if err := m.checkReal(ctx, d); err != nil {
		return d, err
	}
	if probe.Repository != model.RepositoryPresent {
		return d, model.Invalid{Field: placeField(d), Reason: "This destination's repository is not there. Move the repository first, or add a new destination."}
	}
	config, err := o.repo.Config(ctx)
	if err != nil {
		return d, m.repositoryError(d, err)
	}
	if config.ID != d.RepoID {
		return d, model.Invalid{Field: placeField(d), Reason: "Another repository is there. Add it as a destination of its own to adopt it."}
	}
	if given {
		return m.callOff(ctx, o)
	}
	return d, nil
}

// RemoveDestination takes a destination out of every policy and hides it. The repository's data is never touched, and
// its password is kept, sealed, so that adding the same place again adopts it.
func (m *Manager) RemoveDestination(ctx context.Context, id uuid.UUID) error {
	if err := m.Store.RemoveDestination(ctx, id); err != nil {
		return err
	}
	m.publish(model.EventDestination, id)
	m.publish(model.EventPolicy, uuid.Nil)
	m.settleIndexLater()
	return nil
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
	"keepstead/secret"
	"keepstead/store"
)

// Bounds of what somebody waits for in front of a page.
const (
	scanLimit    = 20 * time.Second
	connectLimit = 2 * time.Minute // with restic on its way to the device
)

// ScanDevice asks the machine at the device's address for its host key, through the jump host where there is one, and
// signs in to nothing there. A person compares its fingerprint.
func (m *Manager) ScanDevice(ctx context.Context, d model.Device) (hostKey string, err error) {
	to := sshTo(d)
	if to.Jump, err = m.jump(ctx, d, nil); err != nil {
		return "", err
	}
	return scan(ctx, to, "address")
}

// scan returns the host key at an address; what goes wrong is said of the field.
func scan(ctx context.Context, to device.SSHConfig, field string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, scanLimit)
	defer cancel()
	hostKey, _, err := device.ScanHostKey(ctx, to)
	if errors.Is(err, context.DeadlineExceeded) {
		return "", model.Invalid{Field: field, Reason: "The machine did not answer in time. Check that it is on, and that address and port are right."}
	}
	if err != nil {
		return "", sshRefused(err, func(model.DeviceState) string { return field })
	}
	return hostKey, nil
}

// confirmed returns the host key at the address when it is the one that was confirmed by its fingerprint, or the pinned
// one. Any other is a model.HostKeyUnconfirmed.
func confirmed(ctx context.Context, to device.SSHConfig, pinned, fingerprint, field string) (string, error) {
	offered, err := scan(ctx, to, field)
	if err != nil {
		return "", err
	}
	switch mine := model.Fingerprint(offered); {
	case fingerprint == mine, fingerprint == "" && pinned != "" && model.Fingerprint(pinned) == mine:
		return offered, nil
	}
	return "", model.HostKeyUnconfirmed{Offered: offered, Pinned: pinned, Given: fingerprint != ""}
}

// connect makes sure that the device can be reached as it is declared, and returns what the contact found out, nil where
// nothing that concerns the way to it has changed. Key and host key end up in d.
func (m *Manager) connect(ctx context.Context, d *model.Device, old model.Device, s model.DeviceSecrets) (*store.DeviceContact, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	moved := old.ID == uuid.Nil || old.Address != d.Address || old.SSHPort() != d.SSHPort() || old.JumpDeviceID != d.JumpDeviceID
	if moved || d.HostKey == "" || s.Fingerprint != "" && s.Fingerprint != model.Fingerprint(d.HostKey) {
		to := sshTo(*d)
		var err error
		if to.Jump, err = m.jump(ctx, *d, nil); err != nil {
			return nil, err
		}
		if d.HostKey, err = confirmed(ctx, to, old.HostKey, s.Fingerprint, "address"); err != nil {
			return nil, err
		}
	} else if s == (model.DeviceSecrets{Fingerprint: s.Fingerprint}) && old.SSHUser == d.SSHUser && old.Sudo == d.Sudo {
		return nil, nil //nolint:nilnil // nothing to learn is not an error
	}
	made, err := m.takeKey(ctx, d, s)
	if err != nil {
		return nil, err
	}
	contact, err := m.meet(ctx, *d)
	var told *device.SSHError
	switch {
	case err == nil:
	case !errors.As(err, &told) || s.Password != "" || s.PrivateKey != "":
		return nil, sshRefused(err, secretField(s))
	case made && stateOf(told) == model.DeviceDenied:
		contact.State, contact.Message, contact.Mend = pendingWords(*d)
	}
	return &contact, nil
}

// takeKey puts the key that opens the device into d, sealed: the given one, the one that is there, or a new one, which
// it has the device accept where there is a password to sign in with. It says whether it made one.
func (m *Manager) takeKey(ctx context.Context, d *model.Device, s model.DeviceSecrets) (made bool, err error) {
	if s.PrivateKey != "" {
		public, err := device.AuthorizedKey([]byte(s.PrivateKey))
		if err != nil {
			return false, unreadableKey(err)
		}
		return false, m.sealKey(d, s.PrivateKey, public)
	}
	if made = d.SSHKey.Empty(); made {
		private, public, err := device.GenerateKey("keepstead@" + d.Hostname)
		if err != nil {
			return false, fmt.Errorf("make a key: %w", err)
		}
		if err := m.sealKey(d, string(private), public); err != nil {
			return false, err
		}
	}
	if s.Password == "" {
		return made, nil
	}
	to := sshTo(*d)
	to.Password = s.Password
	if to.Jump, err = m.jump(ctx, *d, nil); err != nil {
		return false, err
	}
	host := device.NewSSH(to, m.logger)
	err = host.InstallKey(ctx, d.PublicKey)
	if err = errors.Join(err, host.Close()); err != nil {
		return made, sshRefused(err, secretField(s))
	}
	return made, nil
}

// unreadableKey refuses a private key; the error says nothing of its content.
func unreadableKey(err error) error {
	return model.Invalid{Field: "private_key", Reason: "This key cannot be read: " + sentence(err.Error()) + " Paste a whole private key without a passphrase."}
}

func (m *Manager) sealKey(d *model.Device, private, public string) error {
	sealed, err := m.Box.Seal(private, secret.Label(deviceTable, deviceKey, d.ID))
	if err != nil {
		return fmt.Errorf("seal a key: %w", err)
	}
	d.SSHKey, d.PublicKey = sealed, public
	return nil
}

// secretField says which field a failed sign-in is about.
func secretField(s model.DeviceSecrets) func(model.DeviceState) string {
	return func(state model.DeviceState) string {
		switch {
		case state == model.DeviceUnreachable:
			return "address"
		case state == model.DeviceHostKeyChanged:
			return "host_key_fingerprint"
		case s.Password != "":
			return "password"
		case s.PrivateKey != "":
			return "private_key"
		}
		return "user"
	}
}

// sshRefused turns a failure to reach a machine into a refusal of the field that it is about.
func sshRefused(err error, field func(model.DeviceState) string) error {
	var told *device.SSHError
	if !errors.As(err, &told) {
		return err
	}
	return model.Invalid{Field: field(stateOf(told)), Reason: joined(sentence(told.Message), told.Mend)}
}

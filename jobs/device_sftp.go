package jobs

import (
	"context"
	"errors"

	"keepstead/device"
	"keepstead/model"
)

// ScanSFTP asks the SFTP server of a destination for its host key, and signs in to nothing there.
func (m *Manager) ScanSFTP(ctx context.Context, d model.Destination) (hostKey string, err error) {
	return scan(ctx, sftpTo(d), "host")
}

// sftpTo is the way to the SFTP server of a destination without what opens its door.
func sftpTo(d model.Destination) device.SSHConfig {
	port := d.SFTPPort
	if port == 0 {
		port = 22
	}
	return device.SSHConfig{Address: d.SFTPHost, Port: port, User: d.SFTPUser, HostKey: d.SFTPHostKey, FilesOnly: true}
}

// sftpConfig is how the SFTP server of a destination is reached, with its credentials opened.
func sftpConfig(d model.Destination, s model.DestinationSecrets) device.SSHConfig {
	to := sftpTo(d)
	to.Password, to.Key = s.SFTPPassword, []byte(s.SFTPKey)
	return to
}

// checkSFTP pins the host key of an SFTP server: the one whose fingerprint was confirmed. Any other is a
// model.HostKeyUnconfirmed, and nothing was signed in to. A server that stays where it is keeps its pin.
func (m *Manager) checkSFTP(ctx context.Context, d *model.Destination, old model.Destination, s model.DestinationSecrets) error {
	if d.Type != model.DestinationSFTP {
		return nil
	}
	if s.SFTPKey != "" {
		if _, err := device.AuthorizedKey([]byte(s.SFTPKey)); err != nil {
			return unreadableKey(err)
		}
	}
	same := old.SFTPHost == d.SFTPHost && old.SFTPPort == d.SFTPPort && old.SFTPHostKey != ""
	if same && (s.Fingerprint == "" || s.Fingerprint == model.Fingerprint(old.SFTPHostKey)) {
		d.SFTPHostKey = old.SFTPHostKey
		return nil
	}
	pinned := old.SFTPHostKey
	var err error
	d.SFTPHostKey, err = confirmed(ctx, sftpTo(*d), pinned, s.Fingerprint, "host")
	return err
}

// passwordAgain refuses to send a password that is kept to another server than the one that it was given for: whoever may
// change a destination could read it there.
func passwordAgain(d, old model.Destination, s model.DestinationSecrets) error {
	to, was := sftpTo(d), sftpTo(old)
	if old.SFTPPassword.Empty() || s.SFTPPassword != "" || s.SFTPKey != "" || to.Address == was.Address && to.Port == was.Port {
		return nil
	}
	return model.Invalid{Field: "password", Reason: "The server is another one, so give the password again."}
}

// placeHost is the machine that a destination's files are reached on; done gives it back.
func (m *Manager) placeHost(ctx context.Context, d model.Destination, s model.DestinationSecrets) (host device.Host, done func(), err error) {
	switch d.Type {
	case model.DestinationSFTP:
		to := sftpConfig(d, s)
		to.GiveUp = m.GiveUp
		remote := device.NewSSH(to, m.logger)
		return remote, func() {
			if err := remote.Close(); err != nil {
				m.logger.Debug("close a connection", "destination", d.Name, "error", err)
			}
		}, nil
	case model.DestinationLocal:
		on, err := m.machine(ctx, d.LocalDeviceID)
		return on.host, func() {}, err
	default:
		return m.Host, func() {}, nil
	}
}

// doorField says which field of a destination's form a machine that does not let us in is about.
func doorField(d model.Destination, s model.DestinationSecrets) func(model.DeviceState) string {
	return func(state model.DeviceState) string {
		switch {
		case d.Type == model.DestinationLocal:
			return "device_id"
		case state == model.DeviceUnreachable:
			return "host"
		case state == model.DeviceHostKeyChanged:
			return "host_key_fingerprint"
		case s.SFTPKey != "":
			return "private_key"
		}
		return "password"
	}
}

// closedDoor is the test of a place whose machine does not let us in: one step, which says why.
func closedDoor(err error) (model.Probe, error) {
	var told *device.SSHError
	if !errors.As(err, &told) {
		return model.Probe{}, err
	}
	step := model.ProbeStep{Name: "login", State: model.ProbeFailed, Detail: sentence(told.Message), Mend: told.Mend}
	switch stateOf(told) {
	case model.DeviceUnreachable:
		step.Name = "connect"
	case model.DeviceHostKeyChanged:
		step.Name = "host_key"
	}
	return model.Probe{Steps: []model.ProbeStep{step}, Repository: model.RepositoryUnknown, FreeBytes: -1}, nil
}

package jobs

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
	"keepstead/storage"
)

// TakeRecoveryKit opens what restic alone needs to read each repository: of the destinations there are, and of removed ones,
// whose repositories are still there. It is recorded as taken, so call it only for somebody who gets it.
func (m *Manager) TakeRecoveryKit(ctx context.Context) ([]model.KitEntry, error) {
	at := m.now() // a password that changes while the kit is made makes it out of date
	there, err := m.Store.Destinations(ctx)
	if err != nil {
		return nil, err
	}
	removed, err := m.Store.RemovedDestinations(ctx)
	if err != nil {
		return nil, err
	}
	devices, err := m.Store.Devices(ctx)
	if err != nil {
		return nil, err
	}
	names := map[uuid.UUID]string{}
	for _, d := range devices {
		names[d.ID] = d.Name
	}
	var out []model.KitEntry
	var taken []uuid.UUID
	told := map[string]bool{} // a place that was removed and added again is told once, as it is now
	for _, d := range append(there, removed...) {
		place := d.LocalDeviceID.String() + d.Place()
		if !d.RepoInitialized || told[place] {
			continue
		}
		s, err := m.secrets(d)
		if err != nil && d.RemovedAt != nil {
			m.logger.Warn("a removed destination is not in the recovery kit", "destination", d.ID, "error", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		told[place] = true
		e := kitEntry(d, s)
		e.Device = names[d.LocalDeviceID]
		out, taken = append(out, e), append(taken, d.ID)
	}
	return out, m.Store.SetKitTaken(ctx, taken, at)
}

func kitEntry(d model.Destination, s model.DestinationSecrets) model.KitEntry {
	e := model.KitEntry{Name: d.Name, Place: d.Place(), Removed: d.RemovedAt != nil}
	repository, command := storage.ResticURL(d), []string{"restic"}
	set := func(name, value string) { e.Lines = append(e.Lines, "export "+name+"="+device.Quote(value)) }
	switch d.Type {
	case model.DestinationLocal:
	case model.DestinationS3:
		set("AWS_ACCESS_KEY_ID", s.AccessKey)
		set("AWS_SECRET_ACCESS_KEY", s.SecretKey)
		for _, option := range storage.ResticOptions(d) {
			command = append(command, "-o", device.Quote(option))
		}
		if d.S3CACert != "" {
			e.Files = append(e.Files, model.KitFile{Name: "ca.pem", Content: d.S3CACert})
			command = append(command, "--cacert", "ca.pem")
		}
	case model.DestinationSFTP:
		port := d.SFTPPort
		if port == 0 {
			port = 22
		}
		// The second slash begins the path at the root instead of in the home folder.
		u := url.URL{Scheme: "sftp", User: url.User(d.SFTPUser), Host: net.JoinHostPort(d.SFTPHost, strconv.Itoa(port)), Path: "/" + d.SFTPPath}
		repository = u.String()
		e.SSHPassword = s.SFTPPassword
		if s.SFTPKey != "" {
			e.Files = append(e.Files, model.KitFile{Name: "key", Content: s.SFTPKey})
			command = append(command, "-o", device.Quote("sftp.args=-i key"))
		}
	}
	e.Lines = append([]string{"export RESTIC_REPOSITORY=" + device.Quote(repository), "export RESTIC_PASSWORD=" + device.Quote(s.RepoPassword)}, e.Lines...)
	e.Command = strings.Join(command, " ")
	return e
}

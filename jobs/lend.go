package jobs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"keepstead/device"
	"keepstead/gateway"
	"keepstead/model"
)

// lends says whether restic on that machine reaches the destination through Keepstead alone. A folder of the machine itself
// and, from Keepstead's own machine or where a person chose so, a bucket, it reaches directly.
func (m *Manager) lends(ctx context.Context, d model.Destination, on machine) (bool, error) {
	switch d.Type {
	case model.DestinationLocal:
		same, err := m.liesOn(ctx, d, on)
		return !same, err
	case model.DestinationS3:
		return !on.here() && !d.Direct, nil
	}
	return true, nil
}

// lend serves the repository to restic on the machine, on a socket that only its user reaches, until o.end is called. The
// machine never sees a credential of the storage; unless removes is true it can add and read, and take away nothing.
func (m *Manager) lend(ctx context.Context, o *opened, s model.DestinationSecrets, host device.Host, p purpose) error {
	files, err := repositoryFiles(o.destination, s, host)
	if err != nil {
		return fmt.Errorf("reach the destination: %w", err)
	}
	l, credential, gone, err := listenOn(ctx, p.on)
	if err != nil {
		return fmt.Errorf("lend the repository to %s: %w", p.on.Name, err)
	}
	server, err := gateway.Serve(m.base, l, files, gateway.Options{
		AppendOnly: !p.removes, Keys: p.addsKey, Known: o.destination.RepoInitialized, Secret: credential, Log: m.logger, Spool: m.spool(host),
		BytesPerSecond: o.destination.BytesPerSecond,
	})
	if err != nil {
		gone()
		return fmt.Errorf("lend the repository to %s: %w", p.on.Name, err)
	}
	end := o.end
	o.lent, o.at, o.end = server, l.Addr(), func() {
		server.Close()
		gone()
		end()
	}
	o.repo.URL, o.repo.Options, o.repo.CACert = gateway.URL(l.Addr(), ""), nil, ""
	o.repo.AccessKey, o.repo.SecretKey = "", ""
	if credential != "" {
		o.repo.Env = append(o.repo.Env, "RESTIC_REST_USERNAME="+gateway.User, "RESTIC_REST_PASSWORD="+credential)
		o.repo.Hidden = append(o.repo.Hidden, credential)
	}
	return nil
}

// spool is where uploads are kept until a storage on another machine has them; a folder of this one needs no second copy.
func (m *Manager) spool(host device.Host) string {
	if host == m.Host {
		return ""
	}
	return filepath.Join(m.Dir, "runs")
}

// repositoryFiles returns the files of a repository where Keepstead itself reaches them: on host, for all but a bucket.
func repositoryFiles(d model.Destination, s model.DestinationSecrets, host device.Host) (gateway.Storage, error) {
	if d.Type == model.DestinationS3 {
		return gateway.S3(d, s.AccessKey, s.SecretKey)
	}
	files, err := host.Files()
	if err != nil {
		return nil, err
	}
	if d.Type == model.DestinationSFTP {
		return gateway.Folder(files, d.SFTPPath), nil
	}
	return gateway.Folder(files, d.LocalPath), nil
}

// listenOn listens for restic on the machine: on a socket where its sshd forwards one, else on a port of its loopback, with
// a credential for this once. gone removes what was made for it.
func listenOn(ctx context.Context, on machine) (l net.Listener, credential string, gone func(), err error) {
	gone = func() {}
	address := ""
	if on.here() { // a socket's path has 108 bytes at most, and a data folder may lie deep
		dir, err := os.MkdirTemp("", "keepstead-")
		if err != nil {
			return nil, "", gone, fmt.Errorf("make a folder for the socket: %w", err)
		}
		gone = func() { _ = os.RemoveAll(dir) } // an empty folder, then
		address = filepath.Join(dir, "s")
	}
	if l, err = on.host.Listen(ctx, "unix", address); err == nil {
		return l, "", gone, nil
	}
	var told *device.SSHError
	if on.here() || !errors.As(err, &told) || told.State != device.StateForwardingDenied {
		gone()
		return nil, "", nil, err
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return nil, "", nil, fmt.Errorf("make a credential: %w", err)
	}
	l, err = on.host.Listen(ctx, "tcp", "127.0.0.1:0")
	return l, hex.EncodeToString(random), gone, err
}

package storage

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path"
	"strconv"
	"syscall"

	"keepstead/device"
	"keepstead/model"
)

// sftpPlace is a folder of an SFTP server. It is reached when something is first asked of it.
type sftpPlace struct {
	d    model.Destination
	host device.Host
	at   *folderPlace // without files until the server was reached
}

func newSFTP(d model.Destination, host device.Host) (*sftpPlace, error) {
	if host == nil {
		return nil, errors.New("open storage: SFTP needs the server it is on")
	}
	at := &folderPlace{root: path.Clean(d.SFTPPath), limit: stepLimit, user: "the user " + quote(d.SFTPUser), mute: true}
	return &sftpPlace{d: d, host: host, at: at}, nil
}

// reach connects and signs in, where that was not done yet.
func (p *sftpPlace) reach(ctx context.Context) error {
	if p.at.files != nil {
		return nil
	}
	files, err := within(ctx, p.host.Files)
	if err == nil {
		p.at.files = files
	}
	return err
}

// reached returns the folder, or why its server is out of reach.
func (p *sftpPlace) reached(ctx context.Context, doing string) (*folderPlace, error) {
	ctx, cancel := context.WithTimeout(ctx, p.at.limit)
	defer cancel()
	if err := p.reach(ctx); err != nil {
		return nil, p.at.wrap(doing, p.explain(err))
	}
	return p.at, nil
}

// Config reads the raw config file.
func (p *sftpPlace) Config(ctx context.Context) ([]byte, error) {
	at, err := p.reached(ctx, "read the repository's config")
	if err != nil {
		return nil, err
	}
	return at.Config(ctx)
}

// Size adds up the files under restic's own names.
func (p *sftpPlace) Size(ctx context.Context) (int64, error) {
	at, err := p.reached(ctx, "add up the repository's size")
	if err != nil {
		return 0, err
	}
	return at.Size(ctx)
}

// RemoveLock removes one lock of the repository.
func (p *sftpPlace) RemoveLock(ctx context.Context, id string) error {
	at, err := p.reached(ctx, "remove a lock")
	if err != nil {
		return err
	}
	return at.RemoveLock(ctx, id)
}

// Clear removes the skeleton of a failed creation.
func (p *sftpPlace) Clear(ctx context.Context) error {
	at, err := p.reached(ctx, "remove the remains of a failed creation")
	if err != nil {
		return err
	}
	return at.Clear(ctx)
}

// Probe tests the way to the server, its identity, the login, and the folder as any other.
func (p *sftpPlace) Probe(ctx context.Context, report func(model.ProbeStep)) model.Probe {
	t := newProbe(p.at.limit, report)
	t.step(ctx, "resolve", p.explain, p.resolve)
	var failed error
	t.step(ctx, "connect", p.explain, func(ctx context.Context) (string, error) {
		failed = p.reach(ctx)
		switch stateOf(failed) {
		case device.StateHostKeyUnknown, device.StateKeyUnusable:
			return "", errSkip("") // not reached: a later step says which key is missing
		case "", device.StateUnreachable:
			return "Connected to " + p.address() + ".", failed
		}
		return "Connected to " + p.address() + ".", nil
	})
	t.step(ctx, "host_key", p.explain, func(context.Context) (string, error) {
		switch stateOf(failed) {
		case device.StateHostKeyUnknown, device.StateHostKeyChanged:
			return "", failed
		case device.StateKeyUnusable:
			return "", errSkip("") // not reached: a later step says which key is missing
		}
		return "The server shows the host key that was confirmed.", nil
	})
	t.step(ctx, "login", p.explain, func(context.Context) (string, error) {
		return "The server knows the user " + quote(p.d.SFTPUser) + " and serves files.", failed
	})
	return p.at.probe(ctx, t)
}

func (p *sftpPlace) address() string {
	port := p.d.SFTPPort
	if port == 0 {
		port = 22
	}
	return net.JoinHostPort(p.d.SFTPHost, strconv.Itoa(port))
}

// resolve looks the server's name up. An address that no storage has is refused here.
func (p *sftpPlace) resolve(ctx context.Context) (string, error) {
	ip, err := netip.ParseAddr(p.d.SFTPHost)
	found := []netip.Addr{ip}
	if err != nil {
		if found, err = net.DefaultResolver.LookupNetIP(ctx, "ip", p.d.SFTPHost); err != nil {
			return "", err
		}
	}
	for _, ip := range found {
		if !allowed(ip) {
			return "", errForbidden
		}
	}
	if ip.IsValid() {
		return "", errSkip("The host is an address; there is no name to look up.")
	}
	return p.d.SFTPHost + " is " + joined(found), nil
}

func stateOf(err error) device.SSHState {
	var known *device.SSHError
	if errors.As(err, &known) {
		return known.State
	}
	return ""
}

// explain puts a failure on the way to the server into words.
func (p *sftpPlace) explain(err error) *Error {
	var known *device.SSHError
	is := func(code syscall.Errno) bool { return errors.Is(err, code) }
	if !errors.As(err, &known) || is(syscall.ECONNREFUSED) || is(syscall.EHOSTUNREACH) || is(syscall.ENETUNREACH) {
		if e := explainNetwork(p.d.SFTPHost, err); e != nil {
			return e
		}
	}
	return p.at.explain(err)
}

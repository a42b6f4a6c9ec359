package jobs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
)

// deviceStepLimit is the longest one step of a device's test may take; restic on its way there may take longer.
const deviceStepLimit = 30 * time.Second

// deviceTests are the tests that run now, for the pages that watch them.
type deviceTests struct {
	mu      sync.Mutex
	running map[uuid.UUID]model.Probe
}

func (t *deviceTests) set(id uuid.UUID, p model.Probe) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running == nil {
		t.running = map[uuid.UUID]model.Probe{}
	}
	p.Steps = slices.Clone(p.Steps)
	t.running[id] = p
}

func (t *deviceTests) end(id uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.running, id)
}

// DeviceTest returns how far a test of the device is; ok is false while none runs.
func (m *Manager) DeviceTest(id uuid.UUID) (p model.Probe, ok bool) {
	m.tests.mu.Lock()
	defer m.tests.mu.Unlock()
	p, ok = m.tests.running[id]
	return p, ok
}

// TestDevice tries the way to a device step by step, from its name to its container engine, says why the first bad step
// fails, and records what it learnt. Pages that watch the device see each step as it ends.
func (m *Manager) TestDevice(ctx context.Context, id uuid.UUID) (model.Probe, error) {
	d, err := m.Store.Device(ctx, id)
	if err != nil {
		return model.Probe{}, err
	}
	if d.Kind != model.DeviceSSH {
		return model.Probe{}, model.Conflict{Reason: fmt.Sprintf("%q is the machine that Keepstead runs on; there is no way to test.", d.Name)}
	}
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	to, err := m.sshConfig(ctx, d)
	if err != nil {
		return model.Probe{}, err
	}
	host := device.NewSSH(to, m.logger)
	defer func() { _ = host.Close() }()
	p := &deviceProbe{Manager: m, d: d, to: to, host: host, plain: host}
	if to.Sudo {
		without := to
		without.Sudo = false
		p.plain = device.NewSSH(without, m.logger)
		defer func() { _ = p.plain.Close() }()
	}
	m.tests.set(id, p.result)
	defer m.publish(model.EventDevice, id)
	defer m.tests.end(id)
	m.publish(model.EventDevice, id)
	p.run(ctx)
	return p.result, p.record(context.WithoutCancel(ctx))
}

// deviceProbe is one test of a device under way.
type deviceProbe struct {
	*Manager
	d      model.Device
	to     device.SSHConfig
	host   *device.SSH
	plain  *device.SSH // without sudo; host where there is none
	result model.Probe
	failed error // of the first step that failed
	facts  device.Facts
	// version is that of the restic that jobs will use there.
	version string
}

// notHere ends a step that the device does not have; what it holds is the detail.
type notHere string

// Error returns why the step does not apply.
func (e notHere) Error() string { return string(e) }

func (p *deviceProbe) run(ctx context.Context) {
	for _, step := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"resolve", p.resolve},
		{"connect", p.connectTCP},
		{"host_key", p.hostKey},
		{"login", p.login},
		{"shell", p.shell},
		{"sudo", p.sudo},
		{"files", p.files},
		{"forwarding", p.forwarding},
		{"restic", p.restic},
		{"engine", p.engine},
	} {
		p.step(ctx, step.name, step.do)
	}
}

// step runs one step. After the first that failed the others are skipped.
func (p *deviceProbe) step(ctx context.Context, name string, do func(context.Context) (string, error)) {
	out := model.ProbeStep{Name: name, State: model.ProbeSkipped}
	if p.failed == nil {
		limit := deviceStepLimit
		if name == "restic" {
			limit = refreshLimit
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		started := time.Now()
		detail, err := do(ctx)
		cancel()
		out.State, out.Detail, out.Duration = model.ProbeOK, detail, time.Since(started)
		var skip notHere
		switch {
		case errors.As(err, &skip):
			out.State, out.Detail = model.ProbeSkipped, skip.Error()
		case err != nil:
			p.failed, out.State = err, model.ProbeFailed
			out.Detail, out.Mend = p.explain(name, err)
		}
	}
	p.result.Steps = append(p.result.Steps, out)
	p.tests.set(p.d.ID, p.result)
	p.publish(model.EventDevice, p.d.ID)
}

func (p *deviceProbe) resolve(ctx context.Context) (string, error) {
	if p.to.Jump != nil {
		return "", notHere("The jump host finds it.")
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, p.d.Address)
	if err != nil {
		return "", err
	}
	return strings.Join(addresses[:min(len(addresses), 3)], ", "), nil
}

func (p *deviceProbe) connectTCP(ctx context.Context) (string, error) {
	if p.to.Jump != nil {
		return "", notHere(fmt.Sprintf("The connection goes through %s.", p.to.Jump.Address))
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(p.d.Address, fmt.Sprint(p.d.SSHPort())))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Port %d answers.", p.d.SSHPort()), conn.Close()
}

func (p *deviceProbe) hostKey(ctx context.Context) (string, error) {
	offered, _, err := device.ScanHostKey(ctx, p.to)
	if err != nil {
		return "", err
	}
	if model.Fingerprint(offered) != model.Fingerprint(p.d.HostKey) {
		return "", model.HostKeyUnconfirmed{Offered: offered, Pinned: p.d.HostKey}
	}
	return "It is the pinned one: " + model.Fingerprint(offered), nil
}

func (p *deviceProbe) login(ctx context.Context) (string, error) {
	if err := p.plain.Test(ctx); err != nil {
		return "", err
	}
	return "Signed in as " + p.d.SSHUser + ".", nil
}

func (p *deviceProbe) shell(ctx context.Context) (string, error) {
	var err error
	if p.facts, err = p.plain.Facts(ctx); err != nil {
		return "", err
	}
	var out strings.Builder
	err = p.plain.Run(ctx, device.Cmd{Path: "/bin/sh", Args: []string{"-c", `printf %s "$1"`, "sh", "a 'b' $c"}, Stdout: &out, Stream: true})
	if err != nil {
		return "", err
	}
	if out.String() != "a 'b' $c" {
		return "", errors.New("the arguments of a command arrive changed")
	}
	return "Commands run as they are given.", nil
}

func (p *deviceProbe) sudo(ctx context.Context) (string, error) {
	switch {
	case p.facts.IsRoot:
		return "", notHere("The user is root.")
	case !p.d.Sudo:
		return "", notHere("It is switched off: only what " + p.d.SSHUser + " may read is backed up.")
	case !p.facts.SudoWorks:
		return "", errNoSudo
	}
	facts, err := p.host.Facts(ctx) // root is told more
	if err != nil {
		return "", err
	}
	p.facts = facts
	return "It works without a password.", nil
}

var errNoSudo = errors.New("sudo asks for a password")

func (p *deviceProbe) files(context.Context) (string, error) {
	files, err := p.host.Files()
	if err != nil {
		return "", err
	}
	if _, err := files.Stat("/"); err != nil {
		return "", err
	}
	return "Files can be read.", nil
}

func (p *deviceProbe) forwarding(ctx context.Context) (string, error) {
	listener, err := p.host.Listen(ctx, "unix", "")
	if err != nil {
		return "", err
	}
	return "Keepstead can lend the device a repository.", listener.Close()
}

func (p *deviceProbe) restic(ctx context.Context) (string, error) {
	there, err := p.host.ProvideRestic(ctx, p.resticFor)
	if err != nil {
		return "", err
	}
	p.version = there.Version
	return fmt.Sprintf("restic %s at %s.", there.Version, there.Path), nil
}

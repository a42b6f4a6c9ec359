package jobs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
)

// reached is the one connection to a machine over SSH. It is made when the machine is first used, and anew when the way
// to it was changed.
type reached struct {
	way  [sha256.Size]byte // of what the connection was made from
	host *device.SSH
}

// reach returns a machine over SSH. It connects to nothing yet: that is for its first use.
func (m *Manager) reach(ctx context.Context, d model.Device) (machine, error) {
	way, err := m.wayTo(ctx, d)
	if err != nil {
		return machine{}, err
	}
	m.mu.Lock()
	r := m.machines[d.ID]
	m.mu.Unlock()
	if r.host != nil && r.way == way {
		return machine{Device: d, host: r.host}, nil
	}
	config, err := m.sshConfig(ctx, d)
	if err != nil {
		return machine{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r = m.machines[d.ID]; r.host == nil || r.way != way { // else somebody else made it meanwhile
		if r.host != nil {
			go m.leaveMachine(d.ID, r.host) // not waited for: the machine may not answer
		}
		r = reached{way: way, host: device.NewSSH(config, m.logger.With("device", d.Name))}
		m.machines[d.ID] = r
	}
	return machine{Device: d, host: r.host}, nil
}

// turn has a device be reached by the way that it has now, where it was reached by another, and looked at anew.
func (m *Manager) turn(ctx context.Context, d model.Device) error {
	if _, err := m.reach(ctx, d); err != nil {
		return err
	}
	select {
	case m.linkTo(d.ID).fresh <- struct{}{}:
	default:
	}
	return nil
}

// wayTo sums up what a connection to the device is made from, its jump hosts included.
func (m *Manager) wayTo(ctx context.Context, d model.Device) (sum [sha256.Size]byte, err error) {
	all := sha256.New()
	for hops := 0; ; hops++ {
		fmt.Fprintf(all, "%q %d %q %q %t %x\n", d.Address, d.Port, d.SSHUser, d.HostKey, d.Sudo, []byte(d.SSHKey))
		if d.JumpDeviceID == uuid.Nil || hops == maxHops {
			return [sha256.Size]byte(all.Sum(nil)), nil
		}
		if d, err = m.device(ctx, d.JumpDeviceID); err != nil {
			return sum, err
		}
	}
}

// maxHops bounds the jump hosts that are looked at on the way to one machine.
const maxHops = 8

// leaveMachine gives a connection up, and the engine's that goes through it; what runs over it is ended.
func (m *Manager) leaveMachine(id uuid.UUID, host *device.SSH) {
	if err := host.Close(); err != nil {
		m.logger.Debug("close the connection to a device", "device", id, "error", err)
	}
	m.unlink(id)
}

// part gives up the connection to a device that is removed.
func (m *Manager) part(id uuid.UUID) {
	m.mu.Lock()
	r := m.machines[id]
	delete(m.machines, id)
	m.mu.Unlock()
	if r.host != nil {
		m.leaveMachine(id, r.host)
	}
	m.mu.Lock()
	delete(m.links, id)
	m.mu.Unlock()
}

// partAll gives up all connections to devices, all at once: one that does not answer holds up no other.
func (m *Manager) partAll() {
	m.mu.Lock()
	all := m.machines
	m.machines = map[uuid.UUID]reached{}
	m.mu.Unlock()
	var ends sync.WaitGroup
	for id, r := range all {
		ends.Go(func() { m.leaveMachine(id, r.host) })
	}
	ends.Wait()
}

// equip makes sure that restic can run on the machine, and where.
func (m *Manager) equip(ctx context.Context, on *machine) error {
	over, ok := on.host.(*device.SSH)
	if !ok {
		return nil
	}
	there, err := over.ProvideRestic(ctx, m.resticFor)
	if err != nil {
		return fmt.Errorf("ready restic on %s: %w", on.Name, err)
	}
	if there.Dir == "" {
		return fail(model.CauseDevice, "Give the user a home folder there that it may write.", "%s has no folder for Keepstead's own files.", on.Name)
	}
	on.restic, on.dir, on.ResticVersion = there.Path, there.Dir, there.Version
	return nil
}

// deviceFailure says why a machine cannot be used, where err tells; other errors stay as they are.
func deviceFailure(err error) error {
	var told *device.SSHError
	if errors.Is(err, device.ErrClosed) {
		return failure{
			cause: model.CauseDevice, message: "The way to the device was changed while this ran.", err: err,
			mend: "Retry it; what was uploaded so far is used again.",
		}
	}
	if !errors.As(err, &told) {
		return err
	}
	return failure{cause: model.CauseDevice, message: sentence(told.Message), mend: sentence(told.Mend), err: err}
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
	"keepstead/store"
)

func (p *deviceProbe) engine(ctx context.Context) (string, error) {
	if p.facts.Engine == "" {
		return "", notHere("There is no Docker here; folders can be backed up.")
	}
	e, err := docker.Open(ctx, p.host, p.facts.Engine)
	var told *docker.Error
	if errors.As(err, &told) && told.State == model.EngineAbsent {
		return "", notHere("There is no Docker here; folders can be backed up.")
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = e.Close() }()
	info, err := e.Info(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Docker %s with %d containers.", info.Version, info.Containers), nil
}

// explain says why a step failed and what to do.
func (p *deviceProbe) explain(step string, err error) (detail, mend string) {
	var told *device.SSHError
	var engine *docker.Error
	var key model.HostKeyUnconfirmed
	var name *net.DNSError
	var exit *device.ExitError
	switch {
	case errors.As(err, &key):
		return fmt.Sprintf("The pinned host key is %s, the machine shows %s.", model.Fingerprint(key.Pinned), model.Fingerprint(key.Offered)),
			"If the machine was installed anew, look at its new host key and confirm it. If not, somebody may be between you and it."
	case errors.As(err, &engine):
		return engine.Message, engine.Mend
	case errors.As(err, &told) && p.waits(told):
		_, detail, mend = pendingWords(p.d)
		return detail, mend
	case errors.As(err, &told):
		return sentence(told.Message), told.Mend
	case errors.As(err, &name):
		return fmt.Sprintf("The name %q is not known.", p.d.Address), "Check the spelling, or give the address in numbers."
	case errors.Is(err, errNoSudo):
		return fmt.Sprintf("sudo asks %s for a password.", p.d.SSHUser), "Allow it without one: below is the line for sudoers. Or switch sudo off for this device."
	case errors.Is(err, context.DeadlineExceeded):
		return "The device did not answer in time.", "Check that it is on and that its network is not blocked, then test again."
	case step == "connect":
		return fmt.Sprintf("Nobody answers at port %d of %s.", p.d.SSHPort(), p.d.Address), "Check that the machine is on, that sshd runs there, and that no firewall stands between."
	case errors.As(err, &exit) && step == "shell":
		return "Its /bin/sh ended with an error.", "Give the user a shell that runs commands, such as /bin/sh."
	}
	p.logger.Warn("test of a device", "device", p.d.Name, "step", step, "error", err)
	return map[string]string{
			"shell":      "Commands cannot be run as they should.",
			"files":      "Files cannot be reached over SFTP.",
			"forwarding": "The device does not let Keepstead forward a connection.",
			"restic":     "Keepstead's restic could not be put on the device.",
			"engine":     "Docker does not answer as it should.",
		}[step], map[string]string{
			"files":      "Switch the subsystem sftp on in /etc/ssh/sshd_config.",
			"forwarding": "Set AllowTcpForwarding and AllowStreamLocalForwarding to yes in /etc/ssh/sshd_config, at least for this user.",
			"restic":     "Check that the user's home has 40 MB free and is not mounted noexec.",
		}[step]
}

// record writes what the test learnt to the device.
func (p *deviceProbe) record(ctx context.Context) error {
	now := p.now()
	c := store.DeviceContact{State: model.DeviceReady}
	if p.reached() {
		c.SeenAt = &now
	}
	if p.facts.Kernel != "" {
		c.OS, c.Arch, c.Facts = system(p.facts), p.facts.Arch, wordsOf(p.facts, now)
	}
	if failed := p.result.Failed(); failed != nil {
		c.State, c.Message, c.Mend = p.state(*failed), failed.Detail, failed.Mend
	} else if c.Facts != nil {
		limit(&c, p.d)
	}
	c.ResticVersion = p.version
	return p.recordContact(ctx, p.d.ID, &c)
}

// reached says that the device let us in.
func (p *deviceProbe) reached() bool {
	for _, s := range p.result.Steps {
		if s.Name == "login" {
			return s.State == model.ProbeOK
		}
	}
	return false
}

// state is what a failed step means for the device as a whole.
func (p *deviceProbe) state(failed model.ProbeStep) model.DeviceState {
	var told *device.SSHError
	switch {
	case failed.Name == "resolve" || failed.Name == "connect":
		return model.DeviceUnreachable
	case errors.As(p.failed, new(model.HostKeyUnconfirmed)):
		return model.DeviceHostKeyChanged
	case errors.As(p.failed, &told) && p.waits(told):
		return model.DevicePending
	case failed.Name == "engine" && errors.As(p.failed, new(*docker.Error)):
		return model.DeviceReady // folders are backed up all the same; the engine has a state of its own
	case errors.As(p.failed, &told):
		return stateOf(told)
	}
	return model.DeviceLimited
}

// waits says that the device refuses us because nobody has put our key there yet.
func (p *deviceProbe) waits(why *device.SSHError) bool {
	return p.d.State == model.DevicePending && stateOf(why) == model.DeviceDenied
}

// joined puts sentences that may be empty after each other.
func joined(sentences ...string) string {
	return strings.TrimSpace(strings.Join(sentences, " "))
}

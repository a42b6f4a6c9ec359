package device

import (
	"errors"
	"fmt"
	"io"
	"net"

	"golang.org/x/crypto/ssh"
)

// ErrHostKeyUnknown is returned where no host key is pinned.
var ErrHostKeyUnknown = errors.New("the machine's host key is not known")

// SSHState is what keeps a machine from being used.
type SSHState string

// The states of an SSHError.
const (
	StateUnreachable      SSHState = "unreachable"
	StateHostKeyUnknown   SSHState = "host_key_unknown"
	StateHostKeyChanged   SSHState = "host_key_changed"
	StateAuthRefused      SSHState = "auth_refused"
	StateKeyUnusable      SSHState = "key_unusable"
	StatePasswordExpired  SSHState = "password_expired"
	StateForwardingDenied SSHState = "forwarding_denied"
	StateNoShell          SSHState = "no_shell"
	StateNoSudo           SSHState = "no_sudo"
	StateNoExec           SSHState = "noexec"
	StateNoSFTP           SSHState = "no_sftp"
	StateNoTool           SSHState = "no_tool"
	StateNoSpace          SSHState = "no_space"
	StateUnsupported      SSHState = "unsupported"
)

// SSHError says in plain words what keeps a machine from being used, and what to do about it.
type SSHError struct {
	State   SSHState
	Message string
	Mend    string
	err     error
}

// Error returns the message, and what the machine said where it said anything.
func (e *SSHError) Error() string {
	if e.err != nil {
		return e.Message + " (" + e.err.Error() + ")"
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *SSHError) Unwrap() error { return e.err }

// explain makes an SSHError of an error of a connection that was lost or never came to be. Other errors stay.
func (s *SSH) explain(err error) error {
	var known *SSHError
	var network net.Error
	var open *ssh.OpenChannelError
	switch {
	case err == nil, errors.As(err, &known), s.base.Err() != nil:
		return err
	case errors.As(err, &open):
		return &SSHError{
			State: StateForwardingDenied, err: err,
			Message: fmt.Sprintf("%s does not open what was asked for", s.config.Address),
			Mend:    "Allow sessions and forwarding for this user in the machine's sshd_config.",
		}
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return s.unreachable(err)
	}
	return err
}

func (s *SSH) unreachable(err error) error {
	return &SSHError{
		State: StateUnreachable, err: err,
		Message: fmt.Sprintf("%s cannot be reached", s.config.endpoint()),
		Mend:    "Check that the machine is on, that its address and port are right, and that no firewall is between.",
	}
}

func (s *SSH) hostKeyUnknown() error {
	return &SSHError{
		State: StateHostKeyUnknown, err: ErrHostKeyUnknown,
		Message: fmt.Sprintf("The host key of %s was never confirmed", s.config.Address),
		Mend:    "Compare the fingerprint that is shown with the one on the machine, and confirm it.",
	}
}

func (s *SSH) hostKeyChanged(offered string) error {
	message := fmt.Sprintf("%s shows another host key than the one that was confirmed", s.config.Address)
	if offered != "" {
		message += ": " + offered
	}
	return &SSHError{
		State: StateHostKeyChanged, Message: message,
		Mend: "If the machine was set up anew, compare the fingerprint there and confirm the new one. Otherwise somebody may sit between.",
	}
}

func (s *SSH) authRefused(err error) error {
	with := "key"
	if len(s.config.Key) == 0 {
		with = "password"
	}
	return &SSHError{
		State: StateAuthRefused, err: err,
		Message: fmt.Sprintf("%s refuses the %s of the user %s", s.config.Address, with, s.config.User),
		Mend:    "Check user and " + with + "; a key must be in ~/.ssh/authorized_keys there, and sshd must allow this way of logging in.",
	}
}

func (s *SSH) passwordExpired(said error) error {
	return &SSHError{
		State: StatePasswordExpired, err: said,
		Message: fmt.Sprintf("The password of %s on %s has expired", s.config.User, s.config.Address),
		Mend:    "Log in there once by hand and set a new one.",
	}
}

func (s *SSH) noShell(said error) error {
	return &SSHError{
		State: StateNoShell, err: said,
		Message: fmt.Sprintf("%s does not let %s run commands by /bin/sh", s.config.Address, s.config.User),
		Mend:    "Give the user a login shell, and let sshd run commands for it (no ForceCommand).",
	}
}

func (s *SSH) noSudo(said error) error {
	return &SSHError{
		State: StateNoSudo, err: said,
		Message: fmt.Sprintf("%s may not use sudo on %s without a password", s.config.User, s.config.Address),
		Mend:    fmt.Sprintf("Add the line \"%s ALL=(root) NOPASSWD: ALL\" with visudo there, or use the user root.", s.config.User),
	}
}

package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	cerrdefs "github.com/containerd/errdefs"

	"keepstead/model"
)

// Error says why the engine of a device cannot be used, in a sentence, and what mends it.
type Error struct {
	State   model.EngineState
	Message string
	Mend    string
	Err     error
}

// Error joins the sentence and its cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + " (" + e.Err.Error() + ")"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// refused tells from the error of a first call why nobody can speak to the engine behind the socket.
func refused(socket string, err error) *Error {
	e := &Error{State: model.EngineDown, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		e.State = model.EngineAbsent
		e.Message = fmt.Sprintf("There is no Docker socket at %s.", socket)
		e.Mend = "Install Docker, or mount the socket into Keepstead's container: " + socket + ":" + socket + "."
	case errors.Is(err, fs.ErrPermission):
		e.State = model.EngineForbidden
		e.Message = fmt.Sprintf("Keepstead may not use the Docker socket %s.", socket)
		e.Mend = "Run Keepstead as root, or add its user to the group docker and restart it."
	case cerrdefs.IsPermissionDenied(err), cerrdefs.IsUnauthorized(err):
		e.State = model.EngineForbidden
		e.Message = fmt.Sprintf("Docker behind %s refuses Keepstead's requests.", socket)
		e.Mend = "A socket proxy must let containers, volumes, networks, images, events, info, exec and POST through."
	case errors.Is(err, syscall.ENOTSOCK), errors.Is(err, syscall.EPROTOTYPE), errors.Is(err, syscall.EISDIR):
		e.State = model.EngineAbsent
		e.Message = fmt.Sprintf("%s is not a socket.", socket)
		e.Mend = "Docker makes a folder of that name when a container mounts a socket that is not there: remove it, then restart Docker."
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Message = fmt.Sprintf("Docker does not run: nobody listens on %s.", socket)
		e.Mend = "Start it, for example with “systemctl start docker”."
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = fmt.Sprintf("Docker listens on %s, but does not answer.", socket)
		e.Mend = "Look at its log, for example with “journalctl -u docker”, and restart it."
	default:
		e.Message = fmt.Sprintf("Docker cannot be reached over %s.", socket)
		e.Mend = "Make sure that Docker runs and that the socket is the right one."
	}
	return e
}

// missing makes the engine's own “no such …” the error that every room understands.
func missing(err error) error {
	if cerrdefs.IsNotFound(err) {
		return fmt.Errorf("%w: %w", model.ErrNotFound, err)
	}
	return err
}

package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path"
	"syscall"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/versions"
	"github.com/sirupsen/logrus"

	"keepstead/device"
	"keepstead/model"
)

// minAPI is the API of engine 20.10, the oldest one that Keepstead works with.
const minAPI = "1.41"

const (
	// patience is how long the engine may take for an answer that costs it nothing.
	patience = 5 * time.Second
	// reading is how long it may take for one that it has to gather.
	reading = 30 * time.Second
	// workers bounds how many questions are asked at once.
	workers = 16
)

// Engine is the container engine of one device. It is safe for concurrent use. The containers it returns hold values of
// environment variables: their caller keeps them secret.
type Engine struct {
	api    *client.Client
	host   device.Host
	socket string
	own    []string // Keepstead's own folders, as it sees them itself
	root   string   // where the engine keeps volumes and more, as the host names it
	self   self
	looks  *looks
	memory memory
}

// Open connects to the engine behind a socket of the host. It returns *Error when the engine cannot be used. The folders
// in own hold Keepstead's own data: what lies in them is never the data of an app.
func Open(ctx context.Context, host device.Host, socket string, own ...string) (*Engine, error) {
	e := &Engine{host: host, socket: socket, own: own, looks: newLooks()}
	// Compose's library warns the standard error of whoever reads a file with it.
	logrus.SetOutput(io.Discard)
	// Kept connections spare a remote device a new channel for each of several hundred questions.
	transport := &http.Transport{MaxIdleConns: workers, MaxIdleConnsPerHost: workers, IdleConnTimeout: 30 * time.Second}
	// One that may speak HTTP/2 gets a TLS configuration, and the client then dials on its own what a command's streams run
	// over: past the device.
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	api, err := client.New(
		client.WithHTTPClient(&http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}),
		client.WithHost("unix://"+socket),
		client.WithScheme("http"), // it takes a transport that may speak HTTP/2 for one with TLS
		client.WithDialContext(func(ctx context.Context, _, _ string) (net.Conn, error) { return e.dial(ctx) }),
	)
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", socket, err)
	}
	e.api = api
	if err := e.meet(ctx); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	return e, nil
}

// meet learns all that stays as it is while the engine runs.
func (e *Engine) meet(ctx context.Context) error {
	if err := e.negotiate(ctx); err != nil {
		return err
	}
	files, err := e.host.Files()
	if err != nil {
		return fmt.Errorf("reach the files of the device: %w", err)
	}
	asking, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	info, err := e.api.Info(asking, client.InfoOptions{})
	switch {
	case err != nil && ctx.Err() == nil && !client.IsErrConnectionFailed(err):
		return e.refused(err)
	case err != nil:
		return e.explain(ctx, "ask the engine about itself", err)
	}
	e.root = path.Clean(info.Info.DockerRootDir)
	if e.self, err = e.findSelf(asking, files); err != nil {
		return e.explain(ctx, "look for Keepstead's own container", err)
	}
	return nil
}

// refused says why the first word to the engine found no ear.
func (e *Engine) refused(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		// A file or a folder of that name refuses like a socket that nobody listens on.
		if files, down := e.host.Files(); down == nil {
			if info, down := files.Stat(e.socket); down == nil && info.Mode()&fs.ModeSocket == 0 {
				err = fmt.Errorf("%w: %w", syscall.ENOTSOCK, err)
			}
		}
	}
	return refused(e.socket, err)
}

// Close gives up the connections that are not in use.
func (e *Engine) Close() error { return e.api.Close() }

func (e *Engine) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return e.host.Dial(ctx, "unix", e.socket)
}

// negotiate agrees on a version of the API.
func (e *Engine) negotiate(ctx context.Context) error {
	// The client hides why a connection failed, so one is made without it.
	conn, err := e.dial(ctx)
	if err != nil {
		return e.refused(err)
	}
	_ = conn.Close() // nothing was sent
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ping, err := e.api.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	switch {
	case ping.APIVersion != "" && versions.LessThan(ping.APIVersion, minAPI):
		return &Error{
			State:   model.EngineTooOld,
			Message: fmt.Sprintf("Docker is too old: it speaks version %s of its API, and Keepstead needs %s.", ping.APIVersion, minAPI),
			Mend:    "Install Docker 20.10 or newer.",
			Err:     err,
		}
	case err != nil:
		return e.refused(err)
	}
	return nil
}

// explain wraps the error of a call with what it was for. Where the engine itself has gone it is an *Error.
func (e *Engine) explain(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	if cerrdefs.IsPermissionDenied(err) || cerrdefs.IsUnauthorized(err) {
		return e.refused(err)
	}
	if client.IsErrConnectionFailed(err) || errors.Is(err, context.DeadlineExceeded) {
		conn, cause := e.dial(ctx)
		if cause != nil {
			return e.refused(cause)
		}
		_ = conn.Close() // nothing was sent
		return e.refused(err)
	}
	return fmt.Errorf("%s: %w", what, missing(err))
}

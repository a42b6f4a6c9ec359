// Package gateway lends one restic repository to one job, over restic's REST protocol, for as long as the job runs.
//
// Whoever holds the other end may be a machine that was broken into. It is given a repository, never the credentials of
// the storage behind it; what it uploads must be what its name says; and in append-only it can neither remove nor change
// what was there before.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// Options say how a repository is served.
type Options struct {
	// AppendOnly refuses to remove anything but locks that came through this server, and to add keys to a repository
	// that exists. Nothing is ever overwritten, with or without it.
	AppendOnly bool
	// Keys lets keys be added all the same.
	Keys bool
	// Known says that a repository is there, so none is made: where its disk went away during the job, what stands in its
	// place stays empty.
	Known bool
	// Secret is the password that a client must give, for a listener that others on its machine can reach; empty for a
	// unix socket, whose mode keeps others out.
	Secret string
	Log    *slog.Logger // nil logs nothing
	// BytesPerSecond bounds uploads and downloads together; 0 is no bound.
	BytesPerSecond int64
	// Spool is a folder of this machine where uploads are kept until they are stored, so that a storage over a network
	// can be tried again without restic's noticing; they have no name there and vanish with Keepstead. Empty: only
	// an S3 storage's uploads are kept, in the system's temporary folder.
	Spool string
	// Patience is how long a failing storage is tried again before the client is told; 0 is two minutes, which restic
	// waits out, a negative one is not at all.
	Patience time.Duration

	limits limits // other than the default ones, for tests
}

// Format hides the secret from every verb of fmt.
func (Options) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[gateway options]")) }

// Stats are a server's figures so far.
type Stats struct {
	In, Out int64 // bytes of files taken and given
	// RefusedDeletes and RefusedWrites count what was kept from happening: deletes of files that are there, and uploads
	// that would have replaced a file by another or added a key.
	RefusedDeletes, RefusedWrites int64
	// Failure is the storage's newest failure that the client was told of; nil where there was none.
	Failure error
}

// maxConnections holds for every client. restic opens five, and some more for lists and locks.
const maxConnections = 32

// limits are the longest times for the parts of a connection's life.
type limits struct {
	header time.Duration // for the first request's line and headers
	pause  time.Duration // without a byte in the middle of an upload or an answer
	idle   time.Duration // between requests, the next one's headers included
	closed time.Duration // for open requests, once the job is over
}

// defaultLimits let restic come back for its lock, which it refreshes every five minutes, on the same connection.
var defaultLimits = limits{header: 30 * time.Second, pause: time.Minute, idle: 10 * time.Minute, closed: 10 * time.Second}

// Server serves one repository.
type Server struct {
	http    *http.Server
	handler *handler
	running context.Context //nolint:containedctx // the life of the server, which its requests share
	stop    context.CancelFunc
	serving sync.WaitGroup
}

// Serve serves s to whoever connects to l, until Close or the end of ctx. It takes l over and closes it.
func Serve(ctx context.Context, l net.Listener, s Storage, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.limits == (limits{}) {
		o.limits = defaultLimits
	}
	if l.Addr().Network() != "unix" && o.Secret == "" {
		return nil, errors.Join(errors.New("serve a repository: a listener that is no unix socket needs a secret"), l.Close())
	}
	server := &Server{handler: newHandler(s, o)}
	server.running, server.stop = context.WithCancel(ctx)
	server.http = &http.Server{
		Handler:        server.handler,
		MaxHeaderBytes: 8 << 10,
		BaseContext:    func(net.Listener) context.Context { return server.running },
		ConnContext:    withWatched,
		ConnState:      watchState, // all time limits, since a connection through SSH knows no deadlines
		ErrorLog:       slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),

		DisableGeneralOptionsHandler: true,
	}
	server.serving.Go(func() {
		err := server.http.Serve(&watchListener{netutil.LimitListener(l, maxConnections), o.limits})
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			o.Log.Info("the repository is no longer served at this address", "address", l.Addr().String(), "error", err)
		}
	})
	context.AfterFunc(server.running, func() { _ = server.http.Close() })
	if sweeper, ok := s.(sweeper); ok {
		go func() { // not waited for: the storage may not answer
			if err := sweeper.sweep(server.running); err != nil && server.running.Err() == nil {
				o.Log.Warn("remains of broken uploads could not be removed", "error", err)
			}
		}()
	}
	return server, nil
}

// Close ends the service. Open requests get ten seconds; what is not stored by then is not stored. A lock that came
// through here and is still there goes: its maker was cut off, and can do nothing any more that the lock is for.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.running), s.handler.limits.closed)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close() // what was wrong is that some did not end
	}
	s.stop()
	s.serving.Wait()
	s.unlock()
}

// unlock removes the locks that came through here and were not given back.
func (s *Server) unlock() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.running), s.handler.limits.closed)
	defer cancel()
	for _, name := range s.handler.unreturned() {
		if err := s.handler.bare.Remove(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.handler.log.Warn("a lock of a job that was cut off stays", "lock", name, "error", err)
		}
	}
}

// Stats returns the figures so far.
func (s *Server) Stats() Stats { return s.handler.counts.stats() }

// User is the name that goes with a secret; there is one secret, so it says nothing.
const User = "keepstead"

// URL returns what restic is given as its repository: the place of a listener, with the secret where there is one.
func URL(a net.Addr, secret string) string {
	if a.Network() == "unix" {
		u := url.URL{Scheme: "http+unix", Path: a.String()}
		return "rest:" + u.String() + ":/"
	}
	u := url.URL{Scheme: "http", Host: a.String(), Path: "/"}
	if secret != "" {
		u.User = url.UserPassword(User, secret)
	}
	return "rest:" + u.String()
}

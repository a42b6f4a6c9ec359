package gateway

import (
	"context"
	"net"
	"net/http"
	"time"
)

// watched is a connection that is closed when what it is armed for takes too long. Deadlines of the connection would do
// the same, but one that comes through SSH has none.
type watched struct {
	net.Conn
	limits limits
	timer  *time.Timer
}

// arm closes the connection after a pause, unless it is armed anew or disarmed before.
func (w *watched) arm() {
	if w != nil {
		w.timer.Reset(w.limits.pause)
	}
}

func (w *watched) disarm() {
	if w != nil {
		w.timer.Stop()
	}
}

// Close closes the connection and ends its watch.
func (w *watched) Close() error {
	w.timer.Stop()
	return w.Conn.Close()
}

// watchListener accepts watched connections.
type watchListener struct {
	net.Listener
	limits limits
}

// Accept waits for the next connection.
func (l *watchListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watched{conn, l.limits, time.AfterFunc(l.limits.header, func() { _ = conn.Close() })}, nil
}

// watchState arms a connection between requests, until the next one's headers are read; while one is served the handler
// does.
func watchState(conn net.Conn, state http.ConnState) {
	if w, ok := conn.(*watched); ok && state == http.StateIdle {
		w.timer.Reset(w.limits.idle)
	}
}

type watchedKey struct{}

func withWatched(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, watchedKey{}, conn)
}

// watchedOf returns the request's connection; nil where there is none to watch.
func watchedOf(r *http.Request) *watched {
	w, _ := r.Context().Value(watchedKey{}).(*watched)
	return w
}

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
	timer *time.Timer
}

// arm closes the connection after the time, unless it is armed anew or disarmed before.
func (w *watched) arm(limit time.Duration) {
	if w != nil {
		w.timer.Reset(limit)
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
type watchListener struct{ net.Listener }

// Accept waits for the next connection.
func (l *watchListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watched{Conn: conn, timer: time.AfterFunc(headerLimit, func() { _ = conn.Close() })}, nil
}

// watchState arms a connection between requests; while one is served the handler does.
func watchState(conn net.Conn, state http.ConnState) {
	w, ok := conn.(*watched)
	if !ok {
		return
	}
	switch state {
	case http.StateActive: // its first byte has come
		w.arm(headerLimit)
	case http.StateIdle:
		w.arm(idleLimit)
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

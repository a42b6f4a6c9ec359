package device

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// stream is what a forwarded connection is made of.
type stream interface {
	io.ReadWriteCloser
	CloseWrite() error
}

// forwarded is a connection through SSH with deadlines, which SSH's channels do not have but servers and clients of
// HTTP count on. Something reads from the channel only while somebody reads here.
type forwarded struct {
	stream
	local, remote net.Addr
	once          sync.Once
	closed        chan struct{}

	reading sync.Mutex // one Read at a time
	asked   bool       // a read of the channel is on its way
	buf     []byte     // what it reads into
	rest    []byte     // what was read and not yet taken
	end     error      // sticky
	arrived chan result

	writing     sync.Mutex
	read, write deadline
}

type result struct {
	n   int
	err error
}

func newForwarded(s stream, local, remote net.Addr) *forwarded {
	return &forwarded{stream: s, local: local, remote: remote, closed: make(chan struct{}), arrived: make(chan result, 1), read: newDeadline(), write: newDeadline()}
}

func (c *forwarded) LocalAddr() net.Addr  { return c.local }
func (c *forwarded) RemoteAddr() net.Addr { return c.remote }

func (c *forwarded) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return nil
}

func (c *forwarded) SetReadDeadline(t time.Time) error {
	c.read.set(t)
	return nil
}

func (c *forwarded) SetWriteDeadline(t time.Time) error {
	c.write.set(t)
	return nil
}

func (c *forwarded) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	late := c.read.passed()
	select {
	case <-late:
		return 0, os.ErrDeadlineExceeded
	default:
	}
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	if c.end != nil || len(p) == 0 {
		return 0, c.end
	}
	if !c.asked {
		c.asked = true
		if c.buf == nil {
			c.buf = make([]byte, 32<<10)
		}
		go func() {
			n, err := c.stream.Read(c.buf)
			c.arrived <- result{n, err}
		}()
	}
	select {
	case r := <-c.arrived:
		c.asked, c.end, c.rest = false, r.err, c.buf[:r.n]
		n := copy(p, c.rest)
		c.rest = c.rest[n:]
		if n > 0 {
			return n, nil
		}
		return 0, c.end
	case <-late:
		return 0, os.ErrDeadlineExceeded
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

// Write writes all of p. One that is late breaks the connection, since nobody knows how much of it has gone.
func (c *forwarded) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	late := c.write.passed()
	select {
	case <-late:
		return 0, os.ErrDeadlineExceeded
	case <-c.closed:
		return 0, net.ErrClosed
	default:
	}
	done := make(chan struct{})
	stopped := make(chan struct{})
	if c.write.isSet() {
		go func() {
			defer close(stopped)
			select {
			case <-late:
				_ = c.Close()
			case <-done:
			}
		}()
	} else {
		close(stopped)
	}
	n, err := c.stream.Write(p)
	close(done)
	<-stopped
	if err != nil && c.write.over() {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

func (c *forwarded) Close() (err error) {
	c.once.Do(func() {
		close(c.closed)
		err = c.stream.Close()
		if errors.Is(err, io.EOF) {
			err = nil // the other side closed it before
		}
	})
	return err
}

// deadline is a moment that can be moved.
type deadline struct {
	mu    *sync.Mutex
	state *deadlineState
}

type deadlineState struct {
	timer *time.Timer
	gone  chan struct{} // closed when the moment has passed
}

func newDeadline() deadline {
	return deadline{mu: &sync.Mutex{}, state: &deadlineState{gone: make(chan struct{})}}
}

func (d deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.timer != nil && !d.state.timer.Stop() {
		<-d.state.gone // it fires at this moment
	}
	d.state.timer = nil
	select {
	case <-d.state.gone:
		d.state.gone = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	gone := d.state.gone
	if wait := time.Until(t); wait > 0 {
		d.state.timer = time.AfterFunc(wait, func() { close(gone) })
		return
	}
	close(gone)
}

func (d deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.gone
}

func (d deadline) isSet() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.timer != nil
}

func (d deadline) over() bool {
	select {
	case <-d.passed():
		return true
	default:
		return false
	}
}

package gateway

import (
	"context"
	"io"
	"net/http"

	"golang.org/x/time/rate"
)

// piece is how many bytes go through the bandwidth limit at once.
const piece = 64 << 10

// newLimiter returns nil where there is no limit.
func newLimiter(bytesPerSecond int64) *rate.Limiter {
	if bytesPerSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(bytesPerSecond), piece)
}

// stream is one request's bytes in both directions: watched, counted, and slowed down to the limit.
type stream struct {
	h    *handler
	ctx  context.Context
	conn *watched
	from io.Reader
	to   http.ResponseWriter

	status int   // of the answer, written before its first byte; 0 is 200
	begun  bool  // the status is out
	gone   error // why the client could not be written to
}

func (s *stream) wait(n int) error {
	if s.h.limiter == nil || n == 0 {
		return nil
	}
	return s.h.limiter.WaitN(s.ctx, n)
}

// Read reads from the request.
func (s *stream) Read(p []byte) (int, error) {
	s.conn.arm()
	n, err := s.from.Read(p[:min(len(p), piece)])
	s.conn.disarm()
	s.h.counts.in.Add(int64(n))
	if waited := s.wait(n); err == nil {
		err = waited
	}
	return n, err
}

// Write writes to the answer.
func (s *stream) Write(p []byte) (done int, err error) {
	for done < len(p) && s.gone == nil {
		part := p[done:min(len(p), done+piece)]
		if s.gone = s.wait(len(part)); s.gone != nil {
			break
		}
		if !s.begun && s.status != 0 {
			s.to.WriteHeader(s.status)
		}
		s.begun = true
		s.conn.arm()
		n, err := s.to.Write(part)
		s.conn.disarm()
		s.h.counts.out.Add(int64(n))
		done, s.gone = done+n, err
	}
	return done, s.gone
}

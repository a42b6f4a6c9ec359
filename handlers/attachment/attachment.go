// Package attachment sends what came out of a snapshot to whoever asked for it, such that they know whether all of it
// arrived: a body that breaks off takes the connection with it.
package attachment

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

// Body is what is sent.
type Body struct {
	// From ends with io.EOF only when it is complete. It is closed when all was sent, and when nobody reads any more.
	From io.ReadCloser
	// Alive says, from time to time, whether the one who asked may still have it; nil is always.
	Alive func() bool
	// Broken is told why the body broke off.
	Broken func(error)
}

const (
	patience   = time.Minute     // how long one write to the reader may take
	aliveEvery = 5 * time.Second // how often Alive is asked
)

// policy keeps what a snapshot holds from ever running as a page of ours.
const policy = "sandbox; default-src 'none'"

// Send answers with the download. The body is read after the handler has returned, so nothing in it touches c.
func Send(c *fiber.Ctx, d model.Download, body Body) error {
	Harmless(c)
	c.Set(fiber.HeaderContentType, mediaType(d.Archive))
	c.Set(fiber.HeaderContentDisposition, Disposition(d.FileName()))
	c.Set(fiber.HeaderAcceptRanges, "none")
	c.Set("X-Accel-Buffering", "no")
	c.Context().SetBodyStream(&sending{Body: body, conn: c.Context().Conn()}, int(d.Size()))
	return nil
}

// Harmless has the browser treat the answer as data, whatever it holds.
func Harmless(c *fiber.Ctx) {
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderCacheControl, "no-store")
}

func mediaType(a model.Archive) string {
	switch a {
	case model.ArchiveTar:
		return "application/x-tar"
	case model.ArchiveZip:
		return "application/zip"
	case model.ArchiveNone:
	}
	return fiber.MIMEOctetStream
}

// Disposition names the file for browsers of today (RFC 5987) and, in plain letters, for everything else.
func Disposition(name string) string {
	var plain, exact strings.Builder
	for _, r := range name {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			r = '_'
		}
		plain.WriteRune(r)
	}
	for _, b := range []byte(name) {
		if letterOrDigit(b) || strings.IndexByte("!#$&+-.^_`|~", b) >= 0 {
			exact.WriteByte(b)
			continue
		}
		exact.WriteString("%" + strings.ToUpper(strconv.FormatUint(0x100|uint64(b), 16)[1:]))
	}
	return `attachment; filename="` + plain.String() + `"; filename*=UTF-8''` + exact.String()
}

func letterOrDigit(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

var errEnded = errors.New("the one who asked may not have it any more")

// sending is the body as the server reads it.
type sending struct {
	Body
	conn  net.Conn
	asked time.Time
	over  bool // the end of the body was seen, good or bad
}

// Read gives the next piece, and the server as long as patience to get it sent: its own deadline was set once, for the
// start of the answer. A body that breaks off has the connection reset. A plain end would not do: some browsers take a
// chunked answer without its last chunk for a whole one.
func (s *sending) Read(p []byte) (int, error) {
	n, err := s.From.Read(p)
	if err == nil && s.revoked() {
		err = errEnded
	}
	if err == nil {
		err = s.conn.SetWriteDeadline(time.Now().Add(patience))
	}
	if err == nil {
		return n, nil
	}
	s.over = true
	if errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	s.reset()
	s.broken(err)
	return 0, err
}

func (s *sending) revoked() bool {
	if s.Alive == nil || time.Since(s.asked) < aliveEvery {
		return false
	}
	s.asked = time.Now()
	return !s.Alive()
}

func (s *sending) reset() {
	if tcp, ok := s.conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0) // without it the reader still sees an answer that is too short
	}
}

func (s *sending) broken(err error) {
	if s.Broken != nil {
		s.Broken(err)
	}
}

// Close ends the body; before its end was seen that means that its reader went away.
func (s *sending) Close() error {
	err := s.From.Close()
	if !s.over {
		s.over = true
		s.broken(errors.New("the reader went away, or took nothing for too long"))
	}
	return err
}

package web

import (
	"bytes"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"
)

// smallBody is the size in bytes below which an answer fits into one packet anyhow.
const smallBody = 1200

// compressor packs pages and JSON. Make one with newCompressor.
type compressor struct{ writers sync.Pool }

func newCompressor() *compressor {
	return &compressor{writers: sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, packLevel) // fails for a level that does not exist
		return w
	}}}
}

// packLevel is where a page of a megabyte takes some milliseconds still.
const packLevel = 4

// handle packs what an answer to GET holds, for whoever accepts gzip. Streams go as they are: events have to leave at
// once, and a download that breaks off must look broken.
//
// The length of a packed answer tells something of a secret in it to whoever can have it asked for again and again with
// a guess beside the secret (BREACH). Here no page holds one: forms are kept from other sites by the origin of the
// request and not by a token in the page, cookies stand in no body, and what is shown once, such as a new API token, is
// the answer to a form, which is not packed. And another site cannot ask: the session's cookie is SameSite.
func (p *compressor) handle(c *fiber.Ctx) error {
	if err := c.Next(); err != nil {
		return err
	}
	res := c.Response()
	if c.Method() == fiber.MethodPost || res.IsBodyStream() || len(res.Header.ContentEncoding()) > 0 || !packable(string(res.Header.ContentType())) {
		return nil
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	body := res.Body()
	// Who names no encoding may mean any, and is curl in front of a person.
	if len(body) < smallBody || c.Get(fiber.HeaderAcceptEncoding) == "" || c.AcceptsEncodings("gzip") != "gzip" {
		return nil
	}
	packed, err := p.pack(body)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentEncoding, "gzip")
	res.SetBodyRaw(packed)
	return nil
}

func (p *compressor) pack(body []byte) ([]byte, error) {
	w := p.writers.Get().(*gzip.Writer)
	defer p.writers.Put(w)
	var out bytes.Buffer
	out.Grow(len(body) / 6)
	w.Reset(&out)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// packable says that a body of this type shrinks. Pictures and archives are packed already.
func packable(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(kind, "text/") && kind != "text/event-stream" ||
		kind == fiber.MIMEApplicationJSON || kind == "application/problem+json" || kind == "application/yaml"
}

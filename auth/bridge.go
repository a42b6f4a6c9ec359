package auth

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// request shows a Fiber request to code written for net/http: gorilla/sessions and the cross-origin rules read nothing
// of it but these fields.
func request(c *fiber.Ctx) *http.Request {
	r := &http.Request{
		Method: c.Method(), Host: c.Hostname(), URL: &url.URL{Path: c.Path()},
		Header: http.Header{}, RemoteAddr: ClientIP(c),
	}
	for _, name := range []string{"Cookie", "Origin", "Sec-Fetch-Site", "User-Agent"} {
		if v := c.Get(name); v != "" {
			r.Header.Set(name, v)
		}
	}
	return r.WithContext(c.UserContext())
}

// response takes the headers that net/http code sets, for Fiber to send.
type response struct{ header http.Header }

// Header returns the headers to send.
func (w *response) Header() http.Header { return w.header }

// Write refuses: a session has nothing to say in the body.
func (w *response) Write([]byte) (int, error) { return 0, http.ErrNotSupported }

// WriteHeader does nothing: the handler chooses the status.
func (w *response) WriteHeader(int) {}

func (w *response) copyTo(c *fiber.Ctx) {
	for _, v := range w.header.Values("Set-Cookie") {
		c.Response().Header.Add("Set-Cookie", v) // Append would join two cookies into one
	}
}

// ClientIP is the address the request came from: the peer's, or the last one that a trusted proxy wrote into
// X-Forwarded-For. What stands before it in that header is the client's own claim.
func ClientIP(c *fiber.Ctx) string {
	if c.IsProxyTrusted() {
		entries := strings.Split(c.Get("X-Forwarded-For"), ",")
		if ip, err := netip.ParseAddr(strings.TrimSpace(entries[len(entries)-1])); err == nil {
			return ip.String()
		}
	}
	if tcp, ok := c.Context().RemoteAddr().(*net.TCPAddr); ok {
		return tcp.IP.String()
	}
	return "unknown"
}

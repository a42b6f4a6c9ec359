package storage

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// errForbidden is an address that no storage has: the machine's own metadata service and its like. A destination
// must not become a way to read them.
var errForbidden = errors.New("address is not allowed")

// clouds' metadata services outside the link-local ranges.
var metadata = []netip.Addr{netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200")}

// allowed says whether a connection to the address may be made. It is asked when dialling, after the name was
// resolved, so that no name can hide an address.
func allowed(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, m := range metadata {
		if ip == m {
			return false
		}
	}
	return ip.IsValid() && !ip.IsLinkLocalUnicast() && !ip.IsMulticast() && !ip.IsUnspecified()
}

func newDialer() *net.Dialer {
	return &net.Dialer{
		Timeout:   8 * time.Second,
		KeepAlive: 30 * time.Second,
		Control: func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || !allowed(to.Addr()) {
				return errForbidden
			}
			return nil
		},
	}
}

// tlsConfig trusts the system's authorities and the destination's own.
func tlsConfig(host, authority string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if authority == "" {
		return config, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without authorities of its own still has the given one
	}
	if !pool.AppendCertsFromPEM([]byte(authority)) {
		return nil, errors.New("read the authority's certificate: no certificate in the PEM text")
	}
	config.RootCAs = pool
	return config, nil
}

// redirect is a server's attempt to send us elsewhere. It is refused: the keys are for the place that was named.
type redirect struct{ host string }

// Error names where the server wanted to send us.
func (r *redirect) Error() string { return "redirected to " + r.host }

// errNotS3 is an answer that no S3 server gives.
var errNotS3 = errors.New("the answer is a web page")

// transport is one place's HTTP transport: its own timeouts, no proxy (restic gets none either), no redirects.
type transport struct{ http *http.Transport }

func newTransport(config *tls.Config) *transport {
	return &transport{&http.Transport{
		DialContext:           newDialer().DialContext,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   8 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		IdleConnTimeout:       30 * time.Second,
		MaxIdleConnsPerHost:   8, // the gateway's clients use five
		DisableCompression:    true,
	}}
}

// RoundTrip sends one request and turns a redirect into an error.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.http.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 == 3 && res.Header.Get("Location") != "" {
		_ = res.Body.Close()
		to := "another address"
		if u, err := res.Location(); err == nil && u.Host != "" {
			to = u.Host
		}
		return nil, &redirect{to}
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && res.StatusCode == http.StatusOK {
		_ = res.Body.Close() // a web page is never an answer of S3, and reads as an empty list
		return nil, errNotS3
	}
	return res, nil
}

// speaksTLS says whether the server at address answers a TLS handshake: the mend for “http” in front of a TLS port.
func speaksTLS(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := newDialer().DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	// Nothing is sent over this connection; it only tells which protocol the port speaks.
	probe := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // see above
	return probe.HandshakeContext(ctx) == nil
}

// address returns host:port of an endpoint, with the scheme's port where none is given.
func address(host, port, scheme string) string {
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return net.JoinHostPort(host, port)
}

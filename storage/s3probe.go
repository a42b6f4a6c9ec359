package storage

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"keepstead/model"
)

// Probe tests the way to the server, the keys, the bucket and what may be done in it.
func (p *s3Place) Probe(ctx context.Context, report func(model.ProbeStep)) model.Probe {
	defer p.transport.http.CloseIdleConnections()
	t := newProbe(p.limit, report)
	p.probeWay(ctx, t)
	p.probeBucket(ctx, t)
	p.probeObject(ctx, t)
	t.step(ctx, "repository", p.explain, func(ctx context.Context) (string, error) {
		held, err := p.contents(ctx)
		if err != nil {
			return "", err
		}
		state, detail, err := held.judge()
		t.result.Repository = state
		return detail, err
	})
	return t.result
}

// probeWay resolves the name, connects, and shakes hands.
func (p *s3Place) probeWay(ctx context.Context, t *probe) {
	var found []netip.Addr
	t.step(ctx, "resolve", p.explain, func(ctx context.Context) (string, error) {
		if ip, err := netip.ParseAddr(p.host); err == nil {
			found = []netip.Addr{ip}
			return "", errSkip("The endpoint is an address; there is no name to look up.")
		}
		var err error
		found, err = net.DefaultResolver.LookupNetIP(ctx, "ip", p.host)
		return p.host + " is " + joined(found), err
	})
	to := address(p.host, p.endpoint.Port(), p.endpoint.Scheme)
	var conn net.Conn
	t.step(ctx, "connect", p.explain, func(ctx context.Context) (string, error) {
		var err error
		if conn, err = newDialer().DialContext(ctx, "tcp", to); err != nil {
			return "", err
		}
		return "Connected to " + conn.RemoteAddr().String() + ".", nil
	})
	if conn != nil {
		defer func() { _ = conn.Close() }()
	}
	t.step(ctx, "tls", p.explain, func(ctx context.Context) (string, error) {
		if p.endpoint.Scheme != "https" {
			return "", errSkip("Plain HTTP: the backups are encrypted, but the names of files in the bucket are not hidden on the way.")
		}
		client := tls.Client(conn, p.tls)
		if err := client.HandshakeContext(ctx); err != nil {
			return "", err
		}
		leaf := client.ConnectionState().PeerCertificates[0]
		return fmt.Sprintf("The certificate is valid until %s.", leaf.NotAfter.UTC().Format(time.DateOnly)), nil
	})
}

func joined(ips []netip.Addr) string {
	const limit = 4
	var out []string
	for i, ip := range ips {
		if i == limit {
			out = append(out, "…")
			break
		}
		out = append(out, ip.Unmap().String())
	}
	return strings.Join(out, ", ") + "."
}

// probeBucket lists the bucket once and reads two answers from it: whether the keys are known, and whether the
// bucket is there for them.
func (p *s3Place) probeBucket(ctx context.Context, t *probe) {
	var listed error
	t.step(ctx, "credentials", p.explain, func(ctx context.Context) (string, error) {
		_, listed = p.any(ctx, "")
		if listed == nil || aboutBucket(listed) {
			return "The server knows the access key.", nil
		}
		if p.endpoint.Scheme == "http" && speaksTLS(ctx, address(p.host, p.endpoint.Port(), "http")) {
			return "", errPlain
		}
		return "", listed
	})
	t.step(ctx, "bucket", p.explain, func(context.Context) (string, error) {
		return "The bucket " + p.d.S3Bucket + " is there and can be listed.", listed
	})
}

// probeObject writes, reads and deletes one object. Whatever happens, the object does not stay.
func (p *s3Place) probeObject(ctx context.Context, t *probe) {
	name, content := sample()
	written := false
	t.step(ctx, "write", p.explainIn("s3:PutObject", "write"), func(ctx context.Context) (string, error) {
		err := p.write(ctx, name, content)
		written = err == nil || !errors.As(err, new(s3Refusal))
		return "A test object was written.", err
	})
	t.step(ctx, "read", p.explainIn("s3:GetObject", "read"), func(ctx context.Context) (string, error) {
		got, err := p.read(ctx, name)
		if err == nil && !bytes.Equal(got, content) {
			return "", &Error{
				Reason: "The test object came back with other content than was written.",
				Mend:   "Something between here and the bucket changes or keeps old data, such as a caching proxy; use the storage's own address.",
			}
		}
		return "It was read back, byte for byte.", err
	})
	deleted := false
	t.step(ctx, "delete", p.explainIn("s3:DeleteObject", "delete"), func(ctx context.Context) (string, error) {
		if err := p.remove(ctx, name); err != nil {
			return "", err
		}
		if _, err := p.read(ctx, name); err == nil {
			return "", errStays
		} else if !missing(err) {
			return "", err
		}
		deleted = true
		return "It was deleted again.", nil
	})
	if written && !deleted {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.limit)
		defer cancel()
		_ = p.remove(ctx, name) // the failed step has told why
	}
}

// contents looks at the names directly under the place, and whether a key is there.
func (p *s3Place) contents(ctx context.Context) (*contents, error) {
	held := &contents{}
	err := p.list(ctx, "", false, func(name string, _ int64) bool {
		held.add(strings.TrimSuffix(name, "/"))
		return len(held.strangers) < maxStrangers
	})
	if err != nil {
		return nil, err
	}
	if held.config {
		held.keys, err = p.any(ctx, "keys")
	}
	return held, err
}

package storage

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"keepstead/model"
)

// s3Place is a bucket, or a folder in one, at an S3-compatible server.
type s3Place struct {
	d         model.Destination
	endpoint  *url.URL
	host      string
	tls       *tls.Config
	transport *transport
	client    minio.Core
	limit     time.Duration
}

func newS3(d model.Destination, c Credentials) (*s3Place, error) {
	endpoint, err := url.Parse(model.EndpointURL(d.S3Endpoint))
	if err != nil {
		return nil, fmt.Errorf("open storage: %w", model.Invalid{Field: "endpoint", Reason: "Give the endpoint as a host name or as http://host:port."})
	}
	p := &s3Place{d: d, endpoint: endpoint, host: endpoint.Hostname(), limit: stepLimit}
	lookup := minio.BucketLookupAuto
	if d.S3PathStyle {
		lookup = minio.BucketLookupPath
	}
	if p.tls, err = tlsConfig(p.host, d.S3CACert); err != nil {
		return nil, fmt.Errorf("open storage: %w", model.Invalid{Field: "ca_cert", Reason: "This is not a certificate in PEM form."})
	}
	config := p.tls.Clone()
	config.ServerName = "" // net/http takes each request's own host
	p.transport = newTransport(config)
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure:       endpoint.Scheme == "https",
		Region:       d.S3Region,
		BucketLookup: lookup,
		Transport:    p.transport,
		MaxRetries:   2, // the second try is for a bucket in another region than assumed
	})
	if err != nil {
		return nil, fmt.Errorf("open storage at %s: %w", endpoint.Host, err)
	}
	p.client = minio.Core{Client: client}
	return p, nil
}

// key returns the object's full name in the bucket.
func (p *s3Place) key(name string) string { return path.Join(p.d.S3Prefix, name) }

// folder returns the prefix that all objects under name share; the place itself for an empty name.
func (p *s3Place) folder(name string) string {
	if full := p.key(name); full != "" {
		return full + "/"
	}
	return ""
}

// Config reads the raw config object.
func (p *s3Place) Config(ctx context.Context) ([]byte, error) {
	defer p.transport.http.CloseIdleConnections()
	body, err := p.read(ctx, "config")
	if err != nil {
		return nil, p.wrap("read the repository's config", err)
	}
	return body, nil
}

// maxConfig bounds what is read of one object; restic's config has some 155 bytes.
const maxConfig = 64 << 10

func (p *s3Place) read(ctx context.Context, name string) ([]byte, error) {
	body, _, _, err := p.client.GetObject(ctx, p.d.S3Bucket, p.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	return io.ReadAll(io.LimitReader(body, maxConfig))
}

func (p *s3Place) write(ctx context.Context, name string, content []byte) error {
	// The options are restic's own, so that a server that refuses them is found out here.
	_, err := p.client.Client.PutObject(ctx, p.d.S3Bucket, p.key(name), bytes.NewReader(content), int64(len(content)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", SendContentMd5: true})
	return err
}

func (p *s3Place) remove(ctx context.Context, name string) error {
	return p.client.RemoveObject(ctx, p.d.S3Bucket, p.key(name), minio.RemoveObjectOptions{})
}

// list calls each for every object under a folder of the place, or, where it is not recursive, for every name
// directly in it (folders end in a slash). each returns false to stop.
func (p *s3Place) list(ctx context.Context, folder string, recursive bool, each func(name string, size int64) bool) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	prefix := p.folder(folder)
	for o := range p.client.ListObjectsIter(ctx, p.d.S3Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: recursive}) {
		if o.Err != nil {
			return o.Err
		}
		name := strings.TrimPrefix(o.Key, prefix)
		if name == "" {
			continue // the placeholder object that some consoles make for a folder
		}
		if !each(name, o.Size) {
			return nil
		}
	}
	return ctx.Err()
}

// any says whether an object lies under the folder.
func (p *s3Place) any(ctx context.Context, folder string) (found bool, err error) {
	err = p.list(ctx, folder, true, func(string, int64) bool { found = true; return false })
	return found, err
}

// Size adds up the objects under restic's own names.
func (p *s3Place) Size(ctx context.Context) (int64, error) {
	defer p.transport.http.CloseIdleConnections()
	var total int64
	for _, folder := range folders {
		err := p.list(ctx, folder, true, func(_ string, size int64) bool { total += size; return true })
		if err != nil {
			return 0, p.wrap("add up the repository's size", err)
		}
	}
	info, err := p.client.StatObject(ctx, p.d.S3Bucket, p.key("config"), minio.StatObjectOptions{})
	switch {
	case err == nil:
		total += info.Size
	case !missing(err):
		return 0, p.wrap("add up the repository's size", err)
	}
	return total, nil
}

// RemoveLock removes one lock of the repository.
func (p *s3Place) RemoveLock(ctx context.Context, id string) error {
	if !lockID.MatchString(id) {
		return fmt.Errorf("remove lock: %s is not a lock's id", quote(id))
	}
	defer p.transport.http.CloseIdleConnections()
	if err := p.remove(ctx, "locks/"+id); err != nil && !missing(err) {
		return p.wrap("remove lock "+id[:8], err)
	}
	return nil
}

// Clear removes the skeleton of a failed creation.
func (p *s3Place) Clear(ctx context.Context) error {
	defer p.transport.http.CloseIdleConnections()
	for _, folder := range precious {
		found, err := p.any(ctx, folder)
		if err != nil {
			return p.wrap("look for backups before clearing", err)
		}
		if found {
			return errPrecious
		}
	}
	rest := []string{}
	for _, folder := range []string{"keys", "locks"} {
		err := p.list(ctx, folder, true, func(name string, _ int64) bool { rest = append(rest, folder+"/"+name); return true })
		if err != nil {
			return p.wrap("list the remains of a failed creation", err)
		}
	}
	// config goes last: while it stands, the place is still seen as a repository and not as foreign files.
	for _, name := range append(rest, "config") {
		if err := p.remove(ctx, name); err != nil && !missing(err) {
			return p.wrap("remove the remains of a failed creation", err)
		}
	}
	return nil
}

// wrap says what was being done and, in plain words, why it went wrong.
func (p *s3Place) wrap(doing string, err error) error {
	return fmt.Errorf("%s: %w", doing, p.explain(err))
}

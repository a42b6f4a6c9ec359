package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"
)

// ErrNoCredentials is returned by TryDestroy for a storage that a device is never given credentials for.
var ErrNoCredentials = errors.New("no device is given credentials for this storage")

// TryDestroy finds out with the credentials of a bucket, which a device has where it reaches the bucket directly, whether
// they can destroy what is stored: it writes an object outside restic's names, and tries to replace it and to delete it for
// good. A bucket that keeps versions counts as safe when the version stays. What is left of it is removed where that is allowed.
func TryDestroy(ctx context.Context, p Place) (destroyed bool, err error) {
	bucket, ok := p.(*s3Place)
	if !ok {
		return false, ErrNoCredentials
	}
	return bucket.tryDestroy(ctx)
}

func (p *s3Place) tryDestroy(ctx context.Context) (destroyed bool, err error) {
	defer p.transport.http.CloseIdleConnections()
	name, content := sample()
	put, err := p.client.PutObject(ctx, p.d.S3Bucket, p.key(name), bytes.NewReader(content), int64(len(content)), "", "", minio.PutObjectOptions{})
	if err != nil {
		return false, p.wrap("write a test object", err)
	}
	replaced := false
	if put.VersionID == "" { // nothing is kept of what is replaced
		_, content := sample()
		_, err := p.client.PutObject(ctx, p.d.S3Bucket, p.key(name), bytes.NewReader(content), int64(len(content)), "", "", minio.PutObjectOptions{})
		if err != nil && !refusedByServer(err) {
			return false, p.wrap("try to replace a test object", err)
		}
		replaced = err == nil
	}
	err = p.client.RemoveObject(ctx, p.d.S3Bucket, p.key(name), minio.RemoveObjectOptions{VersionID: put.VersionID})
	if replaced || refusedByServer(err) {
		return replaced, nil
	}
	if err != nil {
		return false, p.wrap("try to delete a test object", err)
	}
	_, err = p.client.StatObject(ctx, p.d.S3Bucket, p.key(name), minio.StatObjectOptions{VersionID: put.VersionID})
	switch {
	case err == nil:
		return false, nil
	case missing(err):
		return true, nil
	}
	return false, fmt.Errorf("look for the test object: %w", p.explain(err))
}

// refusedByServer says that the server answered, and did not allow it.
func refusedByServer(err error) bool {
	var answer s3Refusal
	return errors.As(err, &answer) && answer.StatusCode == 403
}

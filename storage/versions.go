package storage

import (
	"context"

	"github.com/minio/minio-go/v7"
)

// KeepsVersions says that a storage still has a version of a file of the repository that was deleted. Where it does not say
// so, or does not let it be asked, the answer is no.
func KeepsVersions(ctx context.Context, p Place, name string) bool {
	s, ok := p.(*s3Place)
	if !ok {
		return false
	}
	ctx, stop := context.WithTimeout(ctx, s.limit)
	defer stop()
	defer s.transport.http.CloseIdleConnections()
	for o := range s.client.ListObjectsIter(ctx, s.d.S3Bucket, minio.ListObjectsOptions{Prefix: s.key(name), WithVersions: true}) {
		if o.Err != nil {
			return false
		}
		if o.Key == s.key(name) && !o.IsDeleteMarker {
			return true
		}
	}
	return false
}

package restic_test

import (
	"errors"
	"path/filepath"
	"testing"

	"keepstead/restic"
	"keepstead/testbed"
)

func TestS3WithAPrivateAuthority(t *testing.T) {
	t.Parallel()
	r, bucket, source, target := newRepo(t), testbed.S3TLS(t), t.TempDir(), t.TempDir()
	r.URL, r.CACert = "s3:"+bucket.Endpoint+"/"+bucket.Name+"/home", bucket.CACert
	r.AccessKey, r.SecretKey = bucket.AccessKey, bucket.SecretKey
	r.Options = []string{"s3.bucket-lookup=path", "s3.region=" + bucket.Region}
	id, err := r.Init(t.Context())
	check(t, err)
	if config, err := r.Config(t.Context()); err != nil || config.ID != id {
		t.Errorf("config %+v, %v", config, err)
	}
	write(t, filepath.Join(source, "file"), string(random(t, 1<<20)))
	s := backup(t, r, source)
	_, err = r.Restore(t.Context(), restic.RestoreOptions{Snapshot: s.SnapshotID, Target: target, Verify: true}, nil)
	check(t, err)
	testbed.Compare(t, source, filepath.Join(target, source))
	check(t, r.Forget(t.Context(), []string{s.SnapshotID}))
	if _, err := r.Init(t.Context()); !errors.Is(err, restic.ErrExists) {
		t.Errorf("a second init gives %v", err)
	}
}

package storage

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// Real restic and this package must mean the same place by the same destination.
func TestPlacesAgreeWithRestic(t *testing.T) {
	t.Parallel()
	bucket, secure := testbed.S3(t), testbed.S3TLS(t)
	type place struct {
		d model.Destination
		c Credentials
	}
	places := map[string]place{"folder": {d: folderDestination(filepath.Join(t.TempDir(), "new", "repository"))}}
	d, c := s3Destination(bucket, "homelab/nas one #1")
	places["S3"] = place{d, c}
	d, c = s3Destination(secure, "")
	places["S3 over TLS in the whole bucket"] = place{d, c}
	for name, p := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := open(t, p.d, p.c)
			wantRepository(t, at, model.RepositoryNone)
			restic(t, p.d, p.c, "init")
			wantRepository(t, at, model.RepositoryPresent)
			if err := at.Clear(t.Context()); err != nil {
				t.Errorf("clear after init: %v", err)
			}
			wantRepository(t, at, model.RepositoryNone)

			restic(t, p.d, p.c, "init")
			restic(t, p.d, p.c, "backup", "--no-cache", testbed.Root(t)+"/storage/storage.go")
			raw, err := at.Config(t.Context())
			if err != nil || len(raw) == 0 {
				t.Errorf("config %d bytes, %v", len(raw), err)
			}
			if size, err := at.Size(t.Context()); size < 1000 || err != nil {
				t.Errorf("size %d, %v", size, err)
			}
			if err := at.Clear(t.Context()); !errors.Is(err, model.ErrConflict) {
				t.Errorf("clear after a backup: %v, want a conflict", err)
			}
			restic(t, p.d, p.c, "check")
		})
	}
}

func wantRepository(t *testing.T, at Place, want model.RepositoryState) {
	t.Helper()
	result := at.Probe(t.Context(), nil)
	if result.Repository != want || result.Failed() != nil {
		t.Fatalf("repository %q, want %q: %+v", result.Repository, want, result.Failed())
	}
}

func restic(t *testing.T, d model.Destination, c Credentials, args ...string) {
	t.Helper()
	for _, o := range ResticOptions(d) {
		args = append(args, "-o", o)
	}
	cmd := exec.Command(testbed.Binary(t, "restic"), args...)
	cmd.Env = []string{
		"RESTIC_REPOSITORY=" + ResticURL(d), "RESTIC_PASSWORD=test", "HOME=" + t.TempDir(),
		"AWS_ACCESS_KEY_ID=" + c.AccessKey, "AWS_SECRET_ACCESS_KEY=" + c.SecretKey,
	}
	if d.S3CACert != "" {
		file := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(file, []byte(d.S3CACert), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "RESTIC_CACERT="+file)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("restic %v: %v\n%s", args, err, out)
	}
}

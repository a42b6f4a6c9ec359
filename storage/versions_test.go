package storage

import (
	"testing"

	"keepstead/testbed"
)

// TestKeepsVersions: a bucket that keeps versions has a deleted file still, one that does not has not, and neither has what
// was never there.
func TestKeepsVersions(t *testing.T) {
	t.Parallel()
	for name, keeps := range map[string]bool{"keeps versions": true, "keeps none": false} {
		b := testbed.S3(t)
		if keeps {
			if err := b.Client(t).EnableVersioning(t.Context(), b.Name); err != nil {
				t.Fatal(err)
			}
		}
		b.Put(t, "mine/keys/abc", "a key")
		b.Put(t, "mine/keys/abcdef", "another key")
		d, c := s3Destination(b, "mine")
		place := open(t, d, c)
		if err := place.(*s3Place).remove(t.Context(), "keys/abc"); err != nil {
			t.Fatal(err)
		}
		if got := KeepsVersions(t.Context(), place, "keys/abc"); got != keeps {
			t.Errorf("a bucket that %s keeps a deleted file: %t", name, got)
		}
		if KeepsVersions(t.Context(), place, "keys/ab") {
			t.Errorf("a bucket that %s keeps what was never there", name)
		}
	}
}

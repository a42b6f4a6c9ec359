package storage

import (
	"testing"

	"keepstead/testbed"
)

// A key that may delete nothing destroys all the same where it may replace what no version is kept of.
func TestReplacingDestroys(t *testing.T) {
	t.Parallel()
	b := testbed.S3(t)
	for _, c := range []struct {
		who string
		as  *testbed.Bucket
	}{{"the owner", b}, {"a key that only reads and writes", b.As(t, "s3:GetObject", "s3:PutObject", "s3:ListBucket")}} {
		d, keys := s3Destination(c.as, "")
		destroyed, err := TryDestroy(t.Context(), open(t, d, keys))
		if err != nil || !destroyed {
			t.Errorf("%s: %t, %v", c.who, destroyed, err)
		}
	}
}

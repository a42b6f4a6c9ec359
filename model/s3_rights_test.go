package model

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestS3Rights reads the policy back: it is JSON, it allows exactly what is needed, and that at the named place alone.
func TestS3Rights(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, bucket, prefix, arn, objects, listed string }{
		{"a whole bucket", "homelab", "", "arn:aws:s3:::homelab", "arn:aws:s3:::homelab/*", ""},
		{"a folder", "homelab", "keepstead/nas", "arn:aws:s3:::homelab", "arn:aws:s3:::homelab/keepstead/nas/*", "keepstead/nas/*"},
		{"slashes around", "homelab", "/nas/", "arn:aws:s3:::homelab", "arn:aws:s3:::homelab/nas/*", "nas/*"},
		{"what would be a pattern", "h", "a*b?${x}", "arn:aws:s3:::h", "arn:aws:s3:::h/a${*}b${?}${$}{x}/*", "a${*}b${?}${$}{x}/*"},
		{"what would end a string", `h"],"x":["`, `a"\`, `arn:aws:s3:::h"],"x":["`, `arn:aws:s3:::h"],"x":["/a"\/*`, `a"\/*`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := S3Rights(tt.bucket, tt.prefix)
			if err != nil {
				t.Fatal(err)
			}
			var p s3Policy
			if err := json.Unmarshal([]byte(text), &p); err != nil || p.Version != "2012-10-17" || len(p.Statement) != 3 {
				t.Fatalf("%v in %s", err, text)
			}
			var actions []string
			for _, s := range p.Statement {
				actions = append(actions, s.Action...)
				if s.Effect != "Allow" {
					t.Errorf("%s: %s", s.Sid, s.Effect)
				}
			}
			want := []string{"s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"}
			if !slices.Equal(actions, want) {
				t.Errorf("allows %v, want %v", actions, want)
			}
			find, list, keep := p.Statement[0], p.Statement[1], p.Statement[2]
			if find.Resource != tt.arn || list.Resource != tt.arn || keep.Resource != tt.objects || list.Condition["StringLike"]["s3:prefix"] != tt.listed {
				t.Errorf("at another place: %s", text)
			}
		})
	}
}

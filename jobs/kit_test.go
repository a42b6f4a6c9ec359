package jobs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"keepstead/model"
)

// TestKitEntry writes what restic needs of each kind of place, quoted for a shell.
func TestKitEntry(t *testing.T) {
	t.Parallel()
	s := model.DestinationSecrets{AccessKey: "AK", SecretKey: "it's", SFTPPassword: "door", RepoPassword: "pass"}
	key := model.DestinationSecrets{SFTPKey: "PEM", RepoPassword: "pass"}
	for name, tt := range map[string]struct {
		d       model.Destination
		s       model.DestinationSecrets
		lines   []string
		command string
		files   int
		ssh     string
	}{
		"folder": {
			model.Destination{Type: model.DestinationLocal, LocalPath: "/mnt/it's here"},
			s,
			[]string{`export RESTIC_REPOSITORY='/mnt/it'\''s here'`, "export RESTIC_PASSWORD='pass'"},
			"restic", 0, "",
		},
		"bucket": {
			model.Destination{Type: model.DestinationS3, S3Endpoint: "s3.example.com", S3Bucket: "b", S3Prefix: "p", S3Region: "eu-1", S3PathStyle: true, S3CACert: "PEM"},
			s,
			[]string{
				"export RESTIC_REPOSITORY='s3:https://s3.example.com/b/p'", "export RESTIC_PASSWORD='pass'",
				"export AWS_ACCESS_KEY_ID='AK'", `export AWS_SECRET_ACCESS_KEY='it'\''s'`,
			},
			"restic -o 's3.bucket-lookup=path' -o 's3.region=eu-1' --cacert ca.pem", 1, "",
		},
		"sftp": {
			model.Destination{Type: model.DestinationSFTP, SFTPHost: "box", SFTPUser: "me", SFTPPath: "/data"},
			s,
			[]string{"export RESTIC_REPOSITORY='sftp://me@box:22//data'", "export RESTIC_PASSWORD='pass'"},
			"restic", 0, "door",
		},
		"sftp with signs that an address has other uses for": {
			model.Destination{Type: model.DestinationSFTP, SFTPHost: "box", SFTPUser: "me", SFTPPath: "/100% #1?"},
			key,
			[]string{"export RESTIC_REPOSITORY='sftp://me@box:22//100%25%20%231%3F'", "export RESTIC_PASSWORD='pass'"},
			"restic -o 'sftp.args=-i key'", 1, "",
		},
		"sftp with a key": {
			model.Destination{Type: model.DestinationSFTP, SFTPHost: "::1", SFTPPort: 23, SFTPUser: "me", SFTPPath: "/data"},
			key,
			[]string{"export RESTIC_REPOSITORY='sftp://me@[::1]:23//data'", "export RESTIC_PASSWORD='pass'"},
			"restic -o 'sftp.args=-i key'", 1, "",
		},
	} {
		e := kitEntry(tt.d, tt.s)
		if !slices.Equal(e.Lines, tt.lines) || e.Command != tt.command || len(e.Files) != tt.files || e.SSHPassword != tt.ssh {
			t.Errorf("%s: %q %q, %d files, %q", name, e.Lines, e.Command, len(e.Files), e.SSHPassword)
		}
		if shown := fmt.Sprintf("%v %+v %#v", e, e, &e); strings.Contains(shown, "pass") {
			t.Errorf("%s tells its secrets: %s", name, shown)
		}
	}
}

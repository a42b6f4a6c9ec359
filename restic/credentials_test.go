package restic

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// TestCredentialsFile reads the file with the very code that restic reads it with.
func TestCredentialsFile(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{
		"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY==", "with#hash", "with;semicolon", `"quoted"`, "'quoted'", "back`tick", `back\slash`,
		"ends with backslash\\", "two words", "x=y:z", "%x%", "[section]", "$HOME", "naïve",
	} {
		list := Repo{Password: "p", AccessKey: "id", SecretKey: secret}.secrets()
		file := filepath.Join(t.TempDir(), "credentials")
		if err := os.WriteFile(file, list[len(list)-1].Content, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := credentials.NewFileAWSCredentials(file, "").GetWithContext(nil)
		if err != nil || got.AccessKeyID != "id" || got.SecretAccessKey != secret {
			t.Errorf("%q is read as %q, %q, %v", secret, got.AccessKeyID, got.SecretAccessKey, err)
		}
	}
}

// TestWhatIsSaid goes through real last words of restic.
func TestWhatIsSaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, line string
		want       []error
	}{
		{"repository full", `{"message_type":"exit_error","code":1,"message":"Fatal: unable to save snapshot: error flushing repository: write /data/tiny/r/data/e7/e7c5-tmp-32745330: no space left on device"}`, []error{ErrDiskFull}},
		{"quota", `Save(<data/e7c565f398>) failed: write /data/r/data/e7/x: disk quota exceeded`, []error{ErrDiskFull}},
		{"init again", `{"message_type":"exit_error","code":1,"message":"Fatal: Fatal: create repository at /data/repo failed: config file already exists"}`, []error{ErrExists}},
		{"index missing", `{"message_type":"error","error":{"message":"/: tree a0b6 is not known; the repository could be damaged, run ` + "`repair index`" + ` to try to repair it"},"during":"archival","item":"/"}`, []error{ErrDamaged}},
		{"flipped bytes", `{"message_type":"error","error":{"message":"decrypting blob \u003cdata/8fd0fa76\u003e from pack 83a1 failed: ciphertext verification failed"},"during":"restore","item":"/src/big.bin"}`, []error{ErrDamaged}},
		{"key cut short", `{"message_type":"exit_error","code":1,"message":"Fatal: LoadRaw(\u003ckey/5ebac2680c\u003e): invalid data returned"}`, []error{ErrDamaged}},
		{"no bucket", `Stat(<config/>) returned error, retrying after 1.190215229s: Stat: The specified bucket does not exist.`, []error{ErrUnreachable}},
		{"storage down", `Fatal: unable to open config file: Stat: Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused`, []error{ErrUnreachable}},
		{"unknown authority", `Fatal: Get "https://127.0.0.1/": tls: failed to verify certificate: x509: certificate signed by unknown authority`, []error{ErrUnreachable}},
		{"read-only repository", `{"message_type":"exit_error","code":1,"message":"unable to create lock in backend: open /data/repo9/locks/a2b2-tmp-39: permission denied"}`, []error{ErrDenied}},
		{"unknown snapshot", `{"message_type":"exit_error","code":1,"message":"Fatal: failed to find snapshot: no matching ID found for prefix \"ffffffff\""}`, nil},
		{"a file with a telling name", `{"message_type":"error","error":{"message":"open /src/no space left on device: permission denied"},"during":"archival","item":"/src/no space left on device"}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := &diagnosis{}
			d.hear(c.line)
			for _, kind := range []error{ErrDiskFull, ErrExists, ErrDamaged, ErrUnreachable, ErrDenied} {
				wanted := len(c.want) > 0 && errors.Is(c.want[0], kind)
				if d.has(kind) != wanted {
					t.Errorf("%v: %t", kind, d.has(kind))
				}
			}
		})
	}
}

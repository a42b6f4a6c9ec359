package model

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// refusal wants err to refuse exactly the field, or nothing where it is empty.
func refusal(t *testing.T, err error, field string) {
	t.Helper()
	refused := Refused(err)
	if field == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if len(refused) == 0 {
		t.Fatalf("accepted, want %s refused (error %v)", field, err)
	}
	for _, r := range refused {
		if r.Field != field || !strings.HasSuffix(r.Reason, ".") {
			t.Errorf("refused %q: %q, want %s and a sentence", r.Field, r.Reason, field)
		}
	}
}

var long = strings.Repeat("x", 5000)

func TestValidateApp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		bend  func(*App)
		field string
	}{
		{"as it is", func(*App) {}, ""},
		{"odd but possible paths", func(a *App) { a.Paths = []string{"/a [b]/*", "/new\nline", "/ends/", "/日本"} }, ""},
		{"adopted without paths", func(a *App) { a.Origin, a.Paths = OriginAdopted, nil }, ""},
		{"no name", func(a *App) { a.Name = " " }, "name"},
		{"long name", func(a *App) { a.Name = long }, "name"},
		{"line break in the name", func(a *App) { a.Name = "a\nb" }, "name"},
		{"name that is not UTF-8", func(a *App) { a.Name = "a\xff" }, "name"},
		{"no device", func(a *App) { a.DeviceID = uuid.Nil }, "device_id"},
		{"no path", func(a *App) { a.Paths = nil }, "paths"},
		{"empty path", func(a *App) { a.Paths = []string{""} }, "paths"},
		{"relative path", func(a *App) { a.Paths = []string{"srv"} }, "paths"},
		{"path that climbs", func(a *App) { a.Paths = []string{"/srv/../etc"} }, "paths"},
		{"NUL", func(a *App) { a.Paths = []string{"/a\x00b"} }, "paths"},
		{"long path", func(a *App) { a.Paths = []string{"/" + long} }, "paths"},
		{"kernel's files", func(a *App) { a.Paths = []string{"/proc/self"} }, "paths"},
		{"twice", func(a *App) { a.Paths = []string{"/srv", "/srv"} }, "paths"},
		{"too many", func(a *App) { a.Paths = make([]string, MaxPaths+1) }, "paths"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := App{Name: "Photos", DeviceID: NewID(), Kind: AppFolders, Origin: OriginManual, Paths: []string{"/srv/photos"}}
			c.bend(&a)
			refusal(t, a.Validate(), c.field)
		})
	}
}

func TestValidateDestination(t *testing.T) {
	t.Parallel()
	local := Destination{Name: "Disk", Type: DestinationLocal, LocalDeviceID: NewID(), LocalPath: "/mnt/backups"}
	s3 := Destination{Name: "B2", Type: DestinationS3, S3Endpoint: "s3.us-west-002.backblazeb2.com", S3Bucket: "my-backups"}
	sftp := Destination{Name: "Box", Type: DestinationSFTP, SFTPHost: "u1.your-storagebox.de", SFTPUser: "u1", SFTPPath: "/backups"}
	for _, c := range []struct {
		name  string
		of    Destination
		bend  func(*Destination)
		field string
	}{
		{"folder", local, func(*Destination) {}, ""},
		{"folder without a device", local, func(d *Destination) { d.LocalDeviceID = uuid.Nil }, "device_id"},
		{"relative folder", local, func(d *Destination) { d.LocalPath = "backups" }, "path"},
		{"the whole disk", local, func(d *Destination) { d.LocalPath = "/" }, "path"},
		{"the whole disk, in other words", local, func(d *Destination) { d.LocalPath = "//" }, "path"},
		{"kernel's folder", local, func(d *Destination) { d.LocalPath = "/sys/x" }, "path"},
		{"SFTP", sftp, func(*Destination) {}, ""},
		{"SFTP with a port", sftp, func(d *Destination) { d.SFTPHost, d.SFTPPort = "fe80::1%eth0", 2222 }, ""},
		{"SFTP without a server", sftp, func(d *Destination) { d.SFTPHost = "" }, "host"},
		{"SFTP with an option for a server", sftp, func(d *Destination) { d.SFTPHost = "-oProxyCommand=x" }, "host"},
		{"SFTP without a user", sftp, func(d *Destination) { d.SFTPUser = "" }, "user"},
		{"SFTP with a wild port", sftp, func(d *Destination) { d.SFTPPort = 65536 }, "port"},
		{"SFTP into the root", sftp, func(d *Destination) { d.SFTPPath = "/" }, "path"},
		{"SFTP with a relative path", sftp, func(d *Destination) { d.SFTPPath = "backups" }, "path"},
		{"directly to SFTP", sftp, func(d *Destination) { d.Direct = true }, "direct"},
		{"directly to S3", s3, func(d *Destination) { d.Direct = true }, ""},
		{"limited and placed", s3, func(d *Destination) { d.BytesPerSecond, d.Provider, d.Site = 1<<20, "Mum’s NAS", "Mum" }, ""},
		{"negative rate", s3, func(d *Destination) { d.BytesPerSecond = -1 }, "bytes_per_second"},
		{"wild rate", local, func(d *Destination) { d.BytesPerSecond = maxRate + 1 }, "bytes_per_second"},
		{"provider over two lines", s3, func(d *Destination) { d.Provider = "a\nb" }, "provider"},
		{"long site", s3, func(d *Destination) { d.Site = long }, "site"},
		{"another type", local, func(d *Destination) { d.Type = "ftp" }, "type"},
		{"S3", s3, func(*Destination) {}, ""},
		{"S3 with a port and a prefix", s3, func(d *Destination) { d.S3Endpoint, d.S3Prefix = "http://[::1]:9000/", "home lab/Keepstead" }, ""},
		{"no endpoint", s3, func(d *Destination) { d.S3Endpoint = "" }, "endpoint"},
		{"endpoint with a password", s3, func(d *Destination) { d.S3Endpoint = "https://me:secret@s3.example" }, "endpoint"},
		{"endpoint with a path", s3, func(d *Destination) { d.S3Endpoint = "https://s3.example/bucket" }, "endpoint"},
		{"endpoint with a query", s3, func(d *Destination) { d.S3Endpoint = "https://s3.example?x=1" }, "endpoint"},
		{"another scheme", s3, func(d *Destination) { d.S3Endpoint = "file:///etc" }, "endpoint"},
		{"spaces in the endpoint", s3, func(d *Destination) { d.S3Endpoint = "s3 example" }, "endpoint"},
		{"no bucket", s3, func(d *Destination) { d.S3Bucket = "" }, "bucket"},
		{"bucket with a slash", s3, func(d *Destination) { d.S3Bucket = "a/b" }, "bucket"},
		{"odd region", s3, func(d *Destination) { d.S3Region = "eu west" }, "region"},
		{"prefix that climbs", s3, func(d *Destination) { d.S3Prefix = "a/../b" }, "prefix"},
		{"prefix with a slash in front", s3, func(d *Destination) { d.S3Prefix = "/a" }, "prefix"},
		{"line break in the prefix", s3, func(d *Destination) { d.S3Prefix = "a\nb" }, "prefix"},
		{"no certificate", s3, func(d *Destination) { d.S3CACert = "hello" }, "ca_cert"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.bend(&c.of)
			refusal(t, c.of.Validate(), c.field)
		})
	}
}

func TestValidateCredentials(t *testing.T) {
	t.Parallel()
	full := DestinationSecrets{AccessKey: "id", SecretKey: "secret"}
	refusal(t, full.Validate(DestinationS3), "")
	refusal(t, DestinationSecrets{}.Validate(DestinationLocal), "")
	refusal(t, DestinationSecrets{AccessKey: "id"}.Validate(DestinationS3), "secret_key")
	refusal(t, DestinationSecrets{SecretKey: "secret"}.Validate(DestinationS3), "access_key")
	refusal(t, DestinationSecrets{AccessKey: "id", SecretKey: "a\n[profile x]"}.Validate(DestinationS3), "secret_key")
	refusal(t, DestinationSecrets{}.Validate(DestinationSFTP), "password")
	refusal(t, DestinationSecrets{SFTPPassword: "p"}.Validate(DestinationSFTP), "")
	refusal(t, DestinationSecrets{SFTPPassword: "two\nlines"}.Validate(DestinationSFTP), "password")
	refusal(t, DestinationSecrets{SFTPPassword: "p", SFTPKey: pemKey}.Validate(DestinationSFTP), "password")
	refusal(t, DestinationSecrets{SFTPKey: pemKey}.Validate(DestinationSFTP), "")
	refusal(t, DestinationSecrets{SFTPKey: "ssh-ed25519 AAAA"}.Validate(DestinationSFTP), "private_key")
	refusal(t, DestinationSecrets{SFTPKey: pemKey, Fingerprint: "MD5:00"}.Validate(DestinationSFTP), "host_key_fingerprint")
	refusal(t, DestinationSecrets{RepoPassword: long}.Validate(DestinationLocal), "repo_password")
}

func TestValidatePolicy(t *testing.T) {
	t.Parallel()
	one := NewID()
	for _, c := range []struct {
		name  string
		bend  func(*Policy)
		field string
	}{
		{"as it is", func(*Policy) {}, ""},
		{"default without a destination", func(p *Policy) { p.IsDefault, p.DestinationIDs = true, nil }, ""},
		{"no destination", func(p *Policy) { p.DestinationIDs = nil }, "destination_ids"},
		{"a destination twice", func(p *Policy) { p.DestinationIDs = []uuid.UUID{one, one} }, "destination_ids"},
		{"no name", func(p *Policy) { p.Name = "" }, "name"},
		{"long description", func(p *Policy) { p.Description = long }, "description"},
		{"bad schedule", func(p *Policy) { p.Schedule = "daily" }, "schedule"},
		{"bad zone", func(p *Policy) { p.TimeZone = "Berlin" }, "time_zone"},
		{"negative", func(p *Policy) { p.KeepDaily = -1 }, "keep_daily"},
		{"too many", func(p *Policy) { p.KeepLast = maxKeep + 1 }, "keep_last"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := Policy{Name: "Nightly", Schedule: DefaultSchedule, DestinationIDs: []uuid.UUID{one}}
			c.bend(&p)
			refusal(t, p.Validate(), c.field)
		})
	}
	if err := DefaultPolicy().Validate(); err != nil {
		t.Errorf("the default policy: %v", err)
	}
}

func TestValidateConfiguration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		bend  func(*Configuration)
		field string
	}{
		{"as it is", func(*Configuration) {}, ""},
		{"patterns", func(c *Configuration) { c.ExcludePaths = []string{"*.tmp", "node_modules", "/srv/a [b", `x\[`}[:2] }, ""},
		{"no app", func(c *Configuration) { c.AppID = uuid.Nil }, "app_id"},
		{"no policy", func(c *Configuration) { c.PolicyID = uuid.Nil }, "policy_id"},
		{"relative include", func(c *Configuration) { c.IncludePaths = []string{"x"} }, "include_paths"},
		{"empty pattern", func(c *Configuration) { c.ExcludePaths = []string{" "} }, "exclude_paths"},
		{"line break in a pattern", func(c *Configuration) { c.ExcludePaths = []string{"a\nb"} }, "exclude_paths"},
		{"pattern that includes", func(c *Configuration) { c.ExcludePaths = []string{"!keep"} }, "exclude_paths"},
		{"open bracket", func(c *Configuration) { c.ExcludePaths = []string{"/srv/a [b"} }, "exclude_paths"},
		{"bracket over two names", func(c *Configuration) { c.ExcludePaths = []string{"/srv/[a/b]"} }, "exclude_paths"},
		{"open bracket behind a word", func(c *Configuration) { c.ExcludePaths = []string{"/srv/photos/[x"} }, "exclude_paths"},
		{"too many", func(c *Configuration) { c.ExcludePaths = strings.Split(strings.Repeat("a ", MaxPaths)+"a", " ") }, "exclude_paths"},
		{"bad retention", func(c *Configuration) { c.Retention = &Retention{KeepYearly: -3} }, "keep_yearly"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conf := Configuration{AppID: NewID(), PolicyID: NewID()}
			c.bend(&conf)
			refusal(t, conf.Validate(), c.field)
		})
	}
	policy := Policy{Retention: Retention{KeepLast: 1}}
	if own := (Configuration{Retention: &Retention{}}); !own.Keep(policy).KeepsAll() || (Configuration{}).Keep(policy).KeepLast != 1 {
		t.Error("the override is not the one in force")
	}
}

func TestValidateRestore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		of    Restore
		field string
	}{
		{"to a folder", Restore{TargetPath: "/tmp/restore"}, ""},
		{"in place", Restore{InPlace: true}, ""},
		{"odd files", Restore{InPlace: true, Files: []string{"/a/[b]*", "new\nline", "..a/b", "bad\uFFFD"}}, ""},
		{"in place, as it lies", Restore{InPlace: true, SkipSafety: true, KeepRunning: true}, ""},
		{"to a folder, unsaved", Restore{TargetPath: "/tmp/restore", SkipSafety: true}, "skip_safety"},
		{"an app, unstopped", Restore{App: &AppRestore{Mode: AppInPlace}, KeepRunning: true}, "keep_running"},
		{"both", Restore{InPlace: true, TargetPath: "/tmp"}, "target_path"},
		{"nowhere", Restore{}, "target_path"},
		{"relative", Restore{TargetPath: "tmp"}, "target_path"},
		{"the whole disk", Restore{TargetPath: "/"}, "target_path"},
		{"the whole disk, in other words", Restore{TargetPath: "//./"}, "target_path"},
		{"kernel's folder", Restore{TargetPath: "/proc/1"}, "target_path"},
		{"climbing", Restore{TargetPath: "/tmp/../etc"}, "target_path"},
		{"empty file", Restore{InPlace: true, Files: []string{""}}, "files"},
		{"file that climbs", Restore{InPlace: true, Files: []string{"/a/../../etc/passwd"}}, "files"},
		{"file that ends climbing", Restore{InPlace: true, Files: []string{"a/.."}}, "files"},
		{"NUL in a file", Restore{InPlace: true, Files: []string{"a\x00"}}, "files"},
		{"too many files", Restore{InPlace: true, Files: strings.Split(strings.Repeat("a ", maxRestoreFiles)+"a", " ")}, "files"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refusal(t, c.of.Validate(), c.field)
		})
	}
}

func TestValidateUser(t *testing.T) {
	t.Parallel()
	refusal(t, ValidateUser("anna", "ten letters"), "")
	refusal(t, ValidateUser("", "ten letters"), "name")
	refusal(t, ValidateUser("anna", "short"), "password")
	refusal(t, ValidateUser("anna", long), "password")
	refusal(t, ValidateTokenName(""), "name")
}

func TestErrorsKeepTheirKind(t *testing.T) {
	t.Parallel()
	conflict := fmt.Errorf("create: %w", Conflict{Field: "name", Reason: "It is taken."})
	if !errors.Is(conflict, ErrConflict) || errors.Is(conflict, ErrBusy) {
		t.Error("a Conflict is no ErrConflict")
	}
	if got := Refused(fmt.Errorf("x: %w", Invalid{"a", "b"})); len(got) != 1 || got[0].Field != "a" {
		t.Errorf("refused %v", got)
	}
	if Refused(ErrNotFound) != nil || (Invalids{}).Err() != nil {
		t.Error("something is refused")
	}
}

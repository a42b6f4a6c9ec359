package storage

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/model"
	"keepstead/testbed"
)

// server is a real SFTP server that is nothing else, and how its one user reaches it.
func server(t *testing.T) (*testbed.Machine, device.SSHConfig) {
	t.Helper()
	m := testbed.NewMachine(t, testbed.MachineOptions{})
	return m, device.SSHConfig{Address: m.Address, User: "sftponly", Password: testbed.MachinePassword, HostKey: m.HostKey, FilesOnly: true}
}

func overSFTP(t *testing.T, c device.SSHConfig, path string) Place {
	t.Helper()
	host := device.NewSSH(c, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = host.Close() })
	place, err := Open(model.Destination{
		ID: model.NewID(), Name: "nas", Type: model.DestinationSFTP, SFTPHost: c.Address, SFTPPort: c.Port, SFTPUser: c.User, SFTPPath: path,
	}, Credentials{}, host)
	if err != nil {
		t.Fatal(err)
	}
	return place
}

func TestProbeSFTP(t *testing.T) {
	t.Parallel()
	m, good := server(t)
	const all = "resolve:- connect:ok host_key:ok login:ok folder:ok write:ok read:ok delete:ok space:ok repository:ok"
	data := m.Path("/srv/sftp/data")
	before := names(t, data)
	for _, path := range []string{"/data", "/data/a/b"} {
		result := overSFTP(t, good, path).Probe(t.Context(), nil)
		if outline(result) != all || result.Repository != model.RepositoryNone || result.FreeBytes <= 0 {
			t.Errorf("%s: %s, %s, %d free, %+v", path, outline(result), result.Repository, result.FreeBytes, result.Failed())
		}
	}
	_, other, err := device.GenerateKey("")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(testbed.FreePort(t), ":")
	free, _ := strconv.Atoi(port)
	for _, c := range []struct {
		name, path, step, reason string
		bend                     func(*device.SSHConfig)
	}{
		{"no such name", "/data", "resolve", "is not known", func(c *device.SSHConfig) { c.Address = "nowhere.invalid" }},
		{"a metadata service", "/data", "resolve", "never used for storage", func(c *device.SSHConfig) { c.Address = "169.254.169.254" }},
		{"another port", "/data", "connect", "refused", func(c *device.SSHConfig) { c.Address, c.Port = "127.0.0.1", free }},
		{"another host key", "/data", "host_key", "another host key", func(c *device.SSHConfig) { c.HostKey = other }},
		{"no host key", "/data", "host_key", "never confirmed", func(c *device.SSHConfig) { c.HostKey = "" }},
		{"another password", "/data", "login", "refuses the password", func(c *device.SSHConfig) { c.Password = "wrong" }},
		{"no such user", "/data", "login", "refuses the password", func(c *device.SSHConfig) { c.User = "nobody-here" }},
		{"no key", "/data", "login", "private key cannot be used", func(c *device.SSHConfig) { c.Key = []byte("no key") }},
		{"somebody else's folder", "/elsewhere", "folder", "may not read and write", func(*device.SSHConfig) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bent := good
			c.bend(&bent)
			place := overSFTP(t, bent, c.path)
			result := place.Probe(t.Context(), nil)
			wantFailed(t, result, c.step, c.reason)
			if text := outline(result); strings.Count(text, ":") != strings.Count(all, ":") {
				t.Errorf("steps %s", text)
			}
			var words *Error
			if _, err := place.Config(t.Context()); !errors.As(err, &words) || words.Mend == "" || strings.Contains(err.Error(), testbed.MachinePassword) {
				t.Errorf("config: %v", err)
			}
		})
	}
	if after := names(t, data); after != before {
		t.Errorf("the probes left %q, before %q", after, before)
	}
}

func TestSFTPPlace(t *testing.T) {
	t.Parallel()
	m, c := server(t)
	made, _ := testbed.Repository(t)
	there := filepath.Join(m.Path("/srv/sftp/data"), "repository")
	if out, err := exec.Command("cp", "-r", made, there).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m.Run(t, "chown -R sftponly /srv/sftp/data/repository")
	place := overSFTP(t, c, "/data/repository")
	want, err := os.ReadFile(filepath.Join(made, "config"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := place.Config(t.Context()); string(got) != string(want) || err != nil {
		t.Errorf("config %q, %v", got, err)
	}
	if free, known := Free(t.Context(), place); free <= 0 || !known {
		t.Errorf("free are %d, known: %v", free, known)
	}
	if size, err := place.Size(t.Context()); size <= int64(len(want)) || err != nil {
		t.Errorf("size %d, %v", size, err)
	}
	wantRepository(t, place, model.RepositoryPresent)
	lock := strings.Repeat("0a", 32)
	m.Run(t, "touch /srv/sftp/data/repository/locks/"+lock+" /srv/sftp/data/repository/snapshots/s; chown -R sftponly /srv/sftp/data/repository")
	if err := place.RemoveLock(t.Context(), lock); err != nil {
		t.Error(err)
	}
	if left := names(t, filepath.Join(there, "locks")); left != "" {
		t.Errorf("left %s", left)
	}
	if err := place.Clear(t.Context()); !errors.Is(err, model.ErrConflict) {
		t.Errorf("clear with a snapshot: %v", err)
	}
	m.Run(t, "rm /srv/sftp/data/repository/snapshots/s")
	if err := place.Clear(t.Context()); err != nil {
		t.Error(err)
	}
	if left := names(t, there); left != "" {
		t.Errorf("left %s", left)
	}
	if _, err := place.Config(t.Context()); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("config of nothing: %v", err)
	}
	m.Cut()
	t.Cleanup(m.Mend)
	place.(*sftpPlace).at.limit = 100 * time.Millisecond
	if result := place.Probe(t.Context(), nil); result.Failed() == nil || result.Failed().Mend == "" {
		t.Errorf("a cut link: %s", outline(result))
	}
}

package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/testbed"
)

// homelab is two machines over SSH, an app in containers on the first, and a Keepstead on a third.
type homelab struct {
	*keepstead
	t        *testing.T
	web, nas *testbed.Machine
	project  *testbed.Project
	volume   string // where the app's volume lies, on web and on this machine
}

// newHomelab starts the machines, the app and Keepstead, which knows of nothing yet.
func newHomelab(t *testing.T) *homelab {
	t.Helper()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.SQLite)
	l := &homelab{t: t, project: p, volume: filepath.Join(e.Root, "volumes", p.Volume("data"), "_data")}
	l.web = testbed.NewMachine(t, testbed.MachineOptions{Bind: map[string]string{"/run/docker.sock": e.Socket, e.Root: e.Root, p.Dir: p.Dir}})
	l.nas = testbed.NewMachine(t, testbed.MachineOptions{})
	e.Up(t, p.Dir)
	writeRandom(t, filepath.Join(l.volume, "film.mkv"), 5<<20)
	l.keepstead = serve(t, "KEEPSTEAD_DOCKER_SOCKET="+newFolder(t, "none.sock"))
	l.call("PATCH", "/backup/policies/"+l.defaultPolicy(), body{"schedule": never}, nil)
	return l
}

// sameFilm compares a file of the app with what was restored under a folder of the machine nas.
func (l *homelab) sameFilm(target string) {
	l.t.Helper()
	name := filepath.Join(l.volume, "film.mkv")
	want, err := os.ReadFile(name)
	if err != nil {
		l.t.Fatal(err)
	}
	got, err := os.ReadFile(l.nas.Path(filepath.Join(target, name)))
	if err != nil || !bytes.Equal(got, want) {
		l.t.Errorf("the file that was restored is not the one that was saved: %v", err)
	}
}

// confirmed sends a request twice: without a fingerprint it must be refused with the one that the machine shows, which
// is what a person compares; then with it.
func (k *keepstead) confirmed(method, path string, in body, on *testbed.Machine, out any) {
	k.t.Helper()
	status, raw := k.try(method, path, in)
	var refused struct {
		Offered string `json:"offered_fingerprint"`
	}
	if err := json.Unmarshal(raw, &refused); err != nil || status != http.StatusConflict || refused.Offered != fingerprint(k.t, on) {
		k.t.Fatalf("%s %s with an unknown host key: %d: %s", method, path, status, raw)
	}
	in["host_key_fingerprint"] = refused.Offered
	k.call(method, path, in, out)
}

// fingerprint is what a person reads on the machine itself.
func fingerprint(t testing.TB, on *testbed.Machine) string {
	t.Helper()
	line := on.Run(t, "ssh-keygen -lf /etc/ssh/host_key")
	fields := strings.Fields(line)
	if len(fields) < 2 || !strings.HasPrefix(fields[1], "SHA256:") {
		t.Fatalf("the machine says of its host key: %s", line)
	}
	return fields[1]
}

// addDevice adds a machine by its host and a password and returns the device's id.
func (k *keepstead) addDevice(name, user string, on *testbed.Machine) string {
	k.t.Helper()
	id := uuid.NewString()
	var d struct{ State, Message string }
	k.confirmed("PUT", "/devices/"+id, body{
		"name": name, "kind": "ssh", "address": on.Address, "user": user, "sudo": user != "root", "password": testbed.MachinePassword,
	}, on, &d)
	if d.State != "ready" {
		k.t.Fatalf("the device %s is %s: %s", name, d.State, d.Message)
	}
	return id
}

// TestDevicesOverTheAPI adds two machines by host and password, backs an app of the one up to S3, to a folder of the other
// and by SFTP with a password, and restores it onto the other, by the API alone. Meanwhile and afterwards it looks at the
// app's machine for what must not be there.
func TestDevicesOverTheAPI(t *testing.T) {
	t.Parallel()
	bucket := testbed.S3(t)
	l := newHomelab(t)
	look := newLookout(l, map[string]string{
		"access key": bucket.AccessKey, "secret key": bucket.SecretKey, "password of the user and of SFTP": testbed.MachinePassword,
		"admin password": adminPassword, "token": l.token, "private key": "PRIVATE KEY-----",
	})
	l.addDevice("web", "sudoer", l.web)
	nas := l.addDevice("nas", "root", l.nas)

	cloud := l.addS3("Cloud", bucket)
	var folder, sftp destination
	l.call("POST", "/backup/destinations/local", body{"name": "Folder", "device_id": nas, "path": "/srv/backups"}, &folder)
	l.confirmed("POST", "/backup/destinations/sftp", body{
		"name": "SFTP", "host": l.nas.Address, "user": "sftponly", "password": testbed.MachinePassword, "path": "/data/repo",
	}, l.nas, &sftp)
	for _, name := range []string{"Cloud", "Folder", "SFTP"} {
		look.secret("password of the repository "+name, l.password(name))
	}
	l.call("PATCH", "/backup/policies/"+l.defaultPolicy(), body{"destination_ids": []string{cloud.ID, folder.ID, sftp.ID}}, nil)
	app := l.awaitApp(l.project.Name, 20*time.Second, protected)
	l.call("PATCH", "/backup/destinations/"+cloud.ID, body{"bytes_per_second": 1 << 20}, nil) // it lasts: there is time to look
	ended := look.watch()
	saved := l.keepstead.backup(app.Configurations[0].ID, "success")
	ended()
	look.nothingLeft()

	l.call("PATCH", "/backup/destinations/"+cloud.ID, body{"bytes_per_second": 0}, nil)
	for name, d := range map[string]destination{"cloud": cloud, "folder": folder, "sftp": sftp} {
		target := "/srv/from-" + name
		l.call("POST", "/backup/snapshots/"+saved[d.ID].ID+"/restore", body{"target_device_id": nas, "target_path": target}, nil)
		l.sameFilm(target)
	}
	look.lookAtFiles(l.nas)
}

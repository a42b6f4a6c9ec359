package api

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/testbed"
)

// TestDeviceOverSSH adds a machine by its password, through a jump host another one, and takes both away again.
func TestDeviceOverSSH(t *testing.T) {
	t.Parallel()
	gate := testbed.NewMachine(t, testbed.MachineOptions{})
	h := newHouse(t)
	at := "/devices/" + uuid.NewString()
	body := map[string]any{"name": "gate", "kind": "ssh", "address": gate.Address, "user": "root", "password": testbed.MachinePassword}
	p := read[Problem](h.send("PUT", at, body, 409))
	if p.OfferedFingerprint != model.Fingerprint(gate.HostKey) || p.PinnedFingerprint != "" || !strings.Contains(p.Detail, p.OfferedFingerprint) {
		t.Fatalf("an unconfirmed host key: %+v", p)
	}
	body["host_key_fingerprint"] = "SHA256:" + strings.Repeat("A", 43)
	h.send("PUT", at, body, 409).names("host_key_fingerprint")
	h.send("GET", at, nil, 404)
	body["host_key_fingerprint"] = p.OfferedFingerprint
	d := read[Device](h.send("PUT", at, body, 201))
	if d.State != model.DeviceReady || d.Facts.Root != true || d.HostKeyFingerprint != p.OfferedFingerprint || d.PublicKey == "" || d.OS != "linux" || d.Port != 0 {
		t.Errorf("the new device: %+v", d)
	}
	t.Run("left out", func(t *testing.T) {
		d := read[Device](h.send("PUT", at, map[string]any{"name": "door", "parallel": 2}, 200))
		if d.Name != "door" || d.Parallel != 2 || d.Kind != model.DeviceSSH || d.Address != gate.Address || d.State != model.DeviceReady {
			t.Errorf("what was left out changed: %+v", d)
		}
	})
	t.Run("behind it", func(t *testing.T) {
		behind := "/devices/" + uuid.NewString()
		// The gate's own sshd, as only the gate reaches it: through it, there is another way to it.
		body := map[string]any{
			"name": "behind", "kind": "ssh", "address": gate.Address, "user": "plain", "jump_device_id": d.ID,
			"private_key": string(gate.Key), "host_key_fingerprint": p.OfferedFingerprint,
		}
		if d := read[Device](h.send("PUT", behind, body, 201)); d.State != model.DeviceReady || d.Facts.Root {
			t.Errorf("the device behind: %+v", d)
		}
		test := read[DeviceTest](h.send("POST", behind+"/test", nil, 200))
		if !test.OK || test.Steps[0].State != model.ProbeSkipped {
			t.Errorf("its test: %+v", test)
		}
		h.send("DELETE", at, nil, 409)
		h.send("PUT", at, map[string]any{"name": "door", "jump_device_id": strings.TrimPrefix(behind, "/devices/")}, 422).names("jump_device_id")
		h.send("DELETE", behind, nil, 204)
	})
	t.Run("SFTP", func(t *testing.T) { sftpRefusals(t, h, gate) })
	h.send("DELETE", at, nil, 204)
	h.send("GET", at, nil, 404)
	database, err := os.ReadFile(filepath.Join(h.dir, "data", "keepstead.db"))
	must(t, err)
	wal, err := os.ReadFile(filepath.Join(h.dir, "data", "keepstead.db-wal"))
	must(t, err)
	if text := string(database) + string(wal); strings.Contains(text, testbed.MachinePassword) || strings.Contains(text, "PRIVATE KEY") {
		t.Error("the database holds a password or a key in plain")
	}
}

// sftpRefusals asks for an SFTP destination as it must not be added.
func sftpRefusals(t *testing.T, h *house, m *testbed.Machine) {
	body := map[string]any{"name": "box", "host": m.Address, "user": "plain", "path": "/home/plain/backups", "password": testbed.MachinePassword}
	p := read[Problem](h.send("POST", "/backup/destinations/sftp", body, 409))
	if p.OfferedFingerprint != model.Fingerprint(m.HostKey) {
		t.Fatalf("an unconfirmed host key: %+v", p)
	}
	draft := map[string]any{"type": "sftp", "host_key_fingerprint": p.OfferedFingerprint}
	for k, v := range body {
		draft[k] = v
	}
	test := read[DestinationTest](h.send("POST", "/backup/destinations/test", draft, 200))
	if !test.OK || test.Repository != model.RepositoryNone {
		t.Errorf("the test of a good place: %+v", test)
	}
	if left := m.Run(t, "ls /home/plain"); strings.Contains(left, "backups") {
		t.Errorf("the test left %s", left)
	}
	draft["password"] = "wrong"
	test = read[DestinationTest](h.send("POST", "/backup/destinations/test", draft, 200))
	login := slices.IndexFunc(test.Steps, func(s TestStep) bool { return s.Name == "login" })
	if test.OK || login < 0 || test.Steps[login].State != model.ProbeFailed || test.Steps[login].Mend == "" {
		t.Errorf("the test with a wrong password: %+v", test)
	}
	body["private_key"] = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
	h.send("POST", "/backup/destinations/sftp", body, 422).names("password")
	delete(body, "password")
	h.send("POST", "/backup/destinations/sftp", body, 422).names("private_key")
	if all := read[DestinationList](h.send("GET", "/backup/destinations", nil, 200)).Destinations; len(all) != 0 {
		t.Errorf("a refused destination is there: %+v", all)
	}
}

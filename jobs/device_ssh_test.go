package jobs

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/testbed"
)

// TestDeviceOverSSH walks through a device's life on a real sshd: the host key is confirmed, a password is used once and
// kept nowhere, keys are pasted and made, rights are said, and a changed host key is never taken over by itself.
func TestDeviceOverSSH(t *testing.T) {
	t.Parallel()
	machine := testbed.NewMachine(t, testbed.MachineOptions{})
	h := newHouse(t)
	new := func(user string) model.Device {
		return model.Device{ID: model.NewID(), Name: "NAS " + user, Kind: model.DeviceSSH, Address: machine.Address, SSHUser: user, Sudo: user != "root"}
	}
	mine := model.Fingerprint(machine.HostKey)

	d := new("sudoer")
	_, _, err := h.PutDevice(t.Context(), d, model.DeviceSecrets{Password: testbed.MachinePassword})
	var key model.HostKeyUnconfirmed
	if !errors.As(err, &key) || model.Fingerprint(key.Offered) != mine || key.Given {
		t.Fatalf("an unconfirmed host key: %v", err)
	}
	other := "SHA256:" + strings.Repeat("A", 43)
	_, _, err = h.PutDevice(t.Context(), d, model.DeviceSecrets{Password: testbed.MachinePassword, Fingerprint: other})
	if !errors.As(err, &key) || !key.Given {
		t.Fatalf("another fingerprint: %v", err)
	}
	if log := machine.Log(); strings.Contains(log, "Accepted") || strings.Contains(log, "Failed password") {
		t.Errorf("the machine was signed in to before its key was confirmed:\n%s", log)
	}
	_, _, err = h.PutDevice(t.Context(), d, model.DeviceSecrets{Password: "wrong", Fingerprint: mine})
	wantField(t, err, "password")
	if _, err := h.Store.Device(t.Context(), d.ID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("something is left of a refused device: %v", err)
	}

	d, made, err := h.PutDevice(t.Context(), d, model.DeviceSecrets{Password: testbed.MachinePassword, Fingerprint: mine})
	h.must(err)
	if !made || d.State != model.DeviceReady || d.Message != "" || d.OS != "linux" || d.ResticVersion == "" || d.LastSeenAt == nil {
		t.Errorf("the new device: %+v", d)
	}
	if f := d.Facts; f == nil || f.Root || !f.Sudo || f.System == "" {
		t.Errorf("its facts: %+v", f)
	}
	if keys := machine.Run(t, "cat /home/sudoer/.ssh/authorized_keys"); !strings.Contains(keys, strings.Fields(d.PublicKey)[1]) {
		t.Errorf("Keepstead's key is not on the machine: %s", keys)
	}
	h.keeps(t, testbed.MachinePassword, "PRIVATE KEY")

	t.Run("test", func(t *testing.T) { testGoodDevice(t, h, d) })
	t.Run("twice", func(t *testing.T) {
		_, _, err := h.PutDevice(t.Context(), new("root"), model.DeviceSecrets{Fingerprint: mine})
		wantField(t, err, "address")
	})
	t.Run("sudo", func(t *testing.T) { testSudo(t, h, machine, d) })
	t.Run("host key", func(t *testing.T) { testHostKey(t, h, machine, d) })
	t.Run("pasted", func(t *testing.T) { testPastedKey(t, h, machine, d) })
}

// testGoodDevice tests a device where all is well: each step says so.
func testGoodDevice(t *testing.T, h *house, d model.Device) {
	probe, err := h.TestDevice(t.Context(), d.ID)
	h.must(err)
	var names []string
	for _, s := range probe.Steps {
		names = append(names, s.Name)
		if s.State != model.ProbeOK && s.Name != "engine" || s.Detail == "" {
			t.Errorf("step %s: %+v", s.Name, s)
		}
	}
	if want := strings.Fields("resolve connect host_key login shell sudo files forwarding restic engine"); !slices.Equal(names, want) {
		t.Errorf("steps %v", names)
	}
	if _, runs := h.DeviceTest(d.ID); runs {
		t.Error("the test is said to run still")
	}
}

// testSudo asks for sudo where it wants a password: that is said, and what the user may know is learnt all the same.
func testSudo(t *testing.T, h *house, m *testbed.Machine, d model.Device) {
	d.SSHUser = "plain"
	d, _, err := h.PutDevice(t.Context(), d, model.DeviceSecrets{PrivateKey: string(m.Key)})
	h.must(err)
	if d.State != model.DeviceLimited || !strings.Contains(d.Message, "sudo") || d.Mend == "" || d.Facts == nil || d.Facts.Sudo {
		t.Errorf("a user without sudo: %s %q %q %+v", d.State, d.Message, d.Mend, d.Facts)
	}
	probe, err := h.TestDevice(t.Context(), d.ID)
	h.must(err)
	if failed := probe.Failed(); failed == nil || failed.Name != "sudo" || !strings.Contains(failed.Detail, "password") {
		t.Errorf("the test failed at %+v", failed)
	}
	d.Sudo = false
	d, _, err = h.PutDevice(t.Context(), d, model.DeviceSecrets{})
	h.must(err)
	if d.State != model.DeviceReady {
		t.Errorf("without sudo asked for: %s %q", d.State, d.Message)
	}
}

// testHostKey gives the machine another host key: nothing is signed in to, and only somebody's act replaces the pin.
func testHostKey(t *testing.T, h *house, m *testbed.Machine, d model.Device) {
	pinned := d.HostKey
	fresh := rekey(t, h, m, d)
	d, err := h.RefreshDevice(t.Context(), d.ID)
	h.must(err)
	if d.State != model.DeviceHostKeyChanged || d.HostKey != pinned {
		t.Fatalf("a changed host key: %s %q", d.State, d.Message)
	}
	probe, err := h.TestDevice(t.Context(), d.ID)
	h.must(err)
	if failed := probe.Failed(); failed == nil || failed.Name != "host_key" || !strings.Contains(failed.Detail, fresh) || !strings.Contains(failed.Detail, model.Fingerprint(pinned)) {
		t.Errorf("the test failed at %+v", failed)
	}
	var key model.HostKeyUnconfirmed
	_, _, err = h.PutDevice(t.Context(), d, model.DeviceSecrets{Fingerprint: "SHA256:" + strings.Repeat("A", 43)})
	if !errors.As(err, &key) || key.Pinned != pinned || model.Fingerprint(key.Offered) != fresh || !strings.Contains(err.Error(), "instead of") {
		t.Errorf("another fingerprint: %v", err)
	}
	d, _, err = h.PutDevice(t.Context(), d, model.DeviceSecrets{Fingerprint: fresh})
	h.must(err)
	if d.State != model.DeviceReady || model.Fingerprint(d.HostKey) != fresh {
		t.Errorf("after the new key was confirmed: %s %q", d.State, d.Message)
	}
}

// rekey gives the machine a new host key and returns its fingerprint.
func rekey(t *testing.T, h *house, m *testbed.Machine, d model.Device) string {
	t.Helper()
	m.Run(t, `rm /etc/ssh/host_key && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/host_key && kill -HUP "$(pgrep -o -x sshd)"`)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if shown, err := h.ScanDevice(t.Context(), d); err == nil && shown != d.HostKey {
			m.HostKey = shown
			return model.Fingerprint(shown)
		}
	}
	t.Fatal("the machine does not show its new host key")
	return ""
}

// testPastedKey removes the device, and adds it again with a key that somebody pastes.
func testPastedKey(t *testing.T, h *house, m *testbed.Machine, old model.Device) {
	stays, err := h.DeleteDevice(t.Context(), old.ID)
	h.must(err)
	if left := m.Run(t, "ls -A /home/plain/.cache"); stays != "" || strings.Contains(left, "keepstead") {
		t.Errorf("%q is said to stay, and there is %s", stays, left)
	}
	d := model.Device{ID: model.NewID(), Name: "Pasted", Kind: model.DeviceSSH, Address: m.Address, SSHUser: "root"}
	d, _, err = h.PutDevice(t.Context(), d, model.DeviceSecrets{Fingerprint: model.Fingerprint(m.HostKey)})
	h.must(err)
	if d.State != model.DevicePending || !strings.HasPrefix(d.PublicKey, "ssh-ed25519 ") || !strings.HasSuffix(d.PublicKey, "keepstead@"+d.Hostname) {
		t.Fatalf("before the key is pasted: %s %q %q", d.State, d.Message, d.PublicKey)
	}
	probe, err := h.TestDevice(t.Context(), d.ID)
	h.must(err)
	if failed := probe.Failed(); failed == nil || failed.Name != "login" || !strings.Contains(failed.Mend, "authorized_keys") {
		t.Errorf("the test failed at %+v", failed)
	}
	m.Run(t, "mkdir -pm 0700 /root/.ssh && echo '"+d.PublicKey+"' >>/root/.ssh/authorized_keys")
	_, err = h.TestDevice(t.Context(), d.ID)
	h.must(err)
	d, err = h.Store.Device(t.Context(), d.ID)
	h.must(err)
	if d.State != model.DeviceReady || d.Facts == nil || !d.Facts.Root {
		t.Errorf("after the key was pasted: %s %q", d.State, d.Message)
	}
}

// keeps looks for texts in every byte of the data folder: none may be there.
func (h *house) keeps(t *testing.T, secrets ...string) {
	t.Helper()
	h.must(filepath.WalkDir(h.Dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, s := range secrets {
			if bytes.Contains(raw, []byte(s)) {
				t.Errorf("%s holds %q", path, s)
			}
		}
		return err
	}))
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	for _, r := range refusedFields(err) {
		if r == field {
			return
		}
	}
	t.Errorf("%v, want a refusal of %s", err, field)
}

func refusedFields(err error) []string {
	var out []string
	var conflict model.Conflict
	if errors.As(err, &conflict) {
		out = append(out, conflict.Field)
	}
	for _, r := range model.Refused(err) {
		out = append(out, r.Field)
	}
	return out
}

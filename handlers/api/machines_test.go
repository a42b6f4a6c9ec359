package api

import (
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/testbed"
)

// machine declares a machine of the test's as a device.
func (h *house) machine(name string, m *testbed.Machine) Device {
	h.t.Helper()
	d := read[Device](h.send("PUT", "/devices/"+uuid.NewString(), map[string]any{
		"name": name, "kind": "ssh", "address": m.Address, "user": "root",
		"private_key": string(m.Key), "host_key_fingerprint": model.Fingerprint(m.HostKey),
	}, 201))
	if d.State != model.DeviceReady {
		h.t.Fatalf("the device %s is %s: %s", name, d.State, d.Message)
	}
	return d
}

// TestRestoreOntoAnotherMachine backs up folders of one machine and restores onto a second one, and back in place onto the
// first, with requests to the letter of the spec.
func TestRestoreOntoAnotherMachine(t *testing.T) {
	t.Parallel()
	web, nas := testbed.NewMachine(t, testbed.MachineOptions{}), testbed.NewMachine(t, testbed.MachineOptions{})
	h := newHouse(t)
	h.destination("folder")
	a, b := h.machine("web", web), h.machine("nas", nas)
	web.Run(t, `mkdir -p /srv/data/sub && cd /srv/data && echo one >one.txt && echo two >'sub/[two]*.txt' && echo three >three.txt`)
	nas.Run(t, `mkdir -p /srv/back/srv/data && echo other >/srv/back/srv/data/one.txt`)

	// Folders are looked for on the device that they are declared for.
	declare := map[string]any{"name": "Data", "device_id": b.ID, "paths": []string{"/srv/data"}}
	at := "/apps/" + uuid.NewString()
	h.send("PUT", at, declare, 422).names("paths")
	declare["device_id"] = a.ID
	app := read[App](h.send("PUT", at, declare, 201))
	if app.DeviceID != a.ID || len(app.Configurations) != 1 {
		t.Fatalf("the app: %+v", app)
	}
	s := h.backup(app.Configurations[0])
	restore := "/backup/snapshots/" + s.ID.String() + "/restore"

	onto := map[string]any{"target_device_id": b.ID, "target_path": "/srv/back", "files": []string{"sub/[two]*.txt", "/srv/data/one.txt"}}
	plan := read[RestorePlan](h.send("POST", restore+"/plan", onto, 200))
	if plan.Overwrites != 1 || plan.NewFiles < 1 || plan.Target != "/srv/back" {
		t.Errorf("the plan does not see what is on the other machine: %+v", plan)
	}
	if left := nas.Run(t, `ls -A /root/.cache/keepstead/runs`); left != "" {
		t.Errorf("the plan left %s", left)
	}
	result := read[RestoreResult](h.send("POST", restore, onto, 200))
	if !result.Success || result.RestoredPath != "/srv/back" {
		t.Errorf("the restore: %+v", result)
	}
	if got := nas.Run(t, `cd /srv/back/srv/data && find . -type f | sort | xargs -d '\n' grep -H .`); got != "./one.txt:one\n./sub/[two]*.txt:two" {
		t.Errorf("the other machine has %s", got)
	}

	// In place without a device: where the app lives.
	web.Run(t, `rm /srv/data/three.txt`)
	h.send("POST", restore, map[string]any{"in_place": true, "files": []string{"three.txt"}}, 200)
	if got := web.Run(t, `cat /srv/data/three.txt`); got != "three" {
		t.Errorf("back in place is %q", got)
	}
	// What is overwritten there is saved from there, and comes back.
	web.Run(t, `echo changed > /srv/data/three.txt`)
	back := read[RestoreResult](h.send("POST", restore, map[string]any{"in_place": true, "files": []string{"three.txt"}}, 200))
	if got := web.Run(t, `cat /srv/data/three.txt`); got != "three" || back.SafetySnapshotID == uuid.Nil {
		t.Errorf("over what was changed lies %q, %+v", got, back)
	}
	h.send("POST", "/backup/snapshots/"+back.SafetySnapshotID.String()+"/restore", map[string]any{"in_place": true}, 200)
	if got := web.Run(t, `cat /srv/data/three.txt`); got != "changed" {
		t.Errorf("what was saved there comes back as %q", got)
	}
	if _, err := os.Stat("/srv/data/three.txt"); err == nil {
		t.Error("it came back onto Keepstead's own machine")
	}

	row, err := h.db.Device(t.Context(), b.ID)
	must(t, err)
	row.Port = 1 // nobody listens there
	_, err = h.db.UpdateDevice(t.Context(), row)
	must(t, err)
	lost := "/apps/" + uuid.NewString()
	for _, id := range []uuid.UUID{b.ID, uuid.New()} {
		onto["target_device_id"] = id
		for _, path := range []string{restore, restore + "/plan"} {
			got := h.send("POST", path, onto, 422)
			got.names("target_device_id")
			if p := read[RestoreProblem](got); id == b.ID && !strings.Contains(p.Detail, "cannot be reached. Check") {
				t.Errorf("the refusal: %+v", p)
			}
		}
		declare["device_id"] = id
		h.send("PUT", lost, declare, 422).names("device_id")
	}
}

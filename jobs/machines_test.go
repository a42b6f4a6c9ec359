package jobs

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

// addMachine makes a real machine a device of the house.
func (h *house) addMachine(name, user string, on *testbed.Machine) model.Device {
	h.t.Helper()
	d, _, err := h.PutDevice(h.t.Context(),
		model.Device{ID: model.NewID(), Name: name, Kind: model.DeviceSSH, Address: on.Address, SSHUser: user, Sudo: user != "root"},
		model.DeviceSecrets{PrivateKey: string(on.Key), Fingerprint: model.Fingerprint(on.HostKey)})
	h.must(err)
	if d.State != model.DeviceReady {
		h.t.Fatalf("the device %s is %s: %s %s", name, d.State, d.Message, d.Mend)
	}
	return d
}

// TestAnotherMachine backs up a machine over SSH: to a bucket, to a folder of another machine, to an SFTP server and to a
// folder of its own; looks for what must not be left on it; and brings the files back onto the other machine.
func TestAnotherMachine(t *testing.T) {
	t.Parallel()
	web, nas := testbed.NewMachine(t, testbed.MachineOptions{}), testbed.NewMachine(t, testbed.MachineOptions{})
	h := newHouse(t)
	a, b := h.addMachine("web", "sudoer", web), h.addMachine("nas", "root", nas)
	web.Run(t, `mkdir -p /srv/data/deep && cd /srv/data && for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "$i" >"deep/$i"; done
		head -c 3000000 /dev/urandom >big; chown 1234:4321 deep/3; chmod 4750 deep/4; touch -d 2020-02-02 deep/5; ln -s big link`)
	h.start()

	bucket := testbed.S3(t)
	destinations := []model.Destination{
		{Name: "Bucket", Type: model.DestinationS3, S3Endpoint: bucket.Endpoint, S3Bucket: bucket.Name, S3Region: bucket.Region},
		{Name: "Another machine", Type: model.DestinationLocal, LocalDeviceID: b.ID, LocalPath: "/srv/backups"},
		{Name: "SFTP", Type: model.DestinationSFTP, SFTPHost: nas.Address, SFTPUser: "sftponly", SFTPPath: "/data/repo"},
		{Name: "The machine itself", Type: model.DestinationLocal, LocalDeviceID: a.ID, LocalPath: "/srv/own"},
	}
	var ids []uuid.UUID
	for i, d := range destinations {
		s := model.DestinationSecrets{}
		switch d.Type {
		case model.DestinationS3:
			s.AccessKey, s.SecretKey = bucket.AccessKey, bucket.SecretKey
		case model.DestinationSFTP:
			s.SFTPPassword, s.Fingerprint = testbed.MachinePassword, model.Fingerprint(nas.HostKey)
		}
		made, err := h.AddDestination(t.Context(), d, s)
		if err != nil {
			t.Fatalf("add %q: %v", d.Name, err)
		}
		destinations[i] = made
		ids = append(ids, made.ID)
	}
	policy, err := h.Store.DefaultPolicy(t.Context())
	h.must(err)
	policy.DestinationIDs = ids
	_, err = h.ChangePolicy(t.Context(), policy)
	h.must(err)

	app, _, err := h.PutApp(t.Context(), model.App{Name: "Data", DeviceID: a.ID, Origin: model.OriginManual, Paths: []string{"/srv/data"}})
	h.must(err)
	c, err := h.Store.AutomaticConfiguration(t.Context(), app.ID)
	h.must(err)
	for range 2 { // the second finds the first as its parent
		jobs, err := h.Backup(t.Context(), c.ID, model.TriggerManual)
		h.must(err)
		if len(jobs) != len(ids) {
			t.Fatalf("%d jobs for %d destinations", len(jobs), len(ids))
		}
		for _, job := range jobs {
			done := h.wait(job.ID)
			h.expect(done, model.JobSuccess, "")
			if done.Result.Files != 13 {
				t.Errorf("%d files were saved", done.Result.Files)
			}
		}
		h.idle()
	}
	h.nothingLeft(web, bucket.SecretKey, bucket.AccessKey, testbed.MachinePassword)
	_, err = h.ChangeDestination(t.Context(), destinations[2], model.DestinationSecrets{SFTPKey: string(nas.Key)})
	h.must(err)
	stored, err := h.Store.Destination(t.Context(), ids[2])
	h.must(err)
	if s, err := h.secrets(stored); err != nil || s.SFTPKey != string(nas.Key) || s.SFTPPassword != "" {
		t.Errorf("a key instead of the password was not kept: %v", err)
	}

	for i, d := range destinations {
		for _, kind := range []model.JobKind{model.JobCheck, model.JobPrune} {
			job, err := h.Maintain(t.Context(), d.ID, kind)
			h.must(err)
			h.expect(h.wait(job.ID), model.JobSuccess, "")
		}
		all := slices.DeleteFunc(h.snapshots(c), func(s model.Snapshot) bool { return s.DestinationID != d.ID })
		if len(all) != 2 || all[0].FilesUnmodified+all[1].FilesUnmodified != 13 {
			t.Fatalf("%s holds %+v", d.Name, all)
		}
		target := "/srv/back" + string(rune('a'+i))
		job, err := h.Restore(t.Context(), model.Restore{SnapshotID: all[0].ID, DeviceID: b.ID, TargetPath: target}, model.TriggerManual)
		h.must(err)
		h.expect(h.wait(job.ID), model.JobSuccess, "")
		testbed.Compare(t, web.Path("/srv/data"), nas.Path(target+"/srv/data"))
	}
	h.nothingLeft(nas, bucket.SecretKey, bucket.AccessKey)
}

// nothingLeft looks on a machine for what a job must not leave there: processes, sockets, and credentials in any file.
func (h *house) nothingLeft(on *testbed.Machine, secrets ...string) {
	h.t.Helper()
	for _, d := range []string{"Bucket", "Another machine", "SFTP", "The machine itself"} {
		all, err := h.Store.Destinations(h.t.Context())
		h.must(err)
		for _, other := range all {
			if other.Name == d {
				password, err := h.RepositoryPassword(other)
				h.must(err)
				secrets = append(secrets, password)
			}
		}
	}
	if left := on.Run(h.t, `ps -eo args | grep '[r]estic' || true; find `+strings.Join(testbed.WritablePlaces(), " ")+` -name 'keepstead-*' 2>/dev/null || true`); strings.TrimSpace(left) != "" {
		h.t.Errorf("left on the machine: %s", left)
	}
	for _, dir := range testbed.WritablePlaces() {
		err := filepath.WalkDir(on.Path(dir), func(name string, entry os.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return nil // what went meanwhile holds nothing
			}
			raw, err := os.ReadFile(name)
			for _, secret := range secrets {
				if err == nil && strings.Contains(string(raw), secret) {
					h.t.Errorf("a credential is in %s", name)
				}
			}
			return nil
		})
		h.must(err)
	}
}

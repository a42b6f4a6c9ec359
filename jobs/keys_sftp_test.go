package jobs

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"keepstead/model"
	"keepstead/testbed"
)

// overSFTP adds a destination on a server of its own.
func (h *house) overSFTP(o testbed.MachineOptions) model.Destination {
	h.t.Helper()
	nas := testbed.NewMachine(h.t, o)
	d, err := h.AddDestination(h.t.Context(), model.Destination{Name: "SFTP", Type: model.DestinationSFTP, SFTPHost: nas.Address, SFTPUser: "sftponly", SFTPPath: "/data/repo"},
		model.DestinationSecrets{SFTPPassword: testbed.MachinePassword, Fingerprint: model.Fingerprint(nas.HostKey)})
	h.must(err)
	return d
}

// TestRotationWaitsForTheDisk keeps the old password in use for an hour where a server cannot say that the new key is on its
// disk: a power cut that loses it must not find the old password forgotten.
func TestRotationWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Now())
	h := newHouse(t, func(o *Options) { o.Clock = clock })
	d := h.overSFTP(testbed.MachineOptions{Sftp: "-P fsync"})
	d, old := h.fresh(d)
	h.start()
	job, err := h.Maintain(t.Context(), d.ID, model.JobRotate)
	h.must(err)
	ended := h.wait(job.ID)
	h.expect(ended, model.JobSuccess, "")
	d, now := h.fresh(d)
	waits, err := h.Settles(t.Context(), d)
	h.must(err)
	if now != old || !d.Rotating() || !waits || !h.opensWith(d, old) || !strings.Contains(ended.Message, "in an hour") || ended.Steps[4].State != model.StepSkipped {
		t.Fatalf("the destination is %+v, the message %q", d, ended.Message)
	}
	rotations := func() []model.Job {
		h.must(h.tick(t.Context()))
		all, err := h.Store.Jobs(t.Context(), model.JobFilter{DestinationID: d.ID, Kinds: []model.JobKind{model.JobRotate}})
		h.must(err)
		return all
	}
	if all := rotations(); len(all) != 1 {
		t.Fatalf("a minute later there are %d rotations", len(all))
	}
	clock.Advance(settling + time.Minute)
	all := rotations()
	if len(all) != 2 {
		t.Fatalf("an hour later there are %d rotations", len(all))
	}
	ended = h.wait(all[0].ID)
	h.expect(ended, model.JobSuccess, "")
	h.rotated(d, old)
	d, _ = h.fresh(d)
	if waits, err := h.Settles(t.Context(), d); err != nil || waits || len(rotations()) != 2 {
		t.Errorf("it is not over: %v", err)
	}
}

// TestOwnKeyOnSFTP adds a key where restic reaches the repository through Keepstead alone, and takes it away again.
func TestOwnKeyOnSFTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.overSFTP(testbed.MachineOptions{})
	const own = "by hand, without Keepstead"
	id, err := h.AddKey(t.Context(), d.ID, model.OwnKey{Name: "Anna", Password: own})
	h.must(err)
	if !h.opensWith(d, own) {
		t.Error("the key does not open the repository")
	}
	o, err := h.openHere(t.Context(), d)
	h.must(err)
	defer h.endQuick(o)
	if _, err := o.repo.AddKey(t.Context(), "another password", "-", "-"); err == nil {
		t.Error("who only reads can add a key")
	}
	h.must(h.RemoveKey(t.Context(), d.ID, id))
	if err := h.RemoveKey(t.Context(), d.ID, id); !errors.Is(err, model.ErrNotFound) || h.opensWith(d, own) {
		t.Errorf("the removed key: %v", err)
	}
}

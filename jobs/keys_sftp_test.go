package jobs

import (
	"errors"
	"testing"

	"keepstead/model"
	"keepstead/testbed"
)

// TestOwnKeyOnSFTP adds a key where restic reaches the repository through Keepstead alone, and takes it away again.
func TestOwnKeyOnSFTP(t *testing.T) {
	t.Parallel()
	nas := testbed.NewMachine(t, testbed.MachineOptions{})
	h := newHouse(t)
	d, err := h.AddDestination(t.Context(), model.Destination{Name: "SFTP", Type: model.DestinationSFTP, SFTPHost: nas.Address, SFTPUser: "sftponly", SFTPPath: "/data/repo"},
		model.DestinationSecrets{SFTPPassword: testbed.MachinePassword, Fingerprint: model.Fingerprint(nas.HostKey)})
	h.must(err)
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

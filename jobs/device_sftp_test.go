package jobs

import (
	"testing"

	"keepstead/model"
)

// A password that is kept goes to the server that it was given for, and to no other.
func TestMovedSFTPServerIsNotGivenThePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := model.Destination{ID: model.NewID(), Type: model.DestinationSFTP, SFTPHost: "nas.lan", SFTPHostKey: "ssh-ed25519 AAAA"}
	h.must(h.seal(&old, model.DestinationSecrets{SFTPPassword: "a password"}))
	d := old
	d.SFTPHost = "elsewhere.lan"
	wantField(t, passwordAgain(d, old, model.DestinationSecrets{}), "password")
	for _, fine := range []error{
		passwordAgain(old, old, model.DestinationSecrets{}),
		passwordAgain(d, old, model.DestinationSecrets{SFTPPassword: "a password"}),
		passwordAgain(d, model.Destination{}, model.DestinationSecrets{}),
	} {
		h.must(fine)
	}
}

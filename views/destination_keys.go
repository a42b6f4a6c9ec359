package views

import (
	"time"

	"keepstead/model"
	"keepstead/views/ui"
)

// DestinationKeysProps is the page of a repository's keys. POST DestinationKeysPath: KeyForm; DestinationRotatePath.
type DestinationKeysProps struct {
	Chrome
	Destination model.Destination
	Keys        []model.RepositoryKey // the oldest first
	Trouble     string                // why the repository did not tell its keys
	CodeToo     bool                  // the form asks for a code of the second factor too
	Form        KeyForm
	Errors      model.Invalids
}

// KeyForm is a key that a person adds. The password is never shown again.
type KeyForm struct {
	Name     string `form:"name"`
	Password string `form:"password"`
}

// keyFieldNames are the fields of the form, which say themselves why they are refused.
func keyFieldNames() []string { return []string{"name", "password", "current_password", "code"} }

// inUseSince is since when Keepstead opens the repository with the password of today.
func inUseSince(d model.Destination) time.Time {
	if d.RotatedAt != nil {
		return *d.RotatedAt
	}
	return d.CreatedAt
}

// rotateWord is what the button of a rotation says: one that was begun is completed.
func rotateWord(d model.Destination) string {
	if d.Rotating() {
		return "Complete the rotation"
	}
	return "Rotate key now"
}

// needsOfRotation lists the destinations whose rotation has not come to its end, unless one is at work.
func needsOfRotation(p HomeProps) []need {
	var out []need
	for _, d := range p.Destinations {
		if !d.Enabled || p.Rotations[d.ID] || settled(d) {
			continue
		}
		n := need{
			State: ui.State{Class: "is-warn", Icon: ui.IconKey, Word: "Half done"}, Title: "The key rotation of " + ui.Plain(d.Name) + " has not ended",
			Text: "The password from before stays in use until it is completed. Nothing is lost.", About: DestinationPath(d.ID),
			Link: DestinationKeysPath(d.ID), LinkText: "All keys", Post: DestinationRotatePath(d.ID), PostText: rotateWord(d),
			severity: model.Paused.Severity(), key: keyOf("rotation", d.ID), kind: "begun",
		}
		if !d.Rotating() {
			n.State.Word, n.Title, n.kind = "Old key left", "The old password still opens "+ui.Plain(d.Name), "left"
			n.Text = "The new one is in use, but the key from before could not be removed."
			n.Post, n.PostText, n.LinkText = "", "", "Look at the keys"
		}
		out = append(out, n)
	}
	return out
}

// settled says that no rotation has left anything to do.
func settled(d model.Destination) bool { return !d.Rotating() && len(d.ReplacedKeys) == 0 }

// replaced says that a key is one that a rotation has replaced, and could not remove.
func replaced(d model.Destination, k model.RepositoryKey) bool {
	if d.Rotating() {
		return false
	}
	for _, id := range d.ReplacedKeys {
		if id == k.ID {
			return true
		}
	}
	return false
}

package views

import (
	"time"

	"keepstead/model"
)

// DestinationKeysProps is the page of a repository's keys. POST DestinationKeysPath: KeyForm; DestinationRotatePath.
type DestinationKeysProps struct {
	Chrome
	Destination model.Destination
	Keys        []model.RepositoryKey // the oldest first
	Trouble     string                // why the repository did not tell its keys
	Form        KeyForm
	Errors      model.Invalids
}

// KeyForm is a key that a person adds. The password is never shown again.
type KeyForm struct {
	Name     string `form:"name"`
	Password string `form:"password"`
}

// keyFieldNames are the fields of KeyForm, which say themselves why they are refused.
func keyFieldNames() []string { return []string{"name", "password"} }

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

package views

import "keepstead/model"

// DestinationLocksProps is the question before locks are removed from a repository, or what there is in its place. POST
// DestinationLocksPath: LocksForm.
type DestinationLocksProps struct {
	Chrome
	Destination model.Destination
	Locks       []model.Lock
	InUse       bool   // by a job of ours, whose lock may be among them
	Trouble     string // why the repository did not tell its locks
	Errors      model.Invalids
}

// LocksForm names the locks to remove by their ids.
type LocksForm struct {
	Locks []string `form:"locks"`
}

// question asks before the locks are removed.
func (p DestinationLocksProps) question() ConfirmProps {
	return ConfirmProps{
		Chrome: p.Chrome, Action: DestinationLocksPath(p.Destination.ID), Back: DestinationPath(p.Destination.ID),
		Button: "Remove the chosen locks", Keep: "Leave them",
		Stays: []string{"All snapshots stay, and so does every lock that comes from now on."},
	}
}

// lockKind says whom a lock keeps out.
func lockKind(l model.Lock) string {
	if l.Exclusive {
		return "exclusive: nobody else may be in the repository"
	}
	return "not exclusive: backups may run beside it"
}

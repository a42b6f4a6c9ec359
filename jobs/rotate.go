package jobs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/restic"
	"keepstead/secret"
	"keepstead/storage"
	"keepstead/store"
)

// settling is after how long a new key is taken to be on the disk of a server that cannot say so: no system keeps a file
// in memory alone for nearly as long.
const settling = time.Hour

// keyUser is whom Keepstead's own keys are made for, as restic lists them.
const keyUser = "keepstead"

// rotation gives a repository a new password. Whenever it is cut off, the database holds a password that opens the
// repository, and the next try goes on from what stands there:
//   - the new password is in the database before the repository knows it, and is not used before it is proven;
//   - the old key is removed after the new password is in use, and its id stays in the database until it is gone.
type rotation struct {
	*run
	o     opened
	next  string // the new password
	old   string // the one before, where this try has put the new one to use
	begun bool   // by an earlier try
	// accessed is when the place or a credential last changed before this began, which reread leaves alone.
	accessed *time.Time
	refuse   error // why the storage keeps an old key
	kept     bool  // the storage keeps old versions of what is deleted
}

// rotate gives a repository a new password, and takes the old key away.
func (r *run) rotate(ctx context.Context) finish {
	o, err := r.openRun(ctx)
	if err != nil {
		return r.failed(ctx, err)
	}
	t := &rotation{run: r, o: o, accessed: o.destination.AccessChangedAt}
	err = r.walk(ctx, t.acts())
	if errors.Is(err, errLater) {
		return finish{Outcome: store.Outcome{
			State: model.JobSuccess, Result: &model.Result{},
			Message: "The new password is added. This server cannot say when a file is safe on its disk: in an hour the new password is put to use, by itself. Until then the old one is.",
		}}
	}
	if err != nil {
		done := r.failed(ctx, err)
		if done.Cause == model.CauseInterrupted {
			done.Mend = "What was begun goes on by itself at the next start."
		}
		done.Mend = strings.TrimSpace(done.Mend + " " + t.stands(ctx))
		return done
	}
	out := store.Outcome{State: model.JobSuccess, Result: &model.Result{}}
	switch {
	case t.refuse != nil:
		out.State, out.Cause = model.JobPartial, model.CauseDenied
		out.Message = "The new password is in use. The storage does not let the old key be deleted, so the old password opens the repository too."
		out.Mend = "Let Keepstead delete in the folder “keys” there and try again. Where nothing can be deleted, keep the old password as safe as the new one."
	case t.kept:
		out.Message = "The new password is in use, and the old key is deleted. The bucket keeps old versions: who can read those can still open it with the old password."
	}
	return finish{Outcome: out}
}

// acts are what is still to be done. A job that is tried again only takes the old key away, where the new one is in use.
func (t *rotation) acts() []act {
	last := act{"Remove the old key", t.drop}
	d := t.o.destination
	if t.job.RetryOf != uuid.Nil && !d.Rotating() && len(d.ReplacedKeys) > 0 {
		return []act{last}
	}
	return []act{
		{"Make a new password", t.prepare},
		{"Add it to the repository", t.add},
		{"Prove that it opens the repository", t.prove},
		{"Use it from now on", t.adopt},
		last,
	}
}

// prepare makes up the password and keeps it, sealed, before anything else is done with it. What an earlier try made up is
// used again: the repository may know it.
func (t *rotation) prepare(ctx context.Context) (string, error) {
	d := t.o.destination
	if d.Rotating() {
		var err error
		t.begun = true
		t.next, err = t.Box.Open(d.NextPassword, secret.Label(destinationTable, nextColumn, d.ID))
		return "An earlier try was cut off; this one goes on with its password.", err
	}
	keys, err := t.command(t.o).Keys(ctx)
	if err != nil {
		return "", err
	}
	current := slices.IndexFunc(keys, func(k restic.Key) bool { return k.Current })
	switch {
	case current < 0:
		return "", fmt.Errorf("no key of the repository is the one in use")
	case len(keys) >= model.MaxRepositoryKeys:
		return "", fail(model.CauseRestic, "Remove keys that nobody needs on the page of its keys, then try again.",
			"The repository has %d keys; with more than %d restic may not find the right one.", len(keys), model.MaxRepositoryKeys)
	}
	t.next = newPassword()
	t.sealing.RLock()
	defer t.sealing.RUnlock()
	sealed, err := t.Box.Seal(t.next, secret.Label(destinationTable, nextColumn, d.ID))
	if err != nil {
		return "", err
	}
	if err := t.Store.BeginRotation(ctx, d.ID, d.RepoPassword, sealed, unique(append(d.ReplacedKeys, keys[current].ID))); err != nil {
		return "", err
	}
	return "", t.reread(ctx)
}

// add gives the repository a key for the new password, where an earlier try has not come as far.
func (t *rotation) add(ctx context.Context) (string, error) {
	if t.begun {
		if err := t.opens(ctx); !errors.Is(err, restic.ErrWrongPassword) {
			return "An earlier try had added it.", err
		}
	}
	host, err := t.on.hostname()
	if err != nil {
		return "", err
	}
	id, err := t.command(t.o).AddKey(ctx, t.next, keyUser, host)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("The new key is %.8s.", id), nil
}

// prove opens the repository with the new password, from the storage and not from what is remembered of it. A key that a power
// cut of the storage could still take away is not put to use: the old password would be gone by then.
func (t *rotation) prove(ctx context.Context) (string, error) {
	if err := t.opens(ctx); err != nil {
		return "", err
	}
	settled, err := storage.Settled(ctx, t.o.place, "keys")
	if err != nil || settled {
		return "", err
	}
	repo := t.command(t.o)
	repo.Password = t.next
	keys, err := repo.Keys(ctx)
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		if k.Current && t.now().Sub(k.Created) < settling {
			return "It is put to use in an hour, when it is safe on the server’s disk.", errLater
		}
	}
	return "", nil
}

func (t *rotation) opens(ctx context.Context) error {
	repo := t.command(t.o)
	repo.Password = t.next
	config, err := repo.Config(ctx)
	if err == nil && config.ID != t.o.destination.RepoID {
		err = fail(model.CauseOtherRepo, "Check what changed the repository.", "The new password opens another repository: its id begins with %.8s.", config.ID)
	}
	return err
}

// adopt puts the new password to use: from here on all jobs open the repository with it.
func (t *rotation) adopt(ctx context.Context) (string, error) {
	t.sealing.RLock()
	defer t.sealing.RUnlock()
	d := t.o.destination
	sealed, err := t.Box.Seal(t.next, secret.Label(destinationTable, "repo_password", d.ID))
	if err != nil {
		return "", err
	}
	// What the row was sealed with may have been replaced since it was read.
	if err := t.reread(ctx); err != nil {
		return "", err
	}
	if err := t.Store.AdoptPassword(ctx, d.ID, t.o.destination.NextPassword, sealed, t.accessed); err != nil {
		return "", err
	}
	t.publish(model.EventDestination, d.ID)
	t.old, t.o.repo.Password = t.o.repo.Password, t.next
	return "A recovery kit from before does not open it any more.", t.reread(ctx)
}

// drop removes the keys that were replaced, and all others that the old password opens. A storage that does not let them go
// keeps them, and that is said; what may be otherwise in a moment is an error.
func (t *rotation) drop(ctx context.Context) (string, error) {
	ids := t.o.destination.ReplacedKeys
	for range model.MaxRepositoryKeys {
		left, err := t.remove(ctx, ids)
		if err != nil {
			return "", err
		}
		if len(left) == 0 {
			if left, err = t.stillOpened(ctx); err != nil {
				return "", err
			}
		}
		if err := t.Store.SetReplacedKeys(ctx, t.o.destination.ID, left); err != nil {
			return "", err
		}
		switch {
		case t.refuse != nil:
			return "The storage does not let it be deleted.", nil
		case len(left) == 0 && t.old == "":
			return "The old key is deleted.", nil
		case len(left) == 0:
			return "The old password opens nothing any more.", nil
		}
		ids = left
	}
	return "", errors.New("the old password still opens the repository")
}

// remove removes keys, and returns those that the storage keeps.
func (t *rotation) remove(ctx context.Context, ids []string) (left []string, err error) {
	for _, id := range ids {
		err := t.command(t.o).RemoveKey(ctx, id)
		if err != nil && !errors.Is(err, model.ErrNotFound) {
			if err := t.refused(ctx, id, err); err != nil {
				return nil, err
			}
			left, t.refuse = append(left, id), err
			continue
		}
		t.kept = t.kept || storage.KeepsVersions(ctx, t.o.place, "keys/"+id)
	}
	return left, nil
}

// stillOpened returns the key that the old password opens the repository with, if it does: one that was adopted can have
// several keys with one password. An earlier try knew that password; this one may not.
func (t *rotation) stillOpened(ctx context.Context) (ids []string, err error) {
	if t.old == "" {
		return nil, nil
	}
	repo := t.command(t.o)
	repo.Password = t.old
	keys, err := repo.Keys(ctx)
	if errors.Is(err, restic.ErrWrongPassword) {
		return nil, nil
	}
	for _, k := range keys {
		if k.Current {
			ids = append(ids, k.ID)
		}
	}
	return ids, err
}

// refused passes a failure on that may be another the next time, and asks the repository about all others: only a key that
// is still there was refused.
func (t *rotation) refused(ctx context.Context, id string, why error) error {
	for _, passing := range []error{restic.ErrLocked, restic.ErrUnreachable, restic.ErrNoRepo, restic.ErrWrongPassword, restic.ErrInterrupted} {
		if errors.Is(why, passing) {
			return why
		}
	}
	if ctx.Err() != nil || !errors.As(why, new(*restic.Error)) {
		return why
	}
	keys, err := t.command(t.o).Keys(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(keys, func(k restic.Key) bool { return k.ID == id }) {
		return why
	}
	return nil
}

// newPassword makes up the password of a repository: of letters and digits, since restic trims what it reads.
func newPassword() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	return hex.EncodeToString(random)
}

func (t *rotation) reread(ctx context.Context) (err error) {
	t.o.destination, err = t.Store.AnyDestination(ctx, t.o.destination.ID)
	return err
}

// stands says which password opens the repository after a rotation that did not come to its end.
func (t *rotation) stands(ctx context.Context) string {
	if err := t.reread(context.WithoutCancel(ctx)); err != nil {
		return ""
	}
	switch d := t.o.destination; {
	case d.Rotating():
		return "The old password stays in use until a next try has ended well."
	case len(d.ReplacedKeys) > 0:
		return "The new password is in use; the old key still opens the repository until a next try removes it."
	}
	return "Nothing was changed."
}

// resumeRotations queues each rotation again that was cut off with an earlier Keepstead.
func (m *Manager) resumeRotations(ctx context.Context) error {
	all, err := m.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	for _, d := range all {
		if !d.Rotating() && len(d.ReplacedKeys) == 0 {
			continue
		}
		last, found, err := m.newestRotation(ctx, d.ID)
		if err != nil {
			return err
		}
		if !found || last.State != model.JobInterrupted {
			continue
		}
		m.goOn(ctx, last, model.TriggerRecovery)
	}
	return nil
}

// settleRotation queues a rotation again that waits for its new key to be safe on the storage's disk, once it is.
func (m *Manager) settleRotation(ctx context.Context, d model.Destination) error {
	last, waits, err := m.settles(ctx, d)
	if err != nil || !waits || last.FinishedAt == nil || m.now().Sub(*last.FinishedAt) < settling {
		return err
	}
	m.goOn(ctx, last, model.TriggerSchedule)
	return nil
}

// goOn queues a rotation again, and logs what keeps it from that.
func (m *Manager) goOn(ctx context.Context, rotation model.Job, trigger model.JobTrigger) {
	if _, err := m.again(ctx, rotation, trigger); err != nil {
		m.logger.Warn("go on with a rotation", "destination", rotation.DestinationID, "error", err)
	}
}

// Settles says that a rotation waits for its new key to be safe on the storage's disk, and goes on by itself.
func (m *Manager) Settles(ctx context.Context, d model.Destination) (bool, error) {
	last, waits, err := m.settles(ctx, d)
	return waits && last.State == model.JobSuccess, err
}

// settles returns the newest rotation of a destination where that waits, or has failed by itself after the wait: what kept
// it from its end then, such as a machine that sleeps, may be over an hour later.
func (m *Manager) settles(ctx context.Context, d model.Destination) (last model.Job, waits bool, err error) {
	if !d.Enabled || !d.Rotating() {
		return model.Job{}, false, nil
	}
	last, found, err := m.newestRotation(ctx, d.ID)
	return last, found && (last.State == model.JobSuccess || last.State == model.JobFailed && last.Trigger == model.TriggerSchedule), err
}

func (m *Manager) newestRotation(ctx context.Context, destination uuid.UUID) (model.Job, bool, error) {
	last, err := m.Store.Jobs(ctx, model.JobFilter{DestinationID: destination, Kinds: []model.JobKind{model.JobRotate}, Page: model.Page{Limit: 1}})
	if err != nil || len(last) == 0 {
		return model.Job{}, false, err
	}
	return last[0], true, nil
}

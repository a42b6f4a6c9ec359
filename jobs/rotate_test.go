package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/restic"
	"keepstead/secret"
	"keepstead/testbed"
)

// opensWith says whether a password opens the repository of a destination.
func (h *house) opensWith(d model.Destination, password string) bool {
	h.t.Helper()
	o, err := h.openHere(h.t.Context(), d)
	h.must(err)
	defer h.endQuick(o)
	o.repo.Password = password
	_, err = o.repo.Config(h.t.Context())
	if err != nil && !errors.Is(err, restic.ErrWrongPassword) {
		h.t.Fatal(err)
	}
	return err == nil
}

// fresh reads the destination again, and the password in use.
func (h *house) fresh(d model.Destination) (model.Destination, string) {
	h.t.Helper()
	d, err := h.Store.Destination(h.t.Context(), d.ID)
	h.must(err)
	password, err := h.RepositoryPassword(d)
	h.must(err)
	return d, password
}

// keyed adds a destination with a repository that is there, which is quicker than making one.
func (h *house) keyed() model.Destination {
	h.t.Helper()
	dir, password := testbed.Repository(h.t)
	d, err := h.AddDestination(h.t.Context(), model.Destination{Name: "Folder", Type: model.DestinationLocal, LocalPath: dir}, model.DestinationSecrets{RepoPassword: password})
	h.must(err)
	return d
}

// rotated expects that nothing but a new password opens the repository, and that Keepstead has it.
func (h *house) rotated(d model.Destination, old string) {
	h.t.Helper()
	d, now := h.fresh(d)
	if now == old || d.Rotating() || len(d.ReplacedKeys) > 0 || d.RotatedAt == nil {
		h.t.Errorf("the destination is %+v, with the old password: %t", d, now == old)
	}
	if !h.opensWith(d, now) || h.opensWith(d, old) {
		h.t.Error("the new password does not open the repository, or the old one does")
	}
	keys, err := h.Keys(h.t.Context(), d.ID)
	h.must(err)
	if len(keys) != 1 || !keys[0].Current || keys[0].User != keyUser || h.now().Sub(keys[0].Made).Hours() > 2 {
		h.t.Errorf("the keys are %+v", keys)
	}
}

// TestRotate gives a folder and a bucket new passwords between two backups, and an old recovery kit is known to be out of
// date.
func TestRotate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.keyed()
	_, c := h.app(3)
	bucket := testbed.S3(t)
	h.must(bucket.Client(t).EnableVersioning(t.Context(), bucket.Name))
	cloud, err := h.AddDestination(t.Context(), bucketDestination(bucket), model.DestinationSecrets{AccessKey: bucket.AccessKey, SecretKey: bucket.SecretKey})
	h.must(err)
	_, err = h.TakeRecoveryKit(t.Context())
	h.must(err)
	h.start()
	h.expect(h.backup(c), model.JobSuccess, "")
	for _, d := range []model.Destination{d, cloud} {
		d, old := h.fresh(d)
		if d.KitAt == nil || d.KitOutdated() {
			t.Errorf("%s: the kit was taken at %v, out of date: %t", d.Name, d.KitAt, d.KitOutdated())
		}
		job, err := h.Maintain(t.Context(), d.ID, model.JobRotate)
		h.must(err)
		ended := h.wait(job.ID)
		h.expect(ended, model.JobSuccess, "")
		if len(ended.Steps) != 5 || slices.ContainsFunc(ended.Steps, func(s model.Step) bool { return s.State != model.StepDone }) {
			t.Errorf("%s: the steps are %+v", d.Name, ended.Steps)
		}
		if told := strings.Contains(ended.Message, "keeps old versions"); told != (d.ID == cloud.ID) {
			t.Errorf("%s: it says %q", d.Name, ended.Message)
		}
		h.rotated(d, old)
		d, now := h.fresh(d)
		if !d.KitOutdated() {
			t.Errorf("%s: the kit is not out of date", d.Name)
		}
		if text := h.jobText(job.ID); strings.Contains(text, now) || strings.Contains(text, old) {
			t.Errorf("%s: a password is in the log", d.Name)
		}
	}
	h.expect(h.backup(c), model.JobSuccess, "")
	_, err = h.TakeRecoveryKit(t.Context())
	h.must(err)
	if d, _ := h.fresh(d); d.KitOutdated() {
		t.Error("a kit of after the rotation is out of date")
	}
	if _, err := h.Browse(t.Context(), h.snapshots(c)[0].ID, ""); err != nil {
		t.Errorf("browse a snapshot from before: %v", err)
	}
}

// beginRotation claims a queued rotation as a worker does, and does nothing of it yet.
func (h *house) beginRotation(d model.Destination) *rotation {
	h.t.Helper()
	_, err := h.Maintain(h.t.Context(), d.ID, model.JobRotate)
	h.must(err)
	r, err := h.claim()
	h.must(err)
	r.log = h.openLog(r.job.ID)
	h.must(r.enter(h.t.Context()))
	o, err := r.openRun(h.t.Context())
	h.must(err)
	return &rotation{run: r, o: o, accessed: o.destination.AccessChangedAt}
}

// crash leaves a run as a power cut does: nothing is recorded. Only what dies with a process is given up.
func (h *house) crash(r *run) {
	r.leave()
	r.log.close()
	h.mu.Lock()
	delete(h.running, r.job.ID)
	h.mu.Unlock()
}

// TestRotationSurvivesEveryCrash cuts a rotation off after each of its steps, and in the middle of those that do two things.
// The password in the database opens the repository at every moment, and the next start completes the rotation.
func TestRotationSurvivesEveryCrash(t *testing.T) {
	t.Parallel()
	type cut struct {
		done int                                    // steps that were done whole
		more func(context.Context, *rotation) error // what of the next one was
		kept bool                                   // the old password stays, since nothing was begun
	}
	cuts := map[string]cut{
		"before anything":                 {done: 0, kept: true},
		"when the password was made":      {done: 1},
		"when the repository has the key": {done: 2},
		"when it was proven":              {done: 3},
		"when the new password is in use": {done: 4},
		"when the old key was removed": {done: 4, more: func(ctx context.Context, r *rotation) error {
			return r.command(r.o).RemoveKey(ctx, r.o.destination.ReplacedKeys[0])
		}},
		"when all was done but the record": {done: 5},
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			d := h.keyed()
			_, old := h.fresh(d)
			r := h.beginRotation(d)
			for i, a := range r.acts()[:cut.done] {
				if _, err := a.do(t.Context()); err != nil {
					t.Fatalf("%s: %v", r.acts()[i].title, err)
				}
			}
			if d, password := h.fresh(d); !h.opensWith(d, password) {
				t.Fatal("the password in the database does not open the repository")
			}
			if cut.more != nil {
				h.must(cut.more(t.Context(), r))
			}
			h.crash(r.run)
			h.start()
			h.idle()
			was, err := h.Store.Job(t.Context(), r.job.ID)
			h.must(err)
			h.expect(was, model.JobInterrupted, model.CauseInterrupted)
			if cut.kept {
				if d, password := h.fresh(d); password != old || d.Rotating() || !h.opensWith(d, old) {
					t.Errorf("something was begun: %+v", d)
				}
				return
			}
			h.rotated(d, old)
		})
	}
}

// TestRotationIsTriedAgain: what another program keeps from its end goes on with the same password later.
func TestRotationIsTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.keyed()
	_, old := h.fresh(d)
	lock, _ := testbed.LeaveLock(t, d.LocalPath, old, "elsewhere")
	h.start()
	job, err := h.Maintain(t.Context(), d.ID, model.JobRotate)
	h.must(err)
	ended := h.wait(job.ID)
	h.expect(ended, model.JobFailed, model.CauseLocked)
	if !strings.Contains(ended.Mend, "the old key still opens") {
		t.Errorf("the mend is %q", ended.Mend)
	}
	d, now := h.fresh(d)
	if now == old || len(d.ReplacedKeys) != 1 || !h.opensWith(d, old) || !h.opensWith(d, now) {
		t.Errorf("with a lock of another program: %+v", d)
	}
	if _, err := h.RemoveLocks(t.Context(), d.ID, []string{lock}); err != nil {
		t.Fatal(err)
	}
	again, err := h.Retry(t.Context(), job.ID)
	h.must(err)
	ended = h.wait(again.ID)
	h.expect(ended, model.JobSuccess, "")
	if len(ended.Steps) != 1 {
		t.Errorf("the steps are %+v", ended.Steps)
	}
	h.rotated(d, old)
	if _, then := h.fresh(d); then != now {
		t.Error("another password was made")
	}
}

// TestRotationWhereNothingCanBeDeleted goes on with the new password, and says that the old one opens the repository too.
func TestRotationWhereNothingCanBeDeleted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bucket := testbed.S3(t)
	user := bucket.As(t, "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetBucketLocation")
	d, err := h.AddDestination(t.Context(), bucketDestination(user), model.DestinationSecrets{AccessKey: user.AccessKey, SecretKey: user.SecretKey})
	h.must(err)
	keepKeys(t, bucket, user.AccessKey)
	d, old := h.fresh(d)
	h.start()
	job, err := h.Maintain(t.Context(), d.ID, model.JobRotate)
	h.must(err)
	ended := h.wait(job.ID)
	h.expect(ended, model.JobPartial, model.CauseDenied)
	if !strings.Contains(ended.Message, "the old password opens the repository too") {
		t.Errorf("it says %q", ended.Message)
	}
	d, now := h.fresh(d)
	if now == old || !h.opensWith(d, now) || !h.opensWith(d, old) || d.LastError != "" || len(d.ReplacedKeys) != 1 {
		t.Errorf("the destination is %+v", d)
	}
	corrected, err := h.ChangeDestination(t.Context(), d, model.DestinationSecrets{RepoPassword: now})
	if err != nil || len(corrected.ReplacedKeys) != 1 {
		t.Errorf("the password cannot be given again: %v, %v", corrected.ReplacedKeys, err)
	}
	if err := h.RemoveKey(t.Context(), d.ID, d.ReplacedKeys[0]); !errors.Is(err, model.ErrConflict) {
		t.Errorf("remove what cannot be removed: %v", err)
	}
}

// keepKeys forbids a user of the bucket to delete the keys of a repository in it.
func keepKeys(t *testing.T, b *testbed.Bucket, user string) {
	t.Helper()
	text, err := b.Client(t).GetBucketPolicy(t.Context(), b.Name)
	if err != nil {
		t.Fatal(err)
	}
	var policy map[string]any
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		t.Fatal(err)
	}
	policy["Statement"] = append(policy["Statement"].([]any), map[string]any{
		"Effect": "Deny", "Principal": []string{user}, "Action": []string{"s3:DeleteObject"}, "Resource": "arn:aws:s3:::" + b.Name + "/keys/*",
	})
	changed, err := json.Marshal(policy)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Client(t).SetBucketPolicy(t.Context(), b.Name, string(changed)); err != nil {
		t.Fatal(err)
	}
}

// bucketDestination is a destination that is the whole bucket.
func bucketDestination(b *testbed.Bucket) model.Destination {
	return model.Destination{Name: "Bucket", Type: model.DestinationS3, S3Endpoint: b.Endpoint, S3Bucket: b.Name, S3Region: b.Region, S3PathStyle: true}
}

// TestPasswordIsNotChangedInARotation: the key of the password that somebody gives may be the one that is removed next.
func TestPasswordIsNotChangedInARotation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.keyed()
	d, old := h.fresh(d)
	r := h.beginRotation(d)
	for _, a := range r.acts()[:4] {
		_, err := a.do(t.Context())
		h.must(err)
	}
	if _, err := h.ChangeDestination(t.Context(), d, model.DestinationSecrets{RepoPassword: old}); !errors.Is(err, model.ErrConflict) {
		t.Errorf("change the password in a rotation: %v", err)
	}
	d.Name = "Renamed" // read before the rotation
	_, err := h.ChangeDestination(t.Context(), d, model.DestinationSecrets{})
	h.must(err)
	d, now := h.fresh(d)
	if d.Name != "Renamed" || now == old || !h.opensWith(d, now) {
		t.Error("a change of the name brought the old password back")
	}
	sealed, err := h.Box.Seal("x", secret.Label(destinationTable, nextColumn, d.ID))
	h.must(err)
	if err := h.Store.BeginRotation(t.Context(), d.ID, sealed, sealed, nil); !errors.Is(err, model.ErrConflict) {
		t.Errorf("a rotation of another password began: %v", err)
	}
	if err := h.Store.AdoptPassword(t.Context(), d.ID, sealed, sealed, d.AccessChangedAt); !errors.Is(err, model.ErrConflict) {
		t.Errorf("a password that is not under way was put to use: %v", err)
	}
	h.crash(r.run)
}

// TestOwnKeys adds a key that a person opens the repository with, and removes it.
func TestOwnKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.keyed()
	d, password := h.fresh(d)
	const own = "by hand, without Keepstead"
	for field, bad := range map[string]model.OwnKey{
		"name": {Password: own}, "password": {Name: "Anna", Password: "short"},
		"password at its end": {Name: "Anna", Password: own + " "}, "password in use": {Name: "Anna", Password: password},
	} {
		_, err := h.AddKey(t.Context(), d.ID, bad)
		if reasons := model.Refused(err); len(reasons) != 1 || !strings.HasPrefix(field, reasons[0].Field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if shown := fmt.Sprintf("%v %+v %#v", model.OwnKey{Password: own}, model.OwnKey{Password: own}, model.OwnKey{Password: own}); strings.Contains(shown, own) {
		t.Errorf("a key prints as %s", shown)
	}
	id, err := h.AddKey(t.Context(), d.ID, model.OwnKey{Name: "Anna", Password: own})
	h.must(err)
	keys, err := h.Keys(t.Context(), d.ID)
	h.must(err)
	i := slices.IndexFunc(keys, func(k model.RepositoryKey) bool { return k.ID == id })
	if len(keys) != 2 || i < 0 || keys[i].Current || keys[i].User != "Anna" || keys[i].Host == "" || !h.opensWith(d, own) {
		t.Errorf("the keys are %+v", keys)
	}

	in := h.sharing(d.ID)
	in.RLock()
	if err := h.RemoveKey(t.Context(), d.ID, id); !errors.Is(err, model.ErrConflict) {
		t.Errorf("with a job there: %v", err)
	}
	in.RUnlock()
	if err := h.RemoveKey(t.Context(), d.ID, keys[1-i].ID); !errors.Is(err, model.ErrConflict) {
		t.Errorf("the key in use: %v", err)
	}
	if err := h.RemoveKey(t.Context(), d.ID, strings.Repeat("ab", 32)); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("a key that is not there: %v", err)
	}
	lock, _ := testbed.LeaveLock(t, d.LocalPath, password, "elsewhere")
	if err := h.RemoveKey(t.Context(), d.ID, id); !errors.Is(err, model.ErrBusy) {
		t.Errorf("with a lock there: %v", err)
	}
	_, err = h.RemoveLocks(t.Context(), d.ID, []string{lock})
	h.must(err)
	h.must(h.RemoveKey(t.Context(), d.ID, id))
	if h.opensWith(d, own) || !h.opensWith(d, password) {
		t.Error("the removed key opens the repository, or the other does not")
	}
}

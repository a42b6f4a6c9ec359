package store

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// step is one moment of a queue: what is claimed next, by the names of the jobs.
func TestClaimJob(t *testing.T) {
	t.Parallel()
	const b, f, p, k, r, s = model.JobBackup, model.JobForget, model.JobPrune, model.JobCheck, model.JobRestore, model.JobSync
	const x = model.JobIndex
	type j struct {
		kind        model.JobKind
		conf, place int
	}
	for _, tc := range []struct {
		name   string
		jobs   []j
		limits Limits
		// claims are the indexes of the jobs that are claimed one after the other without any being finished.
		claims []int
		// finish is the job that then ends, and after what is claimed next.
		finish int
		after  []int
	}{
		{"backups share a repository", []j{{b, 1, 0}, {b, 2, 0}, {b, 3, 0}}, Limits{}, []int{0, 1, 2}, 0, nil},
		{"oldest first over all destinations", []j{{b, 1, 1}, {b, 2, 0}, {b, 3, 1}}, Limits{Total: 2}, []int{0, 1}, 0, []int{2}},
		{"prune is alone", []j{{p, 0, 0}, {b, 1, 0}, {k, 0, 0}}, Limits{}, []int{0}, 0, []int{1}},
		{"prune waits for a backup", []j{{b, 1, 0}, {p, 0, 0}}, Limits{}, []int{0}, 0, []int{1}},
		{"prune does not hold another destination", []j{{p, 0, 0}, {b, 1, 1}}, Limits{}, []int{0, 1}, 0, nil},
		{"a backup overtakes a prune that has only begun to wait", []j{{b, 1, 0}, {p, 0, 0}, {b, 2, 0}}, Limits{}, []int{0, 2}, 0, nil},
		{"a prune does not overtake waiting backups", []j{{b, 1, 0}, {b, 2, 0}, {p, 0, 0}}, Limits{PerDestination: 1}, []int{0}, 0, []int{1}},
		{"two that need it alone go one by one", []j{{f, 1, 0}, {f, 2, 0}}, Limits{}, []int{0}, 0, []int{1}},
		{"a restore goes first", []j{{b, 1, 0}, {b, 2, 0}, {r, 1, 0}}, Limits{Total: 1}, []int{2, 0}, 0, []int{1}},
		{"a restore overtakes a waiting prune", []j{{b, 1, 0}, {p, 0, 0}, {r, 1, 0}}, Limits{}, []int{2, 0}, 0, nil},
		{"a restore waits for a running prune", []j{{p, 0, 0}, {r, 1, 1}, {r, 1, 0}}, Limits{Total: 1, Restores: 1}, []int{1, 0}, 1, nil},
		{"restores have a limit of their own", []j{{r, 1, 0}, {r, 2, 0}, {b, 1, 0}}, Limits{Total: 1, PerDestination: 1, Restores: 1}, []int{0, 2}, 0, []int{1}},
		{"a limit per destination", []j{{b, 1, 0}, {b, 2, 0}, {b, 3, 0}, {b, 4, 1}}, Limits{PerDestination: 2}, []int{0, 1, 3}, 1, []int{2}},
		{"an index has a place of its own", []j{{b, 1, 0}, {x, 0, 0}, {b, 2, 1}}, Limits{Total: 2, PerDestination: 1}, []int{0, 1, 2}, 0, nil},
		{"an index waits for all else that waits there", []j{{x, 0, 0}, {f, 1, 0}, {x, 0, 1}}, Limits{}, []int{1, 2}, 2, nil},
		{"one index at a time", []j{{x, 0, 0}, {x, 0, 1}}, Limits{}, []int{0}, 0, []int{1}},
		{"a prune waits for a running index", []j{{x, 0, 0}, {b, 1, 1}, {p, 0, 1}}, Limits{}, []int{0, 1}, 1, []int{2}},
		{"sync shares", []j{{b, 1, 0}, {s, 0, 0}}, Limits{}, []int{0, 1}, 0, nil},
		{"same configuration, two destinations", []j{{b, 1, 0}, {b, 1, 1}}, Limits{}, []int{0, 1}, 0, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			places := []model.Destination{w.destination, w.newDestination("second")}
			confs := make([]uuid.UUID, 5)
			for i := range confs[1:] {
				confs[i+1] = model.NewID()
			}
			var jobs []model.Job
			for _, one := range tc.jobs {
				jobs = append(jobs, model.Job{Kind: one.kind, Trigger: model.TriggerManual, ConfigurationID: confs[one.conf], DestinationID: places[one.place].ID})
			}
			jobs = w.queue(jobs...)
			claim := func(want []int) {
				t.Helper()
				for n, index := range want {
					got, err := w.ClaimJob(t.Context(), tc.limits)
					check(t, err)
					if got.ID != jobs[index].ID || got.State != model.JobRunning || got.StartedAt == nil {
						t.Fatalf("claim %d is the %s of %s, want job %d (%s)", n, got.Kind, got.ConfigurationID, index, jobs[index].Kind)
					}
				}
				_, err := w.ClaimJob(t.Context(), tc.limits)
				wantIs(t, err, model.ErrNotFound)
			}
			claim(tc.claims)
			check(t, w.FinishJob(t.Context(), jobs[tc.finish].ID, Outcome{State: model.JobSuccess}))
			claim(tc.after)
		})
	}
}

// A backup of an app made of containers does not take a place only to wait for the capture or the restore that holds
// them; folders are read side by side.
func TestAHeldAppTakesNoPlace(t *testing.T) {
	t.Parallel()
	first, second := model.NewID(), model.NewID()
	for _, tc := range []struct {
		name    string
		app     model.AppKind
		running model.Job
		waiting uuid.UUID // batch of the backup that waits
		claimed bool
	}{
		{"the same batch", model.AppCompose, model.Job{Kind: model.JobBackup, Batch: first}, first, true},
		{"another batch", model.AppCompose, model.Job{Kind: model.JobBackup, Batch: first}, second, false},
		{"no batch", model.AppContainer, model.Job{Kind: model.JobBackup}, uuid.Nil, false},
		{"a restore", model.AppCompose, model.Job{Kind: model.JobRestore}, first, false},
		{"folders", model.AppFolders, model.Job{Kind: model.JobBackup, Batch: first}, second, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			other := w.newDestination("second")
			app, err := w.CreateApp(t.Context(), model.App{DeviceID: w.device.ID, Name: "held", Kind: tc.app, Paths: []string{"/srv/held"}}, nil)
			check(t, err)
			running := tc.running
			running.Trigger, running.AppID, running.ConfigurationID, running.DestinationID = model.TriggerManual, app.ID, model.NewID(), w.destination.ID
			w.queue(running)
			_, err = w.ClaimJob(t.Context(), Limits{})
			check(t, err)
			w.queue(model.Job{
				Kind: model.JobBackup, Trigger: model.TriggerManual, AppID: app.ID, ConfigurationID: running.ConfigurationID,
				DestinationID: other.ID, Batch: tc.waiting,
			})
			_, err = w.ClaimJob(t.Context(), Limits{})
			if (err == nil) != tc.claimed {
				t.Errorf("claimed: %v, want %v", err, tc.claimed)
			}
		})
	}
}

// TestPatience holds newer backups back behind a prune that has waited long, so that it gets its turn.
func TestPatience(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := func(kind model.JobKind, age time.Duration) model.Job {
		return model.Job{Kind: kind, Trigger: model.TriggerManual, ConfigurationID: model.NewID(), DestinationID: w.destination.ID, CreatedAt: now().Add(-age)}
	}
	jobs := w.queue(job(model.JobBackup, 7*time.Hour), job(model.JobPrune, 7*time.Hour), job(model.JobBackup, 0))
	for _, want := range jobs[:2] {
		got, err := w.ClaimJob(t.Context(), Limits{})
		check(t, err)
		if got.ID != want.ID {
			t.Fatalf("claimed a %s, want the %s", got.Kind, want.Kind)
		}
		_, err = w.ClaimJob(t.Context(), Limits{})
		wantIs(t, err, model.ErrNotFound)
		check(t, w.FinishJob(t.Context(), got.ID, Outcome{State: model.JobSuccess}))
	}
	got, err := w.ClaimJob(t.Context(), Limits{})
	check(t, err)
	if got.ID != jobs[2].ID {
		t.Errorf("the newer backup was not claimed after the prune, but a %s", got.Kind)
	}
}

func TestOneBackupOfAPairRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.queueBackup(w.configuration, w.destination)
	must[model.Job](t)(w.ClaimJob(t.Context(), Limits{}))
	slot := now()
	j, snap := backup(w.configuration, w.destination)
	j.Slot, j.Trigger = &slot, model.TriggerSchedule
	second := must[[]model.Job](t)(w.CreateJobs(t.Context(), []model.Job{j}, []model.Snapshot{snap}))
	_, err := w.ClaimJob(t.Context(), Limits{})
	wantIs(t, err, model.ErrNotFound)
	check(t, w.FinishJob(t.Context(), first.ID, Outcome{State: model.JobCancelled}))
	if got := must[model.Job](t)(w.ClaimJob(t.Context(), Limits{})); got.ID != second[0].ID {
		t.Error("the waiting backup was not claimed")
	}
}

func TestClaimersNeverGetTheSameJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 120
	jobs := make([]model.Job, many)
	for i := range jobs {
		jobs[i] = model.Job{Kind: model.JobBackup, ConfigurationID: model.NewID(), DestinationID: w.destination.ID}
	}
	w.queue(jobs...)
	beside := openIn(t, w.dir(), false) // another process may claim too
	var mu sync.Mutex
	seen := map[uuid.UUID]int{}
	var wg sync.WaitGroup
	for i := range 8 {
		s := w.Store
		if i%4 == 0 {
			s = beside
		}
		wg.Go(func() {
			for {
				j, err := s.ClaimJob(t.Context(), Limits{})
				if errors.Is(err, model.ErrNotFound) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[j.ID]++
				mu.Unlock()
				if err := s.FinishJob(t.Context(), j.ID, Outcome{State: model.JobSuccess}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(seen) != many {
		t.Errorf("%d different jobs were claimed, want %d", len(seen), many)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("job %s was claimed %d times", id, n)
		}
	}
}

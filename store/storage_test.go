package store

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

func TestStorageSamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.runBackup(w.configuration, w.destination, model.JobSuccess)
	w.runBackup(w.configuration, w.destination, model.JobSuccess)
	w.runBackup(w.configuration, w.destination, model.JobFailed)
	second := w.newDestination("second")
	today := model.StorageDay(now())
	day := func(n int) string { return model.StorageDay(now().AddDate(0, 0, -n)) }
	read := func(id uuid.UUID) []model.StorageSample {
		return must[[]model.StorageSample](t)(w.StorageSamples(ctx, id, now().AddDate(0, 0, -10)))
	}
	if got := read(uuid.Nil); len(got) != 1 || got[0] != (model.StorageSample{DestinationID: w.destination.ID, Day: today, Stored: 2000}) {
		t.Fatalf("two backups left %+v", got)
	}
	for _, n := range []int{9, 12, 40, 400} {
		_, err := w.w.NewRaw("INSERT INTO storage_samples VALUES (?, ?, ?)", w.destination.ID, day(n), n).Exec(ctx)
		check(t, err)
	}
	size, free := int64(77), int64(5<<30)
	check(t, w.SetDestinationStats(ctx, w.destination.ID, DestinationStats{TotalSize: &size, FreeSize: &free}))
	check(t, w.SetDestinationStats(ctx, second.ID, DestinationStats{TotalSize: &size}))
	check(t, w.SetDestinationStats(ctx, second.ID, DestinationStats{FreeSize: &free}))

	got := read(w.destination.ID)
	want := []model.StorageSample{{DestinationID: w.destination.ID, Day: day(12), Stored: 12}, {DestinationID: w.destination.ID, Day: day(9), Stored: 9}, {DestinationID: w.destination.ID, Day: today, Stored: 77}}
	if len(got) != len(want) {
		t.Fatalf("samples are %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("sample %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if n := len(read(uuid.Nil)); n != 4 {
		t.Errorf("%d samples of both destinations, want 4", n)
	}
	var old int
	check(t, w.r.NewRaw("SELECT count(*) FROM storage_samples WHERE day < ?", day(365)).Scan(ctx, &old))
	if old != 0 {
		t.Errorf("%d samples are older than a year", old)
	}
	d := w.place()
	if d.FreeSize == nil || *d.FreeSize != free || d.FreeAt == nil || time.Since(*d.FreeAt) > time.Minute {
		t.Errorf("free are %v at %v", d.FreeSize, d.FreeAt)
	}
	check(t, w.RemoveDestination(ctx, w.destination.ID))
	if n := len(read(uuid.Nil)); n != 1 {
		t.Errorf("%d samples are left after a removal, want the other destination's", n)
	}
}

// TestSumsOverSnapshots compares the sums that triggers keep with the table, after all that may change them.
func TestSumsOverSnapshots(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	second := w.newDestination("second")
	compare := func(doing string, restorable int64) {
		t.Helper()
		if d := w.place(); d.RestorableSize != restorable || d.AddedSize*5 != restorable*2 || d.AddedPackedSize*5 != restorable {
			t.Errorf("%s: restorable %d (want %d), added %d, packed %d", doing, d.RestorableSize, restorable, d.AddedSize, d.AddedPackedSize)
		}
	}
	_, first := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	w.runBackup(w.configuration, w.destination, model.JobPartial)
	compare("two backups", 10000)
	w.runBackup(w.configuration, w.destination, model.JobFailed)
	w.runBackup(w.configuration, second, model.JobSuccess)
	w.queueBackup(w.configuration, w.destination)
	compare("a failed and an open one, and one elsewhere", 10000)
	must[int](t)(w.CreateSnapshots(ctx, []model.Snapshot{{
		ConfigurationID: w.configuration.ID, DestinationID: w.destination.ID, ResticSnapshotID: uuid.NewString(), Status: model.SnapshotSuccess,
		StartedAt: now(), TotalSize: 500, DataAdded: 200, DataAddedPacked: 100,
	}}))
	compare("one taken over", 10500)
	_, err := w.w.NewRaw("UPDATE snapshots SET total_size = 6000, data_added = 2400, data_added_packed = 1200 WHERE id = ?", first.ID).Exec(ctx)
	check(t, err)
	compare("one corrected", 11500)
	check(t, w.DeleteSnapshots(ctx, []uuid.UUID{first.ID}))
	compare("one forgotten", 5500)
	d := w.place()
	d.PricePerTBMonth, d.PriceCurrency, d.RestorableSize = 6.99, "€", 1
	must[model.Destination](t)(w.UpdateDestination(ctx, d))
	compare("settings saved", 5500)
	if d = w.place(); d.PricePerTBMonth != 6.99 || d.PriceCurrency != "€" {
		t.Errorf("the price is %v %q", d.PricePerTBMonth, d.PriceCurrency)
	}
	check(t, w.RemoveDestination(ctx, w.destination.ID))
	if d := must[model.Destination](t)(w.AnyDestination(ctx, w.destination.ID)); d.RestorableSize != 0 {
		t.Errorf("a removed destination restores %d", d.RestorableSize)
	}
}

func TestLastRestoreStaysWithTheDestination(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	_, snap := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	for _, state := range []model.JobState{model.JobFailed, model.JobPartial, model.JobSuccess} {
		j := w.queue(model.Job{Kind: model.JobRestore, DestinationID: w.destination.ID, SnapshotID: snap.ID})[0]
		must[model.Job](t)(w.ClaimJob(ctx, Limits{}))
		check(t, w.FinishJob(ctx, j.ID, Outcome{State: state}))
		if got := w.place().LastRestoreAt; (got != nil) != (state == model.JobSuccess) {
			t.Errorf("after a restore that ended as %s the last one is of %v", state, got)
		}
	}
}

package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/restic"
)

// TestVerdict holds the rules of retention that restic does not have.
func TestVerdict(t *testing.T) {
	t.Parallel()
	clock, _ := fakeClock("2026-03-10 12:00:00")
	r := &run{Manager: &Manager{Options: Options{Clock: clock}}}
	c := model.Configuration{ID: model.NewID()}
	tags := []string{tagOurs, tagConfig(c.ID)}
	day := func(n int) restic.Snapshot {
		return restic.Snapshot{ID: fmt.Sprintf("day%02d", n), Time: clock.Now().AddDate(0, 0, -n), Tags: tags}
	}
	untagged := func(s restic.Snapshot) restic.Snapshot { s.Tags = nil; return s }
	row := func(s restic.Snapshot, status model.SnapshotStatus) model.Snapshot {
		done := s.Time
		return model.Snapshot{ID: uuid.NewSHA1(uuid.Nil, []byte(s.ID)), ResticSnapshotID: s.ID, Status: status, StartedAt: s.Time, CompletedAt: &done}
	}
	safety := func(s model.Snapshot) model.Snapshot { s.Safety = true; return s }
	keep := model.Retention{KeepLast: 1}
	tests := []struct {
		name                  string
		there                 []restic.Snapshot
		known                 []model.Snapshot
		remove, rows, unknown []string
		future                string
	}{
		{name: "nothing"},
		{
			name:   "the newest stays",
			there:  []restic.Snapshot{day(2), day(1)},
			known:  []model.Snapshot{row(day(2), model.SnapshotSuccess), row(day(1), model.SnapshotSuccess)},
			remove: []string{"day02"}, rows: []string{"day02"},
		},
		{
			name:  "a partial one pushes out no full one",
			there: []restic.Snapshot{day(2), day(1)},
			known: []model.Snapshot{row(day(2), model.SnapshotSuccess), row(day(1), model.SnapshotPartial)},
		},
		{
			name:  "the state that a restore replaced pushes out no backup",
			there: []restic.Snapshot{day(2), day(1)},
			known: []model.Snapshot{row(day(2), model.SnapshotSuccess), safety(row(day(1), model.SnapshotSuccess))},
		},
		{
			name:  "nor the only partial one",
			there: []restic.Snapshot{day(3), day(2), day(1)},
			known: []model.Snapshot{row(day(3), model.SnapshotSuccess), row(day(2), model.SnapshotPartial), safety(row(day(1), model.SnapshotPartial))},
		},
		{
			name:   "what this database does not know stays and does not count",
			there:  []restic.Snapshot{day(2), day(1), day(0)},
			known:  []model.Snapshot{row(day(2), model.SnapshotSuccess), row(day(1), model.SnapshotSuccess)},
			remove: []string{"day02"}, rows: []string{"day02"}, unknown: []string{"day00"},
		},
		{
			name:   "a snapshot of an empty source goes and counts for nothing",
			there:  []restic.Snapshot{day(1), day(0)},
			known:  []model.Snapshot{row(day(1), model.SnapshotSuccess), row(day(0), model.SnapshotFailed)},
			remove: []string{"day00"}, rows: []string{"day00"},
		},
		{
			name:  "a row whose snapshot is gone goes",
			there: []restic.Snapshot{day(0)},
			known: []model.Snapshot{row(day(1), model.SnapshotSuccess), row(day(0), model.SnapshotSuccess)},
			rows:  []string{"day01"},
		},
		{
			name:   "one that was adopted without our tags stays, with its row",
			there:  []restic.Snapshot{untagged(day(3)), day(2), day(1)},
			known:  []model.Snapshot{row(day(3), model.SnapshotSuccess), row(day(2), model.SnapshotSuccess), row(day(1), model.SnapshotSuccess)},
			remove: []string{"day02"}, rows: []string{"day02"},
		},
		{
			name:   "a date in the future stops it all",
			there:  []restic.Snapshot{day(0), {ID: "late", Time: clock.Now().Add(48 * time.Hour), Tags: tags}},
			known:  []model.Snapshot{row(day(0), model.SnapshotSuccess)},
			future: "late", unknown: nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := r.verdict(c, keep, time.UTC, tt.there, tt.known)
			var unknown, rows []string
			for _, s := range v.unknown {
				unknown = append(unknown, s.ID)
			}
			for _, s := range append(tt.known, model.Snapshot{}) {
				if slices.Contains(v.rows, s.ID) {
					rows = append(rows, s.ResticSnapshotID)
				}
			}
			if !slices.Equal(v.remove, tt.remove) || !slices.Equal(rows, tt.rows) || !slices.Equal(unknown, tt.unknown) || v.future != tt.future {
				t.Errorf("remove %v rows %v unknown %v future %q,\nwant   %v rows %v unknown %v future %q",
					v.remove, rows, unknown, v.future, tt.remove, tt.rows, tt.unknown, tt.future)
			}
		})
	}
}

// TestRetentionOfManyDays backs up with real restic on made-up days and compares what is left with the rule.
func TestRetentionOfManyDays(t *testing.T) {
	t.Parallel()
	clock, use := fakeClock("2026-03-10 12:00:00")
	h := newHouse(t, use)
	d := h.destination()
	_, c := h.app(2)
	p, err := h.Store.DefaultPolicy(t.Context())
	h.must(err)
	p.TimeZone = "UTC"
	p.Retention = model.Retention{KeepDaily: 3, KeepWeekly: 2, KeepMonthly: 2}
	_, err = h.ChangePolicy(t.Context(), p)
	h.must(err)
	var all []model.Kept
	for n := range 14 {
		when := clock.Now().Add(-time.Duration(n) * 61 * time.Hour)
		h.raw(d, "backup", "--quiet", "--host", "h", "--time", when.Format(time.DateTime), "--tag", tagOurs, "--tag", tagApp(c.AppID), "--tag", tagConfig(c.ID), h.src)
		all = append(all, model.Kept{ID: when.Format("2006-01-02"), Time: when})
	}
	h.start()
	sync, err := h.Maintain(t.Context(), d.ID, model.JobSync)
	h.must(err)
	h.expect(h.wait(sync.ID), model.JobSuccess, "")
	made, err := h.create(t.Context(), nil, model.Job{Kind: model.JobForget, ConfigurationID: c.ID, DestinationID: d.ID})
	h.must(err)
	forget := h.wait(made[0].ID)
	h.expect(forget, model.JobSuccess, "")
	list := h.raw(d, "snapshots", "--compact")
	kept := 0
	for _, want := range p.Retention.Decide(all, time.UTC) {
		if want.Keep {
			kept++
		}
		if strings.Contains(list, want.ID) != want.Keep {
			t.Errorf("snapshot of %s: kept is %v, want %v", want.ID, !want.Keep, want.Keep)
		}
	}
	if forget.Result == nil || forget.Result.Kept != kept || forget.Result.Removed != 14-kept || len(h.snapshots(c)) != kept {
		t.Errorf("result %+v and %d rows, want %d kept", forget.Result, len(h.snapshots(c)), kept)
	}
	prune, err := h.Maintain(t.Context(), d.ID, model.JobPrune)
	h.must(err)
	h.expect(h.wait(prune.ID), model.JobSuccess, "")
	check, err := h.Maintain(t.Context(), d.ID, model.JobCheck)
	h.must(err)
	h.expect(h.wait(check.ID), model.JobSuccess, "")
	if now, err := h.Store.Destination(t.Context(), d.ID); err != nil || now.LastPruneAt == nil || now.LastCheckAt == nil || now.TotalSize == 0 {
		t.Errorf("destination after maintenance: %+v, %v", now, err)
	}
}

func TestCheckSeesDamage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	d := h.destination()
	_, c := h.app(3)
	h.expect(h.backup(c), model.JobSuccess, "")
	h.idle()
	damage(h, d)
	check, err := h.Maintain(t.Context(), d.ID, model.JobCheck)
	h.must(err)
	h.expect(h.wait(check.ID), model.JobFailed, model.CauseDamaged)
	if now, err := h.Store.Destination(t.Context(), d.ID); err != nil || now.LastCheckAt != nil || now.LastError == "" {
		t.Errorf("destination after a failed check: %+v, %v", now, err)
	}
}

// damage removes the repository's packs.
func damage(h *house, d model.Destination) {
	h.must(os.RemoveAll(filepath.Join(d.LocalPath, "data")))
	h.must(os.MkdirAll(filepath.Join(d.LocalPath, "data"), 0o700))
}

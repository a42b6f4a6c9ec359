package restic_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/restic"
)

// moments of snapshots around the ends of hours, days, ISO weeks, months and years, with gaps and pairs.
var moments = []string{
	"2020-06-30 10:00:00", "2021-12-31 23:30:00", "2022-01-01 00:10:00", "2022-01-02 12:00:00", "2022-01-03 12:00:00",
	"2023-11-30 08:00:00", "2023-12-31 02:00:00", "2024-02-28 02:00:00", "2024-02-29 02:00:00", "2024-03-01 02:00:00",
	"2024-03-02 02:00:00", "2024-03-03 02:00:00", "2024-03-04 02:00:00", "2024-03-05 02:00:00", "2024-03-05 02:59:59",
	"2024-03-05 03:00:00", "2024-03-05 14:00:00", "2024-03-05 14:20:00", "2024-03-05 14:40:00", "2024-03-07 02:00:00",
}

// TestRetentionAgrees proves that model.Retention decides as restic's forget does.
func TestRetentionAgrees(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	source := write(t, filepath.Join(t.TempDir(), "file"), "x")
	var made sync.WaitGroup
	slots := make(chan struct{}, 4)
	for _, moment := range moments {
		made.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			when, err := time.ParseInLocation(time.DateTime, moment, time.Local)
			if err == nil {
				_, err = r.Backup(t.Context(), restic.BackupOptions{Host: "home", Tags: []string{"config:1"}, Paths: []string{source}, Time: when}, nil)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	made.Wait()
	all, err := r.Snapshots(t.Context(), restic.SnapshotFilter{})
	if err != nil || len(all) != len(moments) {
		t.Fatalf("%d snapshots, %v", len(all), err)
	}
	var kept []model.Kept
	for _, s := range all {
		kept = append(kept, model.Kept{ID: s.ID, Time: s.Time})
	}
	for _, keep := range []model.Retention{
		{KeepLast: 1},
		{KeepLast: 5},
		{KeepLast: 100},
		{KeepHourly: 3},
		{KeepHourly: 100},
		{KeepDaily: 1},
		{KeepDaily: 4},
		{KeepDaily: 100},
		{KeepWeekly: 2},
		{KeepWeekly: 6},
		{KeepWeekly: 100},
		{KeepMonthly: 3},
		{KeepMonthly: 100},
		{KeepYearly: 2},
		{KeepYearly: 10},
		{KeepDaily: 7, KeepWeekly: 4, KeepMonthly: 6},
		{KeepLast: 2, KeepHourly: 4, KeepDaily: 3, KeepWeekly: 2, KeepMonthly: 2, KeepYearly: 3},
	} {
		t.Run(fmt.Sprintf("%+v", keep), func(t *testing.T) {
			t.Parallel()
			groups, err := r.ForgetPolicy(t.Context(), "config:1", keep, true)
			if err != nil || len(groups) != 1 {
				t.Fatalf("%d groups, %v", len(groups), err)
			}
			var theirs, ours []string
			for _, reason := range groups[0].Reasons {
				rules := strings.Join(reason.Matches, ", ")
				theirs = append(theirs, when(reason.Snapshot.Time)+": "+strings.NewReplacer(" snapshot", "", "oldest ", "").Replace(rules))
			}
			for _, d := range keep.Decide(kept, time.Local) {
				if d.Keep {
					ours = append(ours, when(d.Time)+": "+strings.Join(d.Reasons, ", "))
				}
			}
			slices.Sort(theirs)
			slices.Sort(ours)
			if !slices.Equal(theirs, ours) {
				t.Errorf("restic keeps\n%s\nwe keep\n%s", strings.Join(theirs, "\n"), strings.Join(ours, "\n"))
			}
		})
	}
}

func when(t time.Time) string { return t.Local().Format(time.DateTime) }

package store

import (
	"testing"

	"keepstead/model"
)

func TestVersionOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	tables := []string{"apps", "configurations", "destinations", "jobs", "policies", "snapshots"}
	changed := func(act func()) map[string]bool {
		before := map[string]uint64{}
		for _, table := range tables {
			before[table] = w.VersionOf(table)
		}
		all := w.VersionOf(tables...)
		act()
		out := map[string]bool{}
		for _, table := range tables {
			if w.VersionOf(table) != before[table] {
				out[table] = true
			}
		}
		if (w.VersionOf(tables...) != all) != (len(out) > 0) {
			t.Errorf("all tables together do not change with %v", out)
		}
		return out
	}
	for _, c := range []struct {
		name string
		act  func()
		want []string
	}{
		{"a reading", func() { must[[]model.App](t)(w.Apps(ctx)) }, nil},
		{"a policy", func() { must[model.Policy](t)(w.UpdatePolicy(ctx, w.policy, w.policy.UpdatedAt)) }, []string{"policies"}},
		{"a backup", func() { w.runBackup(w.configuration, w.destination, model.JobSuccess) }, []string{"destinations", "jobs", "snapshots"}},
		{"a destination, whose last snapshot goes with it", func() {
			_, err := w.w.NewRaw("DELETE FROM destinations WHERE id = ?", w.destination.ID).Exec(ctx)
			check(t, err)
			check(t, w.Ping(ctx))
		}, []string{"destinations", "jobs", "snapshots"}},
	} {
		got := changed(c.act)
		for _, table := range c.want {
			if !got[table] {
				t.Errorf("%s is not seen in %s", c.name, table)
			}
			delete(got, table)
		}
		if len(got) > 0 {
			t.Errorf("%s is seen in %v too", c.name, got)
		}
	}
}

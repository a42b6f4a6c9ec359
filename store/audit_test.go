package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// TestAuditLog keeps entries as they were, trims the oldest, and wakes nothing that watches other tables.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	before, tables := w.Version(), w.VersionOf("apps", "jobs", "snapshots", "destinations", "users")
	old := model.AuditEntry{
		ID: uuid.Must(uuid.Parse("0199bbbb-0000-7000-8000-000000000000")), At: now().Add(-model.KeepAudit - time.Hour), ActorKind: model.ActorUser, Actor: "ada\x00", IP: "::1", Act: model.ActRestore,
		SubjectKind: model.SubjectApp, SubjectID: w.app.ID, SubjectName: "50%_off\\", Outcome: model.AuditRefused, Reason: model.ReasonConflict,
	}
	check(t, w.CreateAuditEntry(ctx, old))
	old.Actor = "ada\uFFFD"
	found := must[[]model.AuditEntry](t)(w.AuditLog(ctx, model.AuditFilter{Subject: `50%_OFF\`}))
	if len(found) != 1 {
		t.Fatalf("%d entries are found", len(found))
	}
	wantSame(t, old, found[0])
	for i := range 10 {
		check(t, w.CreateAuditEntry(ctx, model.AuditEntry{Act: model.ActBackUp, Actor: fmt.Sprint("robot ", i), Outcome: model.AuditDone}))
	}
	if w.Version() != before || w.VersionOf("apps", "jobs", "snapshots", "destinations", "users") != tables {
		t.Error("an entry wakes what shows other things")
	}
	if _, err := w.w.ExecContext(ctx, "UPDATE audit_entries SET actor = 'eve'"); err == nil || !strings.Contains(err.Error(), "not changed") {
		t.Errorf("an entry was changed: %v", err)
	}
	for _, tt := range []struct {
		before time.Duration
		keep   int
		want   int
	}{{2 * model.KeepAudit, 100, 11}, {model.KeepAudit, 100, 10}, {model.KeepAudit, 10, 10}, {model.KeepAudit, 3, 3}} {
		check(t, w.TrimAuditLog(ctx, now().Add(-tt.before), tt.keep))
		got := must[[]model.AuditEntry](t)(w.AuditLog(ctx, model.AuditFilter{}))
		if len(got) != tt.want || got[0].Actor != "robot 9" {
			t.Errorf("keeping %d leaves %d, the newest by %s", tt.keep, len(got), got[0].Actor)
		}
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	job, snapshot := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	policy := must[model.Policy](t)(w.DefaultPolicy(ctx))
	for _, tt := range []struct {
		kind model.SubjectKind
		id   uuid.UUID
		want string
		page uuid.UUID
	}{
		{model.SubjectApp, w.app.ID, "photos", w.app.ID},
		{model.SubjectConfiguration, w.configuration.ID, "photos", w.app.ID},
		{model.SubjectDestination, w.destination.ID, "nas", w.destination.ID},
		{model.SubjectDevice, w.device.ID, w.device.Name, w.device.ID},
		{model.SubjectPolicy, policy.ID, policy.Name, policy.ID},
		{model.SubjectSnapshot, snapshot.ID, "photos", snapshot.ID},
		{model.SubjectJob, job.ID, "photos", job.ID},
		{model.SubjectUser, w.app.ID, "", w.app.ID},
		{"nonsense", w.app.ID, "", w.app.ID},
	} {
		name, _ := w.SubjectName(ctx, tt.kind, tt.id)
		present := must[map[uuid.UUID]uuid.UUID](t)(w.Present(ctx, []uuid.UUID{tt.id, none}))
		if name != tt.want || len(present) != 1 || present[tt.id] != tt.page {
			t.Errorf("%s is %q on %v, want %q", tt.kind, name, present, tt.want)
		}
	}
}

package store

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

func (w *world) channel(c model.Channel) model.Channel {
	w.t.Helper()
	c.Service = model.ServiceWebhook
	return must[model.Channel](w.t)(w.CreateChannel(w.t.Context(), c))
}

// TestTheEndOfAJobIsTold puts it into the outbox with the outcome, for those who asked for its kind.
func TestTheEndOfAJobIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	wants := w.channel(model.Channel{Name: "wants", Enabled: true, TellsBackups: true})
	w.channel(model.Channel{Name: "off", TellsBackups: true})
	w.channel(model.Channel{Name: "restores", Enabled: true, TellsRestores: true, TellsNeeds: true})
	j, _ := w.running()
	// What cannot be recorded is not told either.
	if err := w.FinishJob(ctx, j.ID, Outcome{State: model.JobFailed}, model.Job{Kind: model.JobPrune, DestinationID: none}); err == nil {
		t.Fatal("a follow-up to nowhere was accepted")
	}
	if said := must[[]model.Notification](t)(w.Notifications(ctx)); len(said) != 0 {
		t.Errorf("told of what was not recorded: %+v", said)
	}
	check(t, w.FinishJob(ctx, j.ID, Outcome{State: model.JobFailed, Message: "No."}))
	said := must[[]model.Notification](t)(w.Notifications(ctx))
	if len(said) != 1 || said[0].ChannelID != wants.ID || said[0].JobID != j.ID {
		t.Errorf("told %+v", said)
	}
	check(t, w.RecordFailure(ctx, wants.ID, now(), now().Add(time.Minute), "no answer", now().Add(-time.Hour)))
	c := must[model.Channel](t)(w.Channel(ctx, wants.ID))
	if c.LastError != "no answer" || c.Attempts != 1 || c.NextAt == nil || c.FailingSince == nil {
		t.Errorf("after a failure: %+v", c)
	}
	check(t, w.RecordFailure(ctx, wants.ID, now().Add(time.Minute), now(), "still none", now().Add(time.Second))) // a day later
	if left := must[map[uuid.UUID]int](t)(w.WaitingByChannel(ctx)); len(left) != 0 {
		t.Errorf("what is too old still waits: %v", left)
	}
	if again := must[model.Channel](t)(w.Channel(ctx, wants.ID)); again.Attempts != 2 || !again.FailingSince.Equal(*c.FailingSince) {
		t.Errorf("after the second failure: %+v", again)
	}
	check(t, w.RecordDelivery(ctx, wants.ID, now(), nil))
	if c := must[model.Channel](t)(w.Channel(ctx, wants.ID)); c.LastError != "" || c.Attempts != 0 || c.NextAt != nil || c.FailingSince != nil || c.SentAt == nil {
		t.Errorf("after a delivery: %+v", c)
	}
}

// TestAlertsAreToldOnce keeps what was told beside what waits.
func TestAlertsAreToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	c := w.channel(model.Channel{Name: "phone", Enabled: true, TellsNeeds: true})
	begun := model.Alert{Key: "k", Kind: "failed", Title: "It fails"}
	check(t, w.Tell(ctx, c.ID, model.Told{Begun: []model.Alert{begun, {Key: "l", Title: "So does this"}}}))
	begun.Kind = "overdue"
	check(t, w.Tell(ctx, c.ID, model.Told{Begun: []model.Alert{begun}, Dropped: []string{"l"}}))
	open := must[[]model.OpenAlert](t)(w.OpenAlerts(ctx))
	if len(open) != 1 || open[0].Key != "k" || open[0].Kind != "overdue" || open[0].ChannelID != c.ID {
		t.Errorf("open are %+v", open)
	}
	check(t, w.Tell(ctx, c.ID, model.Told{Ended: []model.Alert{{Key: "k", Title: "It works"}}}))
	if open := must[[]model.OpenAlert](t)(w.OpenAlerts(ctx)); len(open) != 0 {
		t.Errorf("open are %+v", open)
	}
	if n := must[map[uuid.UUID]int](t)(w.WaitingByChannel(ctx)); n[c.ID] != 4 {
		t.Errorf("%d wait, want all four", n[c.ID])
	}
	check(t, w.Tell(ctx, c.ID, model.Told{Begun: []model.Alert{begun}}))
	c.Enabled = false
	must[model.Channel](t)(w.UpdateChannel(ctx, c))
	if open, n := must[[]model.OpenAlert](t)(w.OpenAlerts(ctx)), must[map[uuid.UUID]int](t)(w.WaitingByChannel(ctx)); len(open)+len(n) != 0 {
		t.Errorf("a channel that is off keeps %+v, %v", open, n)
	}
	wantIs(t, w.Tell(ctx, c.ID, model.Told{Begun: []model.Alert{begun}}), model.ErrNotFound)
	w.channel(model.Channel{Name: "weekly", Enabled: true, TellsWeekly: true})
	check(t, w.TellAll(ctx, model.Notification{Title: "This week"}, "weekly", "slot"))
	if said := must[[]model.Notification](t)(w.Notifications(ctx)); len(said) != 1 || said[0].Title != "This week" {
		t.Errorf("the summary is %+v", said)
	}
	wantField(t, func() error { _, err := w.CreateChannel(ctx, model.Channel{Name: "phone"}); return err }(), "name")
	check(t, w.DeleteChannel(ctx, c.ID))
	wantIs(t, w.DeleteChannel(ctx, c.ID), model.ErrNotFound)
}

// TestWhatIsGivenUpIsToldAnew has an alert that never arrived count as not told, and one that did as told.
func TestWhatIsGivenUpIsToldAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	c := w.channel(model.Channel{Name: "phone", Enabled: true, TellsNeeds: true})
	tell := func(key string) {
		t.Helper()
		check(t, w.Tell(ctx, c.ID, model.Told{Begun: []model.Alert{{Key: key, Title: "It fails"}}}))
	}
	tell("arrived")
	check(t, w.RecordDelivery(ctx, c.ID, now(), []uuid.UUID{must[[]model.Notification](t)(w.Notifications(ctx))[0].ID}))
	tell("lost")
	time.Sleep(time.Millisecond)
	since := now()
	time.Sleep(time.Millisecond)
	tell("waits")
	check(t, w.RecordFailure(ctx, c.ID, now(), now(), "no answer", since))
	var open []string
	for _, o := range must[[]model.OpenAlert](t)(w.OpenAlerts(ctx)) {
		open = append(open, o.Key)
	}
	if !slices.Equal(open, []string{"arrived", "waits"}) {
		t.Errorf("told of %v after one was given up", open)
	}
}

// TestAFullOutboxTellsLater has what an outbox did not take count as not told, be it that something began or that it ended.
func TestAFullOutboxTellsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	c := w.channel(model.Channel{Name: "phone", Enabled: true, TellsNeeds: true, TellsWeekly: true})
	check(t, w.Tell(ctx, c.ID, model.Told{Begun: []model.Alert{{Key: "ends", Title: "It fails"}}}))
	check(t, w.write(ctx, "fill the outbox", func(ctx context.Context, tx bun.Tx) error {
		for range maxWaiting - 1 {
			if taken, err := enqueue(ctx, tx, now(), model.Notification{ChannelID: c.ID}); err != nil || !taken {
				t.Errorf("taken: %v, %v", taken, err)
			}
		}
		return nil
	}))
	told := model.Told{Begun: []model.Alert{{Key: "begins", Title: "It fails"}}, Ended: []model.Alert{{Key: "ends", Title: "It works"}}}
	check(t, w.Tell(ctx, c.ID, told))
	if open := must[[]model.OpenAlert](t)(w.OpenAlerts(ctx)); len(open) != 1 || open[0].Key != "ends" {
		t.Errorf("with a full outbox it was told of %+v", open)
	}
	all := must[[]model.Notification](t)(w.Notifications(ctx))
	check(t, w.RecordDelivery(ctx, c.ID, now(), []uuid.UUID{all[0].ID, all[1].ID}))
	check(t, w.Tell(ctx, c.ID, told))
	if open := must[[]model.OpenAlert](t)(w.OpenAlerts(ctx)); len(open) != 1 || open[0].Key != "begins" {
		t.Errorf("with room again it was told of %+v", open)
	}
}

// TestASwitchLeavesTheRest turns a channel off and on while somebody else saved it: their choice stays, and so does that it
// fails, until a delivery.
func TestASwitchLeavesTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	c := w.channel(model.Channel{Name: "phone", Enabled: true, TellsNeeds: true, Secrets: model.Sealed("old")})
	check(t, w.Tell(ctx, c.ID, model.Told{Begun: []model.Alert{{Key: "k", Title: "It fails"}}}))
	check(t, w.RecordFailure(ctx, c.ID, now(), now().Add(time.Hour), "no answer", now().Add(-time.Hour)))
	c.Secrets = model.Sealed("new")
	must[model.Channel](t)(w.UpdateChannel(ctx, c))
	for _, on := range []bool{false, true} {
		check(t, w.SwitchChannel(ctx, c.ID, on))
		got := must[model.Channel](t)(w.Channel(ctx, c.ID))
		if got.Enabled != on || string(got.Secrets) != "new" || got.LastError != "no answer" || got.FailingSince == nil || got.NextAt != nil || got.Attempts != 0 {
			t.Errorf("on: %v; got %+v with the secrets %q", on, got, string(got.Secrets))
		}
	}
	if open, n := must[[]model.OpenAlert](t)(w.OpenAlerts(ctx)), must[map[uuid.UUID]int](t)(w.WaitingByChannel(ctx)); len(open)+len(n) != 0 {
		t.Errorf("after it was off there are %+v, %v", open, n)
	}
	wantIs(t, w.SwitchChannel(ctx, none, true), model.ErrNotFound)
}

// TestDamageStays until a check finds none, whatever goes well there meanwhile.
func TestDamageStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	end := func(kind model.JobKind, o Outcome) string {
		t.Helper()
		must[[]model.Job](t)(w.CreateJobs(ctx, []model.Job{{Kind: kind, DestinationID: w.destination.ID}}, nil))
		j := must[model.Job](t)(w.ClaimJob(ctx, Limits{}))
		check(t, w.FinishJob(ctx, j.ID, o))
		return w.place().Damage
	}
	if got := end(model.JobCheck, Outcome{State: model.JobFailed, Cause: model.CauseDamaged, Message: "3 errors."}); got != "3 errors." {
		t.Errorf("damage is %q", got)
	}
	if got := end(model.JobSync, Outcome{State: model.JobSuccess}); got == "" || w.place().LastError != "" {
		t.Errorf("after a sync the damage is %q", got)
	}
	if got := end(model.JobCheck, Outcome{State: model.JobFailed, Cause: model.CauseUnreachable, Message: "Away."}); got == "" {
		t.Error("a check that did not come far took the damage away")
	}
	if got := end(model.JobCheck, Outcome{State: model.JobSuccess}); got != "" {
		t.Errorf("after a good check the damage is %q", got)
	}
}

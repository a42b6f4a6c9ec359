package store

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// world is a store with one of each: a destination in the default policy, an app and its configuration.
type world struct {
	*Store
	t             testing.TB
	device        model.Device
	policy        model.Policy
	destination   model.Destination
	app           model.App
	configuration model.Configuration
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Store: open(t), t: t}
	ctx := t.Context()
	w.device = must[model.Device](t)(w.LocalDevice(ctx))
	w.destination = w.newDestination("nas")
	must[bool](t)(w.JoinDefaultPolicy(ctx, w.destination.ID))
	w.policy = must[model.Policy](t)(w.DefaultPolicy(ctx))
	w.app = w.newApp("photos")
	w.configuration = must[model.Configuration](t)(w.AutomaticConfiguration(ctx, w.app.ID))
	return w
}

func (w *world) newDestination(name string) model.Destination {
	w.t.Helper()
	return must[model.Destination](w.t)(w.CreateDestination(w.t.Context(), model.Destination{
		Name: name, Type: model.DestinationLocal, Enabled: true, LocalDeviceID: w.device.ID, LocalPath: "/mnt/" + name,
		RepoPassword: model.Sealed{0, 1, 2, 255}, RepoInitialized: true,
	}))
}

func (w *world) newApp(name string) model.App {
	w.t.Helper()
	return must[model.App](w.t)(w.CreateApp(w.t.Context(), model.App{
		DeviceID: w.device.ID, Name: name, Kind: model.AppFolders, Origin: model.OriginManual, Paths: []string{"/srv/" + name, "/srv/[odd]\n'*"},
	}, &model.Configuration{PolicyID: w.policy.ID, Enabled: true, BackupVolumes: true}))
}

func TestEveryFieldComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	at := now()

	device := model.Device{ID: model.NewID(), Kind: model.DeviceLocal}
	fill(&device, at)
	device.JumpDeviceID = w.device.ID
	device.Facts = &model.DeviceFacts{System: "Debian", Sudo: true, Skew: time.Second, Mounts: []model.DeviceMount{{Path: "/odd\n", Type: "ext4", Total: 2, Free: 1}}}
	device = must[model.Device](t)(w.CreateDevice(ctx, device))
	wantSame(t, device, must[model.Device](t)(w.Device(ctx, device.ID)))

	d := model.Destination{}
	fill(&d, at)
	d.ID, d.LocalDeviceID, d.RemovedAt = model.NewID(), device.ID, nil
	d = must[model.Destination](t)(w.CreateDestination(ctx, d))
	wantSame(t, d, must[model.Destination](t)(w.Destination(ctx, d.ID)))

	p := model.Policy{}
	fill(&p, at)
	p.ID, p.DestinationIDs = model.NewID(), []uuid.UUID{d.ID, w.destination.ID}
	p = must[model.Policy](t)(w.CreatePolicy(ctx, p))
	wantSame(t, p, must[model.Policy](t)(w.Policy(ctx, p.ID)))

	a := model.App{}
	fill(&a, at)
	a.ID, a.DeviceID, a.ForgottenAt = model.NewID(), device.ID, nil
	a = must[model.App](t)(w.CreateApp(ctx, a, nil))
	wantSame(t, a, must[model.App](t)(w.App(ctx, a.ID)))

	c := model.Configuration{Retention: &model.Retention{KeepLast: 1, KeepHourly: 2, KeepDaily: 3, KeepWeekly: 4, KeepMonthly: 5, KeepYearly: 6}}
	fill(&c, at)
	c.ID, c.AppID, c.PolicyID = model.NewID(), a.ID, p.ID
	c = must[model.Configuration](t)(w.CreateConfiguration(ctx, c))
	wantSame(t, c, must[model.Configuration](t)(w.Configuration(ctx, c.ID)))

	snap := model.Snapshot{}
	fill(&snap, at)
	snap.ID, snap.ConfigurationID, snap.AppID, snap.DestinationID = model.NewID(), c.ID, a.ID, d.ID
	must[int](t)(w.CreateSnapshots(ctx, []model.Snapshot{snap}))
	wantSame(t, snap, must[model.Snapshot](t)(w.Snapshot(ctx, snap.ID)))

	j := model.Job{Restore: &model.Restore{SnapshotID: snap.ID, DeviceID: device.ID, TargetPath: "/tmp/x", Files: []string{"/a\nb"}}}
	fill(&j, at)
	j.ID, j.State, j.DestinationID, j.Result, j.StartedAt, j.FinishedAt = model.NewID(), model.JobQueued, d.ID, nil, nil, nil
	made := must[[]model.Job](t)(w.CreateJobs(ctx, []model.Job{j}, nil))
	wantSame(t, j, made[0])
	wantSame(t, j, must[model.Job](t)(w.Job(ctx, j.ID)))
}

// fill sets every plain field to something that is not zero.
func fill(row any, at time.Time) { fillValue(reflect.ValueOf(row).Elem(), at) }

func fillValue(v reflect.Value, at time.Time) {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch x := f.Addr().Interface().(type) {
		case *uuid.UUID:
			*x = model.NewID()
		case *time.Time:
			*x = at
		case **time.Time:
			*x = &at
		case *model.Sealed:
			*x = model.Sealed("sealed\x00" + name)
		case *[]string:
			*x = []string{"one of " + name, "tw'o\n\x01[*]"}
		case *bool:
			*x = name != "IsDefault"
		case *model.Stamps:
			x.CreatedAt, x.UpdatedAt = at, at
		default:
			switch {
			case f.Kind() == reflect.String:
				f.SetString("a " + name + " with ' \" ? ?0 \\ ü")
			case f.CanInt():
				f.SetInt(int64(i) + 1<<32)
			case f.Kind() == reflect.Struct:
				fillValue(f, at)
			}
		}
	}
}

func wantSame(t *testing.T, want, got any) {
	t.Helper()
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		if !reflect.DeepEqual(w.Field(i).Interface(), g.Field(i).Interface()) {
			t.Errorf("%T.%s is %#v, want %#v", want, w.Type().Field(i).Name, g.Field(i).Interface(), w.Field(i).Interface())
		}
	}
}

func TestMissingRowsAreNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	second := func(_ any, err error) error { return err }
	app, conf, policy := w.app, w.configuration, w.policy
	app.ID, conf.ID, policy.ID = none, none, none
	dest, device := w.destination, w.device
	dest.ID, device.ID = none, none
	for name, err := range map[string]error{
		"Device":              second(w.Device(ctx, none)),
		"UpdateDevice":        second(w.UpdateDevice(ctx, device)),
		"DeleteDevice":        w.DeleteDevice(ctx, none),
		"App":                 second(w.App(ctx, none)),
		"UpdateApp":           second(w.UpdateApp(ctx, app)),
		"ForgetApp":           w.ForgetApp(ctx, none),
		"Destination":         second(w.Destination(ctx, none)),
		"AnyDestination":      second(w.AnyDestination(ctx, none)),
		"UpdateDestination":   second(w.UpdateDestination(ctx, dest)),
		"RemoveDestination":   w.RemoveDestination(ctx, none),
		"DeleteDestination":   w.DeleteDestination(ctx, none),
		"Policy":              second(w.Policy(ctx, none)),
		"UpdatePolicy":        second(w.UpdatePolicy(ctx, policy, time.Time{})),
		"SetDefaultPolicy":    w.SetDefaultPolicy(ctx, none),
		"SetLastSlot":         w.SetLastSlot(ctx, none, now()),
		"DeletePolicy":        w.DeletePolicy(ctx, none),
		"Configuration":       second(w.Configuration(ctx, none)),
		"Automatic":           second(w.AutomaticConfiguration(ctx, none)),
		"UpdateConfiguration": second(w.UpdateConfiguration(ctx, conf)),
		"DeleteConfiguration": w.DeleteConfiguration(ctx, none),
		"Freeze":              w.Freeze(ctx, none, "why"),
		"Unfreeze":            w.Unfreeze(ctx, none),
		"Snapshot":            second(w.Snapshot(ctx, none)),
		"LastGoodSnapshot":    second(w.LastGoodSnapshot(ctx, none, none)),
		"Job":                 second(w.Job(ctx, none)),
		"ClaimJob":            second(w.ClaimJob(ctx, Limits{})),
		"SetJobProcess":       w.SetJobProcess(ctx, none, 1, 1, "boot", "host"),
		"FinishJob":           w.FinishJob(ctx, none, Outcome{State: model.JobSuccess}),
		"CancelQueuedJob":     w.CancelQueuedJob(ctx, none),
		"User":                second(w.User(ctx, none)),
		"UserByName":          second(w.UserByName(ctx, "nobody\x00\xff")),
		"SetPassword":         w.SetPassword(ctx, none, "hash"),
		"Session":             second(w.Session(ctx, []byte("none"))),
		"TouchSession":        w.TouchSession(ctx, []byte("none"), now(), now()),
		"TokenByHash":         second(w.TokenByHash(ctx, []byte("none"))),
		"TouchToken":          w.TouchToken(ctx, none, now()),
		"DeleteToken":         w.DeleteToken(ctx, none),
	} {
		t.Run(name, func(t *testing.T) { wantIs(t, err, model.ErrNotFound) })
	}
	// After all these refusals the store still works: none of them kept the connection that writes.
	check(t, w.Ping(ctx))
}

func TestNamesAreTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	other := w.newDestination("other")
	other.Name = "nas"
	_, err := w.UpdateDestination(ctx, other)
	wantIs(t, err, model.ErrConflict)
	wantField(t, err, "name")
	_, err = w.CreateDestination(ctx, model.Destination{Name: "nas"})
	wantField(t, err, "name")
	_, err = w.CreatePolicy(ctx, model.Policy{Name: model.DefaultPolicyName})
	wantField(t, err, "name")
	_, err = w.CreateApp(ctx, model.App{DeviceID: w.device.ID, Name: "photos"}, nil)
	wantField(t, err, "name")
	app := w.newApp("music")
	app.Name = "photos"
	_, err = w.UpdateApp(ctx, app)
	wantField(t, err, "name")
	_, err = w.CreateUser(ctx, model.User{Name: "admin"})
	check(t, err)
	_, err = w.CreateUser(ctx, model.User{Name: "admin"})
	wantField(t, err, "name")
	_, err = w.CreateFirstUser(ctx, model.User{Name: "late"})
	wantIs(t, err, model.ErrConflict)
	_, err = w.CreateToken(ctx, model.Token{Name: "platform", Hash: []byte("a")})
	check(t, err)
	_, err = w.CreateToken(ctx, model.Token{Name: "platform", Hash: []byte("b")})
	wantField(t, err, "name")
	if strings.Contains(err.Error(), "UNIQUE") {
		t.Errorf("the sentence is SQLite's: %v", err)
	}

	check(t, w.RemoveDestination(ctx, w.destination.ID))
	w.newDestination("nas") // the name of a removed one is free
	check(t, w.ForgetApp(ctx, w.app.ID))
	w.newApp("photos") // the name of a forgotten one is free
}

func TestBrokenLinksNameTheField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.CreateApp(ctx, model.App{DeviceID: none, Name: "lost"}, nil)
	wantField(t, err, "device_id")
	_, err = w.CreateDestination(ctx, model.Destination{Name: "lost", LocalDeviceID: none})
	wantField(t, err, "device_id")
	_, err = w.CreatePolicy(ctx, model.Policy{Name: "lost", DestinationIDs: []uuid.UUID{none}})
	wantField(t, err, "destination_ids")
	_, err = w.CreateConfiguration(ctx, model.Configuration{AppID: none, PolicyID: w.policy.ID})
	wantField(t, err, "app_id")
	_, err = w.CreateConfiguration(ctx, model.Configuration{AppID: w.app.ID, PolicyID: none})
	wantField(t, err, "policy_id")
	_, err = w.CreateConfiguration(ctx, model.Configuration{AppID: w.app.ID, PolicyID: w.policy.ID})
	wantIs(t, err, model.ErrConflict)
	_, err = w.CreateJobs(ctx, []model.Job{{Kind: model.JobCheck, DestinationID: none}}, nil)
	wantField(t, err, "destination_id")
	_, err = w.CreateSnapshots(ctx, []model.Snapshot{{DestinationID: none}})
	wantField(t, err, "destination_id")
	_, err = w.JoinDefaultPolicy(ctx, none)
	check(t, err) // it has a destination already, so nothing is joined
	for _, p := range must[[]model.Policy](t)(w.Policies(ctx)) {
		if p.Name == "lost" {
			t.Error("a refused policy was half made")
		}
	}
	_, err = w.CreateApp(ctx, model.App{DeviceID: w.device.ID, Name: "half"}, &model.Configuration{PolicyID: none})
	wantField(t, err, "policy_id")
	for _, a := range must[[]model.App](t)(w.Apps(ctx)) {
		if a.Name == "half" {
			t.Error("a refused app was half made")
		}
	}
}

func TestOddTextIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.app.Name = "nul\x00and\xff\xfebad"
	w.app.Paths = []string{"/srv/\x00a", "/srv/b"}
	must[model.App](t)(w.UpdateApp(t.Context(), w.app))
	got := must[model.App](t)(w.App(t.Context(), w.app.ID))
	if got.Name != "nul\uFFFDand\uFFFDbad" {
		t.Errorf("name is %q", got.Name)
	}
	if len(got.Paths) != 2 || got.Paths[1] != "/srv/b" {
		t.Errorf("paths are %q", got.Paths)
	}
	check(t, w.Freeze(t.Context(), w.configuration.ID, "stderr said \x00\xc3\x28"))
}

// TestDeleteUser ends the sessions with the user, and never leaves Keepstead without one.
func TestDeleteUser(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	first := must[model.User](t)(s.CreateFirstUser(ctx, model.User{Name: "admin", PasswordHash: "x"}))
	second := must[model.User](t)(s.CreateUser(ctx, model.User{Name: "ann", PasswordHash: "x"}))
	for _, u := range []model.User{first, second} {
		check(t, s.CreateSession(ctx, model.Session{IDHash: []byte(u.Name), UserID: u.ID, CreatedAt: now(), SeenAt: now(), ExpiresAt: now().Add(time.Hour)}))
	}
	check(t, s.DeleteUser(ctx, second.ID))
	_, err := s.Session(ctx, []byte("ann"))
	wantIs(t, err, model.ErrNotFound)
	wantIs(t, s.DeleteUser(ctx, second.ID), model.ErrNotFound)
	wantIs(t, s.DeleteUser(ctx, first.ID), model.ErrConflict)
	must[model.Session](t)(s.Session(ctx, []byte("admin")))
	if n := must[int](t)(s.CountUsers(ctx)); n != 1 {
		t.Errorf("%d users are left", n)
	}
}

func TestUsersSessionsTokens(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	u := must[model.User](t)(s.CreateFirstUser(ctx, model.User{Name: "admin", PasswordHash: "old"}))
	if n := must[int](t)(s.CountUsers(ctx)); n != 1 {
		t.Errorf("%d users", n)
	}
	add := func(id string, expires time.Time) {
		check(t, s.CreateSession(ctx, model.Session{IDHash: []byte(id), UserID: u.ID, CreatedAt: now(), SeenAt: now(), ExpiresAt: expires}))
	}
	add("fresh", now().Add(time.Hour))
	add("stale", now().Add(-time.Second))
	must[model.Session](t)(s.Session(ctx, []byte("fresh")))
	_, err := s.Session(ctx, []byte("stale"))
	wantIs(t, err, model.ErrNotFound)
	later := now().Add(48 * time.Hour)
	check(t, s.TouchSession(ctx, []byte("fresh"), now(), later))
	if got := must[model.Session](t)(s.Session(ctx, []byte("fresh"))); !got.ExpiresAt.Equal(later) {
		t.Errorf("expires at %v", got.ExpiresAt)
	}
	check(t, s.DeleteExpiredSessions(ctx))
	if n := len(must[[]model.Session](t)(s.Sessions(ctx, u.ID))); n != 1 {
		t.Errorf("%d sessions", n)
	}
	check(t, s.SetPassword(ctx, u.ID, "new"))
	if got := must[model.User](t)(s.UserByName(ctx, "admin")); got.PasswordHash != "new" || got.ID != u.ID {
		t.Errorf("user is %+v", got)
	}
	if n := len(must[[]model.Session](t)(s.Sessions(ctx, u.ID))); n != 0 {
		t.Errorf("%d sessions outlived the password", n)
	}
	add("again", later)
	check(t, s.DeleteSession(ctx, []byte("again")))
	check(t, s.DeleteSession(ctx, []byte("again")))

	expired := now().Add(-time.Second)
	must[model.Token](t)(s.CreateToken(ctx, model.Token{Name: "old", Hash: []byte{1}, ExpiresAt: &expired}))
	tok := must[model.Token](t)(s.CreateToken(ctx, model.Token{Name: "platform", Hash: []byte{2}}))
	_, err = s.TokenByHash(ctx, []byte{1})
	wantIs(t, err, model.ErrNotFound)
	check(t, s.TouchToken(ctx, tok.ID, now()))
	if got := must[model.Token](t)(s.TokenByHash(ctx, []byte{2})); got.ID != tok.ID || got.LastUsedAt == nil {
		t.Errorf("token is %+v", got)
	}
	check(t, s.DeleteToken(ctx, tok.ID))
	if n := len(must[[]model.Token](t)(s.Tokens(ctx))); n != 1 {
		t.Errorf("%d tokens", n)
	}
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// open returns a new store in a directory of its own.
func open(t testing.TB) *Store {
	t.Helper()
	return openIn(t, t.TempDir(), true)
}

func openIn(t testing.TB, dir string, exclusive bool) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, Options{Exclusive: exclusive}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must returns v, or ends the test.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func wantIs(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

// wantField checks that err refuses the field, as a Conflict or as an Invalid.
func wantField(t testing.TB, err error, field string) {
	t.Helper()
	var conflict model.Conflict
	if errors.As(err, &conflict) && conflict.Field == field {
		return
	}
	for _, refused := range model.Refused(err) {
		if refused.Field == field {
			return
		}
	}
	t.Fatalf("error %v does not name the field %q", err, field)
}

func TestOpenAgainKeepsWhatWasWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "odd ?name#%41 of a directory")
	s, err := Open(t.Context(), dir, Options{Exclusive: true}, slog.New(slog.DiscardHandler))
	check(t, err)
	check(t, s.SetSetting(t.Context(), "greeting", "hello"))
	user, look := model.NewID(), model.Appearance{Theme: model.ThemeDark, TimeZone: "Asia/Tokyo", Hours: model.Hours12, Dates: model.YearFirst}
	check(t, s.SetAppearance(t.Context(), user, look))
	check(t, s.Close())

	s = openIn(t, dir, true)
	if v, err := s.Setting(t.Context(), "greeting"); err != nil || v != "hello" {
		t.Fatalf("setting = %q, %v", v, err)
	}
	if got := must[model.Appearance](t)(s.Appearance(t.Context(), user)); got != look {
		t.Errorf("appearance = %+v", got)
	}
	if got := must[model.Appearance](t)(s.Appearance(t.Context(), model.NewID())); got != (model.Appearance{}) {
		t.Errorf("another user's appearance = %+v", got)
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); err != nil {
		t.Fatal(err)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := openIn(t, dir, true)
	check(t, s.SetSetting(t.Context(), "k", "v"))
	copied := filepath.Join(dir, "copy.db")
	check(t, s.CopyTo(t.Context(), copied))
	for name, want := range map[string]os.FileMode{
		"": 0o700, databaseFile: 0o600, databaseFile + "-wal": 0o600, databaseFile + "-shm": 0o600, lockFile: 0o600, "copy.db": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		check(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%q has mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
}

func TestOneServerPerDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir, true)
	_, err := Open(t.Context(), dir, Options{Exclusive: true}, slog.New(slog.DiscardHandler))
	wantIs(t, err, ErrInUse)
	if !strings.Contains(err.Error(), "stop it first") || !strings.Contains(err.Error(), dir) {
		t.Errorf("the refusal does not say what to do: %v", err)
	}
	beside := openIn(t, dir, false)
	check(t, beside.SetSetting(t.Context(), "from", "beside"))
	if v := must[string](t)(s.Setting(t.Context(), "from")); v != "beside" {
		t.Errorf("the server reads %q", v)
	}
}

func TestSharedOpenMakesAndSeedsANewDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir, false)
	must[model.Policy](t)(s.DefaultPolicy(t.Context()))
	openIn(t, dir, true) // a command holds no lock
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, Options{}, slog.New(slog.DiscardHandler))
	check(t, err)
	_, err = s.w.Exec("PRAGMA user_version = 9999")
	check(t, err)
	check(t, s.Close())
	_, err = Open(t.Context(), dir, Options{}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "newer Keepstead") {
		t.Fatalf("error is %v", err)
	}
}

func TestNotADatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, databaseFile), []byte(strings.Repeat("this is no database ", 500)), 0o600))
	if _, err := Open(t.Context(), dir, Options{Exclusive: true}, slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("a file of text was opened as a database")
	}
}

func TestManyOpenANewDirectoryAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			s, err := Open(t.Context(), dir, Options{Exclusive: i == 3}, slog.New(slog.DiscardHandler)) // one server among commands
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s := openIn(t, dir, true)
	if n := len(must[[]model.App](t)(s.Apps(t.Context()))); n != 2 {
		t.Errorf("%d apps were seeded, want 2", n)
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir, false)
	ctx := t.Context()
	device := must[model.Device](t)(s.LocalDevice(ctx))
	if device.Kind != model.DeviceLocal || !strings.HasPrefix(device.Hostname, "keepstead-") || len(device.Hostname) != 18 || device.Name == "" {
		t.Errorf("local device is %+v", device)
	}
	p := must[model.Policy](t)(s.DefaultPolicy(ctx))
	if p.Schedule != "0 2 * * *" || p.KeepDaily != 7 || p.KeepWeekly != 4 || p.KeepMonthly != 6 || !p.Enabled {
		t.Errorf("default policy is %+v", p)
	}
	for _, app := range must[[]model.App](t)(s.Apps(ctx)) {
		c := must[model.Configuration](t)(s.AutomaticConfiguration(ctx, app.ID))
		if !c.IsSystemBackup || c.SystemType != app.SystemType || c.PolicyID != p.ID || !c.Enabled || app.DeviceID != device.ID {
			t.Errorf("%s has the configuration %+v", app.Name, c)
		}
		if app.SystemType == model.SystemDatabase {
			check(t, s.DeleteConfiguration(ctx, c.ID))
		} else {
			check(t, s.ForgetApp(ctx, app.ID))
		}
	}
	p.Name, p.KeepDaily = "Mine", 3
	must[model.Policy](t)(s.UpdatePolicy(ctx, p, time.Time{}))

	again := openIn(t, dir, true)
	check(t, again.Seed(ctx))
	if n := len(must[[]model.App](t)(again.Apps(ctx))); n != 1 {
		t.Errorf("%d apps after the second seed, want the one that was not forgotten", n)
	}
	if n := len(must[[]model.Configuration](t)(again.Configurations(ctx, ConfigurationFilter{}))); n != 0 {
		t.Errorf("%d configurations came back", n)
	}
	if got := must[model.Policy](t)(again.DefaultPolicy(ctx)); got.Name != "Mine" || got.KeepDaily != 3 || got.ID != p.ID {
		t.Errorf("the default policy was seeded over: %+v", got)
	}
	if got := must[model.Device](t)(again.LocalDevice(ctx)); got.ID != device.ID || got.Hostname != device.Hostname {
		t.Errorf("the local device changed: %+v", got)
	}
}

func TestCopyTo(t *testing.T) {
	t.Parallel()
	s := open(t)
	check(t, s.SetSetting(t.Context(), "k", "copied"))
	dir := t.TempDir()
	path := filepath.Join(dir, databaseFile)
	check(t, s.CopyTo(t.Context(), path))
	again := openIn(t, dir, true)
	if v := must[string](t)(again.Setting(t.Context(), "k")); v != "copied" {
		t.Errorf("the copy holds %q", v)
	}
	var mode string
	check(t, again.w.QueryRow("PRAGMA journal_mode").Scan(&mode))
	if mode != "wal" {
		t.Errorf("the copy runs with the journal %q", mode)
	}
	if err := s.CopyTo(t.Context(), path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a copy over a file gave %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.CopyTo(ctx, filepath.Join(dir, "never.db")); err == nil {
		t.Error("a cancelled copy did not fail")
	}
	if _, err := os.Stat(filepath.Join(dir, "never.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a failed copy left its file: %v", err)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	s := must[*Store](t)(Open(t.Context(), t.TempDir(), Options{}, slog.New(slog.DiscardHandler)))
	check(t, s.Ping(t.Context()))
	check(t, s.Close())
	if s.Ping(t.Context()) == nil {
		t.Error("a closed store answers")
	}
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	s := open(t)
	if _, err := s.r.Exec("DELETE FROM policies"); err == nil {
		t.Error("the read pool wrote")
	}
}

func TestTimesAreUTCAndSortAsText(t *testing.T) {
	t.Parallel()
	s := open(t)
	zone := time.FixedZone("far", 5*3600+1800)
	at := time.Date(2026, 3, 1, 2, 0, 0, 123_000, zone)
	p := must[model.Policy](t)(s.DefaultPolicy(t.Context()))
	check(t, s.SetLastSlot(t.Context(), p.ID, at))
	p = must[model.Policy](t)(s.DefaultPolicy(t.Context()))
	if !p.LastSlotAt.Equal(at) || p.LastSlotAt.Location() != time.UTC {
		t.Errorf("read back %v", p.LastSlotAt)
	}
	var text string
	check(t, s.r.QueryRow("SELECT last_slot_at FROM policies").Scan(&text))
	if text != "2026-02-28T20:30:00.000123Z" {
		t.Errorf("stored as %q", text)
	}
}

func TestForeignKeyErrorsAreTranslated(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, err := s.w.Exec("INSERT INTO sessions VALUES (x'00', 'nobody', NULL, '', '', '', '', '')")
	wantIs(t, fail("test", err), model.ErrConflict)
	_, err = s.w.Exec("INSERT INTO settings SELECT key, value FROM settings")
	wantIs(t, fail("test", err), model.ErrConflict)
	wantIs(t, fail("test", sql.ErrNoRows), model.ErrNotFound)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, err := s.Setting(t.Context(), "none")
	wantIs(t, err, model.ErrNotFound)
	_, err = s.Setting(t.Context(), "odd\x00key\xff")
	wantIs(t, err, model.ErrNotFound)
	check(t, s.SetSetting(t.Context(), "odd\x00key\xff", "a"))
	check(t, s.SetSetting(t.Context(), "odd\x00key\xff", "b'; DROP TABLE jobs; -- ?0 \\"))
	if v := must[string](t)(s.Setting(t.Context(), "odd\x00key\xff")); v != "b'; DROP TABLE jobs; -- ?0 \\" {
		t.Errorf("setting is %q", v)
	}
}

func TestDataKeys(t *testing.T) {
	t.Parallel()
	s := open(t)
	want := must[model.DataKey](t)(s.CreateDataKey(t.Context(), model.DataKey{Source: "file", Wrapped: []byte{1, 0, 255}}))
	keys := must[[]model.DataKey](t)(s.DataKeys(t.Context()))
	if len(keys) != 1 || keys[0].ID != want.ID || string(keys[0].Wrapped) != string(want.Wrapped) || len(keys[0].Salt) != 0 {
		t.Errorf("keys are %+v", keys)
	}
	_, err := s.CreateDataKey(t.Context(), want)
	wantIs(t, err, model.ErrConflict)
}

// none is an id that no row has.
var none = uuid.MustParse("00000000-0000-7000-8000-000000000001")

// dir is the data directory of a store.
func (s *Store) dir() string { return filepath.Dir(s.path) }

package store

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"

	"keepstead/model"
)

// otherBlobs are the columns of bytes that hold nothing sealed.
var otherBlobs = []string{
	"data_keys.salt", "data_keys.wrapped", "sessions.id_hash", "sessions.data", "tokens.hash", "snapshot_contents.contents",
	"recovery_codes.hash",
}

// TestEverySealedColumnIsKnown asks the schema for columns of bytes: each is sealed and known to be, or known not to be.
func TestEverySealedColumnIsKnown(t *testing.T) {
	t.Parallel()
	s := open(t)
	var got []string
	check(t, s.r.NewRaw(`SELECT m.name || '.' || c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
		WHERE m.type = 'table' AND c.type = 'BLOB' ORDER BY 1`).Scan(t.Context(), &got))
	want := slices.Clone(otherBlobs)
	for _, row := range sealedRows() {
		table, _, columns := sealedColumns(s.r, row)
		if len(columns) == 0 {
			t.Errorf("%s has no sealed column", table)
		}
		for _, column := range columns {
			want = append(want, table+"."+column)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the columns of bytes are %v, known are %v", got, want)
	}
}

// TestReplaceDataKeys seals every column anew, those of a removed destination too, or nothing at all; what was there before is
// not in the file any more.
func TestReplaceDataKeys(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	old := must[model.DataKey](t)(s.CreateDataKey(ctx, model.DataKey{Source: "file", Wrapped: []byte("the old wrapped key of thirty bytes")}))
	device := model.Device{ID: model.NewID()}
	fill(&device, now())
	device.JumpDeviceID = device.ID
	d := model.Destination{}
	fill(&d, now())
	device = must[model.Device](t)(s.CreateDevice(ctx, device))
	d.ID, d.LocalDeviceID = model.NewID(), device.ID
	must[model.Destination](t)(s.CreateDestination(ctx, d))
	must[model.Channel](t)(s.CreateChannel(ctx, model.Channel{ID: model.NewID(), Name: "Push", Service: model.ServiceNtfy, Secrets: model.Sealed("sealed\x00Secrets")}))
	user := must[model.User](t)(s.CreateUser(ctx, model.User{Name: "eva", PasswordHash: "-"}))
	check(t, s.CreateTwoFactor(ctx, model.TwoFactor{UserID: user.ID, Secret: model.Sealed("sealed\x00Secret"), CreatedAt: now()}, nil, nil))
	before := must[[]SealedValue](t)(s.SealedValues(ctx))
	if len(before) != 9 {
		t.Fatalf("%d columns are sealed: %+v", len(before), before)
	}

	fresh := model.DataKey{ID: model.NewID(), Source: "passphrase", Salt: []byte{1}, Wrapped: []byte("new"), CreatedAt: now()}
	broken := errors.New("broken")
	seen := 0
	err := s.ReplaceDataKeys(ctx, fresh, func(v SealedValue) (model.Sealed, error) {
		if seen++; seen == len(before) {
			return nil, broken
		}
		return model.Sealed("lost"), nil
	}, func() { t.Error("it is told that the database has a key that it refused") })
	wantIs(t, err, broken)
	if keys := must[[]model.DataKey](t)(s.DataKeys(ctx)); len(keys) != 1 || keys[0].ID != old.ID {
		t.Errorf("after a failure the keys are %+v", keys)
	}
	for i, v := range must[[]SealedValue](t)(s.SealedValues(ctx)) {
		if string(v.Value) != string(before[i].Value) {
			t.Errorf("after a failure %s.%s is %q", v.Table, v.Column, []byte(v.Value))
		}
	}

	taken := false
	check(t, s.ReplaceDataKeys(ctx, fresh, func(v SealedValue) (model.Sealed, error) {
		return model.Sealed("anew: " + v.Table + "." + v.Column), nil
	}, func() {
		taken = true
		if log, err := os.Stat(s.path + "-wal"); err != nil || log.Size() == 0 {
			t.Errorf("it is told only after the wiping: %v", err)
		}
	}))
	if !taken {
		t.Error("it is not told that the database has the key")
	}
	if keys := must[[]model.DataKey](t)(s.DataKeys(ctx)); len(keys) != 1 || keys[0].ID != fresh.ID || keys[0].Source != "passphrase" {
		t.Errorf("the keys are %+v", keys)
	}
	for _, v := range must[[]SealedValue](t)(s.SealedValues(ctx)) {
		if string(v.Value) != "anew: "+v.Table+"."+v.Column {
			t.Errorf("%s.%s is %q", v.Table, v.Column, []byte(v.Value))
		}
	}
	for _, name := range []string{s.path, s.path + "-wal"} {
		raw, err := os.ReadFile(name)
		check(t, err)
		if bytes.Contains(raw, old.Wrapped) || bytes.Contains(raw, []byte("sealed\x00RepoPassword")) {
			t.Errorf("%s still holds what the old key sealed, or the old key", name)
		}
	}
}

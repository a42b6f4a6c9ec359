package jobs

import (
	"testing"

	"keepstead/model"
)

// TestWayBack holds that no database of a running server is replaced whose present state was not saved.
func TestWayBack(t *testing.T) {
	t.Parallel()
	dump := func(service, name string) model.Dump {
		return model.Dump{Service: service, Kind: model.Postgres, Database: name}
	}
	for name, tt := range map[string]struct {
		saved  []model.Dump
		status model.SnapshotStatus
		dumps  int
		ok     bool
	}{
		"saved":                      {[]model.Dump{dump("db", ""), dump("db", "shop"), dump("db", "other")}, model.SnapshotSuccess, 1, true},
		"not there now":              {[]model.Dump{dump("db", ""), dump("db", "other")}, model.SnapshotSuccess, 0, true},
		"not there, or not saved":    {[]model.Dump{dump("db", ""), dump("db", "other")}, model.SnapshotPartial, 0, false},
		"the server was not dumped":  {nil, model.SnapshotSuccess, 0, false},
		"only another server's dump": {[]model.Dump{dump("db2", "shop")}, model.SnapshotSuccess, 0, false},
	} {
		b := &rebuild{saved: &model.Snapshot{Status: tt.status, Contents: &model.Contents{Dumps: tt.saved}}}
		way, err := b.wayOf(serverPart{service: "db", dumps: []model.Dump{dump("db", "shop")}, online: true})
		if (err == nil) != tt.ok || tt.ok && len(way.Dumps) != tt.dumps {
			t.Errorf("%s: %v, %v", name, way.Dumps, err)
		}
	}
}

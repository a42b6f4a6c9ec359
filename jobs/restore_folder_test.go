package jobs

import (
	"path/filepath"
	"strings"
	"testing"

	"keepstead/model"
)

// TestRestoreFolder proposes a folder that outlives a restart of the machine, and that can be written as far as is known.
func TestRestoreFolder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	local, err := h.Store.LocalDevice(t.Context())
	h.must(err)
	photos := filepath.Join(t.TempDir(), "photos")
	ssh := func(user string, sudo bool) model.Device {
		return model.Device{Kind: model.DeviceSSH, SSHUser: user, Sudo: sudo}
	}
	bind := func(source string) model.ContentVolume {
		return model.ContentVolume{FoundMount: model.FoundMount{Kind: model.MountBind, Source: source}, In: source}
	}
	for _, c := range []struct {
		name     string
		snapshot model.Snapshot
		on       model.Device
		want     string
	}{
		{"beside the first source", model.Snapshot{Paths: []string{photos, "/srv/else"}}, local, photos + "-restored-S"},
		{"what only root may write", model.Snapshot{Paths: []string{"/srv/photos"}}, ssh("anna", false), "/home/anna/restored-S"},
		{"with sudo", model.Snapshot{Paths: []string{"/srv/photos"}}, ssh("anna", true), "/srv/photos-restored-S"},
		{"in a home", model.Snapshot{Paths: []string{"/home/anna/documents"}}, ssh("anna", false), "/home/anna/documents-restored-S"},
		{"a home", model.Snapshot{Paths: []string{"/home/anna"}}, ssh("anna", false), "/home/anna/restored-S"},
		{"everything", model.Snapshot{Paths: []string{"/"}}, ssh("root", false), "/root/restored-S"},
		{"a project", model.Snapshot{Paths: []string{"/var/lib/docker/volumes/x/_data"}, Contents: &model.Contents{WorkingDir: "/opt/shop"}}, ssh("root", false), "/opt/shop-restored-S"},
		{"a container", model.Snapshot{Contents: &model.Contents{Volumes: []model.ContentVolume{bind("/etc/localtime"), bind("/srv/wiki/data")}}}, ssh("root", false), "/srv/wiki/data-restored-S"},
	} {
		if got := h.RestoreFolder(t.Context(), c.snapshot, c.on, "S"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := h.RestoreFolder(t.Context(), model.Snapshot{}, local, "S"); strings.HasPrefix(got, "/tmp") || model.Within(got, h.Dir) {
		t.Errorf("without a source it proposes %s", got)
	}
}

package docker

import (
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
)

var ids = []uuid.UUID{{1}, {2}, {3}, {4}}

func TestWhichAppAProjectIs(t *testing.T) {
	t.Parallel()
	found := func(dir string, change ...func(*model.Found)) *model.Found {
		f := &model.Found{
			WorkingDir: dir, ConfigFiles: []string{dir + "/compose.yml"}, IDs: []string{dir + "-id"},
			Services: []model.FoundService{{Name: "web", Image: "ghcr.io/x/web:1", Containers: []string{"c"}}},
		}
		for _, c := range change {
			c(f)
		}
		return f
	}
	mount := func(kind model.MountKind, label string, readOnly bool) func(*model.Found) {
		return func(f *model.Found) {
			m := model.FoundMount{Kind: kind, Name: label, Source: label, ReadOnly: readOnly, Role: model.RoleData}
			f.Mounts = append(f.Mounts, m)
		}
	}
	image := func(name, image string) func(*model.Found) {
		return func(f *model.Found) { f.Services[0].Name, f.Services[0].Image = name, image }
	}
	compose := func(name string, f *model.Found) model.App {
		return model.App{ID: ids[1], Kind: model.AppCompose, Project: name, Found: f}
	}
	project := func(name string, f *model.Found) Project {
		return Project{Key: Key{Project: name}, Found: *f}
	}
	for _, c := range []struct {
		name string
		old  model.App
		now  Project
		want bool
	}{
		{"the same", compose("a", found("/srv/a")), project("a", found("/srv/a")), true},
		{"moved", compose("a", found("/srv/a")), project("a", found("/mnt/a")), true},
		{"known by name alone", compose("a", nil), project("a", found("/srv/a")), true},
		{"renamed", compose("a", found("/srv/a")), project("b", found("/srv/a")), true},
		{"another file of the folder", compose("a", found("/srv/a")), project("b", found("/srv/a", func(f *model.Found) { f.ConfigFiles[0], f.IDs = "/srv/a/other.yml", nil })), false},
		{"something else", compose("a", found("/srv/a")), project("b", found("/srv/b")), false},
		{"a container of that name", compose("a", found("/srv/a")), Project{Key: Key{Container: "a"}, Found: *found("/srv/a")}, false},
		{"moved and renamed with its volume", compose("a", found("/srv/a", mount(model.MountVolume, "data", false))), project("b", found("/srv/b", mount(model.MountVolume, "data", false))), true},
		{"a newer version upon the same volume", compose("a", found("/srv/a", mount(model.MountVolume, "data", false))), project("b", found("/srv/b", image("web", "ghcr.io/x/web:2"), mount(model.MountVolume, "data", false))), true},
		{"another program upon the same volume", compose("a", found("/srv/a", mount(model.MountVolume, "data", false))), project("b", found("/srv/b", image("browser", "filebrowser"), mount(model.MountVolume, "data", false))), false},
		{"a reader of the same volume", compose("a", found("/srv/a", mount(model.MountVolume, "data", true))), project("b", found("/srv/b", mount(model.MountVolume, "data", true))), false},
		{"moved and renamed with its folder", compose("a", found("/srv/a", mount(model.MountBind, "/srv/a/data", false))), project("b", found("/srv/b", mount(model.MountBind, "/srv/b/data", false))), true},
		{"alike, with other folders", compose("a", found("/srv/a", mount(model.MountBind, "/srv/a/data", false))), project("b", found("/srv/b", mount(model.MountBind, "/srv/b/files", false))), false},
		{"alike, without folders", compose("a", found("/srv/a")), project("b", found("/srv/b")), false},
		{"no compose file at all", compose("a", &model.Found{}), project("b", &model.Found{}), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			others := []model.App{{ID: ids[0], Kind: model.AppFolders, Project: "x"}, {ID: ids[2], Kind: model.AppCompose, Project: "z", Found: found("/srv/z")}}
			id, ok := Match(append(others, c.old), c.now)
			if ok != c.want || ok && id != c.old.ID {
				t.Errorf("got %s, %t", id, ok)
			}
		})
	}
}

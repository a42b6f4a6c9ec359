package docker

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestFilesThatOnlyAnotherProgramSees(t *testing.T) {
	t.Parallel()
	e, files := offline(t)
	volume := laid(t, map[string]string{"compose/5/docker-compose.yml": "services: {web: {image: a}}", "compose/5/stack.env": ""})
	other := laid(t, map[string]string{"else": ""})
	set := composeSet{dir: "/data/compose/5", files: []string{"/data/compose/5/docker-compose.yml"}, envs: []string{"/data/compose/5/stack.env"}}
	got := e.read(t.Context(), files, set, []place{{other, "/data"}, {"/gone", "/data"}, {volume, "/"}, {volume, "/data"}})
	if want := []string{"compose/5/docker-compose.yml", "e:compose/5/stack.env"}; !slices.Equal(names(volume, got.files), want) || got.problem != "" {
		t.Errorf("files are %v, problem is %q", got.files, got.problem)
	}
	if got.set.dir != volume+"/compose/5" {
		t.Errorf("the folder is %s", got.set.dir)
	}
}

func TestThePathsOfOneProjectInAContainer(t *testing.T) {
	t.Parallel()
	e, files := offline(t)
	box := laid(t, map[string]string{
		"srv/app/compose.yml":   "include: [/srv/common/base.yml]\nservices: {web: {image: a, env_file: /srv/app/web.env, depends_on: [db]}}\nsecrets: {s: {file: /etc/secret}}",
		"srv/app/web.env":       "",
		"srv/common/base.yml":   "services: {db: {image: b, extends: {file: more/x.yml, service: x}}}",
		"srv/common/more/x.yml": "services: {x: {image: x}}",
	})
	e.self = self{id: someID, mounts: []ownMount{{host: "/srv", here: box + "/srv"}}}
	got := e.read(t.Context(), files, composeSet{dir: "/srv/app", files: []string{"/srv/app/compose.yml"}}, nil)
	want := []string{"e:srv/app/web.env", "o:etc/secret", "srv/app/compose.yml", "srv/common/base.yml", "srv/common/more/x.yml"}
	if !slices.Equal(names("", got.files), want) {
		t.Errorf("files are %v", got.files)
	}
	if want := "Keepstead's container does not see /etc/secret. Add the volume /etc:/etc to it."; got.problem != want {
		t.Errorf("problem is %q", got.problem)
	}
	if !slices.Equal(got.depends["web"], []string{"db"}) {
		t.Errorf("it depends on %q", got.depends["web"])
	}
	for _, f := range got.files {
		if want := box + f.Source; f.Path != want && f.Source != "/etc/secret" {
			t.Errorf("%s is seen at %s", f.Source, f.Path)
		}
	}
}

func TestLinksInAContainer(t *testing.T) {
	t.Parallel()
	_, files := offline(t)
	box := laid(t, map[string]string{"host/mnt/ssd/data/x": "", "host/srv/real/x": "", "out/x": ""})
	for link, to := range map[string]string{"away": "/mnt/ssd/data", "near": "real", "hole": "/nowhere/at/all", "out": box + "/out/x"} {
		if err := os.Symlink(to, filepath.Join(box, "host/srv", link)); err != nil {
			t.Fatal(err)
		}
	}
	if at, err := (self{}).follow(files, box+"/host/srv/near"); err != nil || at != box+"/host/srv/real" {
		t.Errorf("outside of a container a link is followed to %s, %v", at, err)
	}
	if _, err := (self{}).follow(files, box+"/host/srv/hole"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("outside of a container a link to nothing is %v", err)
	}
	s := self{id: someID, mounts: []ownMount{{host: "/", here: box + "/host"}}}
	for name, want := range map[string]string{"real": "/host/srv/real", "near": "/host/srv/real", "gone": "/host/srv/gone", "hole": "", "away": "", "out": "/host" + box + "/out/x"} {
		at, err := s.follow(files, box+"/host/srv/"+name)
		if (err != nil) != (want == "") || err == nil && at != box+want {
			t.Errorf("%s is followed to %s, %v", name, at, err)
		}
	}
}

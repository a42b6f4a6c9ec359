package handlers

import (
	"reflect"
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/views"
)

func TestReadCapture(t *testing.T) {
	t.Parallel()
	name := "db <b>\n"
	f := views.CaptureForm{
		Services: []string{views.FileValue(name), "web", "cache"}, Strategies: []string{"stop", "", "pause"}, Pre: []string{" sync\r\necho ", "", ""},
		Post: []string{"", "", ""}, Timeouts: []string{" 60 ", "5", ""}, OnFailure: []string{"go_on", "", ""}, RawToo: "on",
	}
	got, err := readCapture(f)
	if err != nil {
		t.Fatal(err)
	}
	if got.Strategies[name] != model.StrategyStop || got.Strategies["web"] != "" || got.Strategies["cache"] != model.StrategyPause || !got.RawToo {
		t.Errorf("read %+v", got)
	}
	if want := (model.Hooks{Pre: "sync\necho", Timeout: 60, OnFailure: "go_on"}); got.Hooks[name] != want {
		t.Errorf("hooks are %+v, want %+v", got.Hooks[name], want)
	}
	if got.Hooks["web"] != (model.Hooks{}) {
		t.Errorf("a time limit without a command is kept: %+v", got.Hooks["web"])
	}
	f.Timeouts[0] = "soon"
	if _, err := readCapture(f); len(model.Refused(err)) != 1 {
		t.Errorf("a time limit in words: %v", err)
	}
	if _, err := readCapture(views.CaptureForm{Services: []string{"%zz"}}); len(model.Refused(err)) != 1 {
		t.Errorf("a name that cannot be read: %v", err)
	}
}

func TestWithForm(t *testing.T) {
	t.Parallel()
	old := model.Capture{
		Strategies: map[string]model.Strategy{"web": model.StrategyStop, "gone": model.StrategyPause},
		Hooks:      map[string]model.Hooks{"web": {Pre: "x"}, "gone": {Pre: "y"}}, Binds: map[string]bool{"/srv": true, "/old": false},
	}
	found := &model.Found{Services: []model.FoundService{{Name: "web"}, {Name: "db"}}, Mounts: []model.FoundMount{{Source: "/srv"}}}
	kept := stillThere(old, found)
	if len(kept.Strategies) != 1 || len(kept.Hooks) != 1 || len(kept.Binds) != 1 || len(old.Strategies) != 2 || len(old.Binds) != 2 {
		t.Errorf("kept %+v of %+v", kept, old)
	}
	got := withForm(kept, model.Capture{
		Strategies: map[string]model.Strategy{"web": "", "db": model.StrategyHot}, Hooks: map[string]model.Hooks{"web": {}, "db": {Post: "z"}},
	})
	want := model.Capture{
		Strategies: map[string]model.Strategy{"db": model.StrategyHot}, Hooks: map[string]model.Hooks{"db": {Post: "z"}}, Binds: map[string]bool{"/srv": true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if first := withForm(model.Capture{}, want); first.Strategies["db"] != model.StrategyHot || first.Hooks["db"].Post != "z" {
		t.Errorf("the first choice is lost: %+v", first)
	}
	if taken := withBind(model.Capture{}, "/x", true); !taken.Binds["/x"] {
		t.Errorf("the first folder is lost: %+v", taken)
	}
}

func TestReadAppRestore(t *testing.T) {
	t.Parallel()
	typed := views.RestoreForm{
		Volumes: []string{views.FileValue("a%b")}, Databases: []string{"db%2Fshop"}, Project: " copy ", Folder: " /opt/copy ",
		PortsFrom: []string{"80", "81", "82"}, PortsTo: []string{"8080", "", "0"}, Isolated: "on", Safety: "on", Start: "on",
	}
	tests := map[model.AppMode]model.AppRestore{
		model.AppInPlace: {Mode: model.AppInPlace},
		model.AppParts:   {Mode: model.AppParts, Volumes: []string{"a%b"}, Databases: []string{"db/shop"}},
		model.AppCopy:    {Mode: model.AppCopy, Project: "copy", Folder: "/opt/copy", Ports: map[string]int{"80": 8080, "82": 0}, Isolated: true},
	}
	for mode, want := range tests {
		typed.Mode = string(mode)
		var problems model.Invalids
		if got := readAppRestore(&problems, typed); !reflect.DeepEqual(got, want) || len(problems) > 0 {
			t.Errorf("%s: got %+v, %v; want %+v", mode, got, problems, want)
		}
		bare := views.RestoreForm{Mode: string(mode)}
		if got := readAppRestore(&problems, bare); !got.LeaveStopped || got.SkipSafety != (mode != model.AppCopy) {
			t.Errorf("%s with nothing ticked: %+v", mode, got)
		}
	}
	var problems model.Invalids
	typed.PortsTo[0] = "http"
	if readPorts(&problems, typed); len(problems) != 1 || problems[0].Field != "ports" {
		t.Errorf("a port in words: %v", problems)
	}
}

func TestReadFiles(t *testing.T) {
	t.Parallel()
	file := []string{views.FileValue("/srv/a")}
	for name, tc := range map[string]struct {
		form views.RestoreForm
		want model.Restore
	}{
		"in place":             {views.RestoreForm{Where: "in_place", Safety: "on"}, model.Restore{InPlace: true, Files: []string{"/srv/a"}}},
		"in place, as it lies": {views.RestoreForm{Where: "in_place"}, model.Restore{InPlace: true, SkipSafety: true, Files: []string{"/srv/a"}}},
		"to a folder":          {views.RestoreForm{Where: "folder", Target: " /tmp/x "}, model.Restore{TargetPath: "/tmp/x", Files: []string{"/srv/a"}}},
	} {
		tc.form.Files = file
		var got model.Restore
		var problems model.Invalids
		if readFiles(&problems, tc.form, &got); !reflect.DeepEqual(got, tc.want) || len(problems) > 0 {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, problems, tc.want)
		}
	}
}

func TestProjectBeside(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"shop": "shop-restored", "My Über Shop!": "my--ber-shop-restored", "…": "restored", "-_-": "restored",
		strings.Repeat("a", 99): strings.Repeat("a", 31) + "-restored",
	} {
		got := projectBeside(in)
		if got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
		r := model.Restore{App: &model.AppRestore{Mode: model.AppCopy, Project: got, Folder: "/opt/x"}}
		if err := r.Validate(); err != nil {
			t.Errorf("%q is refused: %v", got, err)
		}
	}
	if got := projectBeside("", "Blog"); got != "blog-restored" {
		t.Errorf("a lone container's copy is called %q", got)
	}
	for in, want := range map[string]string{"/opt/shop": "/opt", "": "/opt", "shop": "/opt", "/shop": "/opt", "/home/x/y/": "/home/x"} {
		if got := beside(in); got != want {
			t.Errorf("beside %q is %q, want %q", in, got, want)
		}
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	one := func(s ...model.FoundService) model.App {
		return model.App{Found: &model.Found{Services: s}}
	}
	web := model.FoundService{State: "running", Running: 1}
	for name, tc := range map[string]struct {
		app  model.App
		want bool
	}{
		"gone":              {model.App{Gone: true}, true},
		"never seen":        {model.App{}, true},
		"running":           {one(model.FoundService{State: "running", Running: 1}), false},
		"stopped":           {one(model.FoundService{State: "exited"}), true},
		"unhealthy":         {one(model.FoundService{State: "running", Running: 1, Health: "unhealthy"}), true},
		"after a migration": {one(web, model.FoundService{State: "exited"}), false},
		"without its data":  {one(web, model.FoundService{State: "exited", Database: model.Postgres}), true},
		"without its door":  {one(web, model.FoundService{State: "exited", Ports: []string{"80->80/tcp"}}), true},
		"never begun":       {one(web, model.FoundService{State: "created"}), true},
		"in a loop":         {one(model.FoundService{State: "restarting", Running: 1}), true},
	} {
		if got := damaged(tc.app); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

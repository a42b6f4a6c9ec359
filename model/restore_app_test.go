package model

import (
	"strings"
	"testing"
)

func TestValidateAppRestore(t *testing.T) {
	t.Parallel()
	inPlace := AppRestore{Mode: AppInPlace}
	parts := AppRestore{Mode: AppParts, Volumes: []string{"data", "/srv/x"}, Databases: []string{"db", "db/app"}}
	beside := AppRestore{Mode: AppCopy, Project: "blog-2", Folder: "/opt/blog-2"}
	for _, c := range []struct {
		name  string
		of    AppRestore
		bend  func(*AppRestore)
		field string
	}{
		{"in place", inPlace, func(*AppRestore) {}, ""},
		{"in place, left stopped, without safety", inPlace, func(a *AppRestore) { a.SkipSafety, a.LeaveStopped = true, true }, ""},
		{"in place with parts", inPlace, func(a *AppRestore) { a.Volumes = []string{"data"} }, "volumes"},
		{"in place with a name", inPlace, func(a *AppRestore) { a.Project = "x" }, "project"},
		{"in place, isolated", inPlace, func(a *AppRestore) { a.Isolated = true }, "project"},
		{"no mode", inPlace, func(a *AppRestore) { a.Mode = "" }, "mode"},
		{"another mode", inPlace, func(a *AppRestore) { a.Mode = "sideways" }, "mode"},
		{"parts", parts, func(*AppRestore) {}, ""},
		{"only a database", parts, func(a *AppRestore) { a.Volumes = nil }, ""},
		{"no part", parts, func(a *AppRestore) { a.Volumes, a.Databases = nil, nil }, "volumes"},
		{"an empty part", parts, func(a *AppRestore) { a.Volumes = []string{" "} }, "volumes"},
		{"a part twice", parts, func(a *AppRestore) { a.Databases = []string{"db", "db"} }, "databases"},
		{"NUL in a part", parts, func(a *AppRestore) { a.Databases = []string{"d\x00b"} }, "databases"},
		{"too many parts", parts, func(a *AppRestore) { a.Volumes = make([]string, maxRestoreFiles+1) }, "volumes"},
		{"parts with a folder", parts, func(a *AppRestore) { a.Folder = "/opt" }, "project"},
		{"new project", beside, func(*AppRestore) {}, ""},
		{"new project with ports", beside, func(a *AppRestore) { a.Ports = map[string]int{"80": 8080, "443": 0, "53": 0} }, ""},
		{"no name", beside, func(a *AppRestore) { a.Project = "" }, "project"},
		{"capitals", beside, func(a *AppRestore) { a.Project = "Blog" }, "project"},
		{"name like an option", beside, func(a *AppRestore) { a.Project = "-f" }, "project"},
		{"name that climbs", beside, func(a *AppRestore) { a.Project = "a/../b" }, "project"},
		{"long name", beside, func(a *AppRestore) { a.Project = strings.Repeat("a", maxProject+1) }, "project"},
		{"no folder", beside, func(a *AppRestore) { a.Folder = "" }, "folder"},
		{"relative folder", beside, func(a *AppRestore) { a.Folder = "opt" }, "folder"},
		{"the whole disk", beside, func(a *AppRestore) { a.Folder = "//" }, "folder"},
		{"kernel's folder", beside, func(a *AppRestore) { a.Folder = "/proc/x" }, "folder"},
		{"not a port", beside, func(a *AppRestore) { a.Ports = map[string]int{"http": 80} }, "ports"},
		{"port too large", beside, func(a *AppRestore) { a.Ports = map[string]int{"80": 65536} }, "ports"},
		{"two ports at one", beside, func(a *AppRestore) { a.Ports = map[string]int{"80": 8080, "81": 8080} }, "ports"},
		{"new project with parts", beside, func(a *AppRestore) { a.Databases = []string{"db"} }, "volumes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.bend(&c.of)
			refusal(t, Restore{App: &c.of}.Validate(), c.field)
		})
	}
	refusal(t, Restore{App: &inPlace, InPlace: true}.Validate(), "app")
	refusal(t, Restore{App: &inPlace, Files: []string{"x"}}.Validate(), "app")
}

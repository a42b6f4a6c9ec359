package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms lists, for each package, which of ours it may import: the house plan of docs/architecture.md.
func rooms() map[string][]string {
	toJobs := []string{"model", "config", "static", "device", "secret", "events", "restic", "storage", "gateway", "docker", "database", "store", "index", "notify"}
	return map[string][]string{
		"model":               {},
		"config":              {},
		"static":              {},
		"device":              {"model"},
		"secret":              {"model"},
		"events":              {"model"},
		"restic":              {"model", "device"},
		"storage":             {"model", "device"},
		"gateway":             {"model", "device", "storage"},
		"docker":              {"model", "device"},
		"database":            {"model", "device", "docker"},
		"store":               {"model"},
		"index":               {"model"},
		"notify":              {"model"},
		"jobs":                toJobs,
		"auth":                {"model", "secret", "store"},
		"views/lang":          {"model"},
		"views/ui":            {"model", "views/lang"},
		"views":               {"model", "views/ui", "views/lang"},
		"handlers/attachment": {"model"},
		"handlers/audit":      {"model", "store", "auth"},
		"handlers/api":        {"model", "store", "jobs", "auth", "events", "handlers/attachment", "handlers/audit"},
		"handlers":            {"model", "store", "jobs", "auth", "events", "views", "views/ui", "views/lang", "static", "handlers/attachment", "handlers/audit"},
		"web":                 {"model", "config", "auth", "handlers", "handlers/api", "handlers/audit", "static"},
		"":                    {"*"}, // main
	}
}

// testOnly are packages that only tests import, or that hold only tests.
func testOnly() []string { return []string{"testbed", "bench", "e2e"} }

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// room returns the package's place in the house; false for somebody else's package.
func room(path string) (string, bool) {
	if path == "keepstead" {
		return "", true
	}
	return strings.CutPrefix(path, "keepstead/")
}

func testsOnly(name string) bool {
	return slices.ContainsFunc(testOnly(), func(top string) bool { return name == top || strings.HasPrefix(name, top+"/") })
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name, _ := room(p.ImportPath)
		if testsOnly(name) {
			continue
		}
		allowed, listed := rooms()[name]
		if !listed {
			t.Errorf("package %s is not in the house plan; add it to docs/architecture.md and to this table", p.ImportPath)
			continue
		}
		for _, path := range p.Imports {
			imported, ours := room(path)
			switch {
			case path == "testing":
				t.Errorf("%s imports testing outside of its tests", p.ImportPath)
			case !ours || slices.Contains(allowed, imported):
			case testsOnly(imported):
				t.Errorf("%s imports %s, which is for tests alone", p.ImportPath, path)
			case !slices.Contains(allowed, "*"):
				t.Errorf("%s imports %s, which does not stand above it in the house plan", p.ImportPath, path)
			}
		}
	}
}

// TestRoomsStandInOrder proves the table itself free of circles: each room is allowed only what comes before it.
func TestRoomsStandInOrder(t *testing.T) {
	t.Parallel()
	order := []string{
		"model", "config", "static", "device", "secret", "events", "restic", "storage", "gateway", "docker", "database", "store", "index", "notify", "jobs", "auth",
		"views/lang", "views/ui", "views", "handlers/attachment", "handlers/audit", "handlers/api", "handlers", "web", "",
	}
	if len(order) != len(rooms()) {
		t.Errorf("%d rooms in order, %d in the table", len(order), len(rooms()))
	}
	for i, name := range order {
		for _, allowed := range rooms()[name] {
			if allowed != "*" && !slices.Contains(order[:i], allowed) {
				t.Errorf("%q may import %q, which stands below it", name, allowed)
			}
		}
	}
}

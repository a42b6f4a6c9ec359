package docker

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"keepstead/device"
)

// offline is an engine that is never asked anything: for what is read from disks alone.
func offline(t *testing.T) (*Engine, device.Files) {
	t.Helper()
	host := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	e := &Engine{host: host, looks: newLooks()}
	return e, localFiles(t, e)
}

// laid writes files, given as name and text, into a new folder.
func laid(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	if err := os.CopyFS(dir, tree); err != nil {
		t.Fatal(err)
	}
	return dir
}

const secretWord = "hunter2-hunter2"

func TestComposeFilesAreRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		files   map[string]string
		configs []string // compose.yml where nil
		envs    []string
		want    []string            // files of the project, relative, with e: for env and o: for other kinds
		depends map[string][]string // of the services that have any
		problem string              // a part; empty: there is none
	}{
		{
			name:    "one file",
			files:   map[string]string{"compose.yml": "services: {web: {image: a, depends_on: [db]}, db: {image: b}}", "unrelated.txt": ""},
			want:    []string{"compose.yml"},
			depends: map[string][]string{"web": {"db"}},
		},
		{
			name:    "a file of the old kind",
			files:   map[string]string{"docker-compose.yml": "version: '3.7'\nservices:\n  web: {image: a, links: [db]}\n  db: {image: b}\n"},
			configs: []string{"docker-compose.yml"},
			want:    []string{"docker-compose.yml"},
			depends: map[string][]string{"web": {"db"}},
		},
		{
			name: "an override",
			files: map[string]string{
				"compose.yml":          "services: {web: {image: a}, db: {image: b}, cache: {image: c}}",
				"compose.override.yml": "services: {web: {depends_on: {db: {condition: service_healthy}, cache: {condition: service_started}}}}",
			},
			configs: []string{"compose.yml", "compose.override.yml"},
			want:    []string{"compose.override.yml", "compose.yml"},
			depends: map[string][]string{"web": {"cache", "db"}},
		},
		{
			name: "env files, secrets, configs and labels",
			files: map[string]string{
				"compose.yml": `
services:
  web:
    image: a
    env_file: [one.env, {path: two.env, required: false}, {path: gone.env, required: false}]
    label_file: labels
    secrets: [s]
  db: {image: b, env_file: "${WHICH}.env"}
secrets: {s: {file: ./secrets/s.txt}, outside: {external: true}}
configs: {c: {file: conf.ini}, inline: {content: hello}}`,
				".env": "WHICH=three\n", "one.env": "", "two.env": "", "three.env": "", "labels": "", "secrets/s.txt": secretWord, "conf.ini": "",
			},
			want: []string{"compose.yml", "e:.env", "e:one.env", "e:three.env", "e:two.env", "o:conf.ini", "o:labels", "o:secrets/s.txt"},
		},
		{
			name: "included and extended files",
			files: map[string]string{
				"compose.yml": `
include:
  - parts/db/compose.yml
  - path: [parts/cache.yml, parts/cache.more.yml]
    project_directory: cachedir
    env_file: parts/cache.env
services:
  web:
    extends: {file: base/web.yml, service: base}
    depends_on: [db]`,
				"parts/db/compose.yml": "services: {db: {image: b, env_file: db.env}}", "parts/db/.env": "", "parts/db/db.env": "",
				"parts/cache.yml": "services: {cache: {image: c, env_file: c.env}}", "parts/cache.more.yml": "services: {cache: {depends_on: [db]}, db: {image: b, env_file: x.env}}",
				"parts/cache.env": "", "cachedir/c.env": "", "cachedir/x.env": "",
				"base/web.yml": "services: {base: {image: a, env_file: base.env, extends: {file: more.yml, service: b}}}", "base/base.env": "", "base/more.yml": "services: {b: {image: x}}",
			},
			want: []string{
				"base/more.yml", "base/web.yml", "compose.yml", "e:base/base.env", "e:cachedir/c.env", "e:cachedir/x.env", "e:parts/cache.env",
				"e:parts/db/.env", "e:parts/db/db.env", "parts/cache.more.yml", "parts/cache.yml", "parts/db/compose.yml",
			},
			depends: map[string][]string{"web": {"db"}, "cache": {"db"}},
		},
		{
			name:    "variables that only the shell had",
			files:   map[string]string{"compose.yml": "services: {web: {image: 'a:${TAG:?set it}', ports: ['${PORT}:80'], mem_limit: '${MEM}', depends_on: [db]}, db: {image: b}}"},
			want:    []string{"compose.yml"},
			depends: map[string][]string{"web": {"db"}},
		},
		{
			name:  "an env file by another name",
			files: map[string]string{"compose.yml": "services: {web: {image: a, env_file: '${F}'}}", ".env": "F=wrong.env", "prod.env": "F=right.env", "right.env": ""},
			envs:  []string{"prod.env"},
			want:  []string{"compose.yml", "e:prod.env", "e:right.env"},
		},
		{
			name:    "profiles",
			files:   map[string]string{"compose.yml": "services: {web: {image: a}, tool: {image: b, profiles: [tools, debug], depends_on: [web]}}"},
			want:    []string{"compose.yml"},
			depends: map[string][]string{"tool": {"web"}},
		},
		{name: "a file that is gone", want: nil, problem: "compose.yml is not there any more."},
		{name: "a file that is no file", files: map[string]string{"compose.yml/x": ""}, want: nil, problem: "is not a file"},
		{name: "standard input", configs: []string{"-"}, want: nil, problem: "standard input"},
		{
			name: "an env file that is gone", files: map[string]string{"compose.yml": "services: {web: {image: a, env_file: web.env, depends_on: [db]}, db: {image: b}}"},
			want: []string{"compose.yml"}, problem: "web.env is not there any more.", depends: map[string][]string{"web": {"db"}},
		},
		{
			name: "an included file that is gone", files: map[string]string{"compose.yml": "include: [gone.yml]\nservices: {web: {image: a}}"},
			want: []string{"compose.yml"}, problem: "gone.yml is not there any more.",
		},
		{
			name: "no YAML", files: map[string]string{"compose.yml": "services:\n  web:\n    environment:\n     - PASSWORD=" + secretWord + "\n   image: \"" + secretWord},
			want: []string{"compose.yml"}, problem: "compose.yml cannot be understood: look at line",
		},
		{
			name: "YAML of another kind", files: map[string]string{"compose.yml": "- " + secretWord},
			want: []string{"compose.yml"}, problem: "cannot be understood",
		},
		{
			name: "a value of the wrong type", files: map[string]string{"compose.yml": "services: {web: {image: a, ports: {" + secretWord + ": 1}}}"},
			want: []string{"compose.yml"}, problem: "cannot be understood: look at services.web.ports",
		},
		{
			name: "a variable that is none", files: map[string]string{"compose.yml": "services: {web: {image: a, environment: {A: '${" + secretWord + "'}}}"},
			want: []string{"compose.yml"}, problem: "cannot be understood: look at services.web.environment.A",
		},
		{
			name: "an env file with nonsense", files: map[string]string{"compose.yml": "services: {web: {image: a}}", ".env": "A B C " + secretWord + "\n=" + secretWord + "\n"},
			want: []string{"compose.yml", "e:.env"}, problem: ".env has a line that makes no sense.",
		},
		{
			name: "files that include each other", files: map[string]string{"compose.yml": "include: [b.yml]\nservices: {web: {image: a}}", "b.yml": "include: [compose.yml]"},
			want: []string{"b.yml", "compose.yml"}, problem: "cannot be understood",
		},
		{
			name: "a bomb", files: map[string]string{"compose.yml": bomb()},
			want: []string{"compose.yml"}, problem: "cannot be understood",
		},
		{
			name: "an empty file", files: map[string]string{"compose.yml": ""},
			want: []string{"compose.yml"}, problem: "cannot be understood",
		},
		{
			name: "tags of compose", files: map[string]string{
				"compose.yml": "services: {web: {image: a, ports: ['80:80'], depends_on: [db]}, db: {image: b}}", "o.yml": "services: {web: {ports: !reset null, depends_on: !override []}}",
			},
			configs: []string{"compose.yml", "o.yml"}, want: []string{"compose.yml", "o.yml"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, files := offline(t)
			dir := laid(t, c.files)
			if c.configs == nil {
				c.configs = []string{"compose.yml"}
			}
			set := composeSet{dir: dir, files: absolute(dir, strings.Join(c.configs, ",")), envs: absolute(dir, strings.Join(c.envs, ","))}
			got := e.read(t.Context(), files, set, nil)
			if names := names(dir, got.files); !slices.Equal(names, c.want) {
				t.Errorf("files are %q,\nwant %q", names, c.want)
			}
			maps.DeleteFunc(got.depends, func(_ string, on []string) bool { return len(on) == 0 })
			if len(got.depends)+len(c.depends) > 0 && !maps.EqualFunc(got.depends, c.depends, slices.Equal) {
				t.Errorf("depends is %q, want %q", got.depends, c.depends)
			}
			if (got.problem == "") != (c.problem == "") || !strings.Contains(got.problem, c.problem) {
				t.Errorf("problem is %q, want %q", got.problem, c.problem)
			}
			if strings.Contains(got.problem, "hunter2") {
				t.Error("the problem shows a secret")
			}
		})
	}
}

// bomb is a small file that would need gigabytes when read naively.
func bomb() string {
	var b strings.Builder
	b.WriteString("x0: &x0 {a: b, c: d, e: f, g: h, i: j}\n")
	for i := 1; i < 12; i++ {
		at := string(rune('0'+i/10)) + string(rune('0'+i%10))
		before := string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		if i == 1 {
			before = "0"
		}
		b.WriteString("x" + at + ": &x" + at + " {")
		for k := range 9 {
			b.WriteString(string(rune('a'+k)) + ": *x" + before + ", ")
		}
		b.WriteString("}\n")
	}
	return b.String() + "services: {web: {image: a}}\n"
}

// names are the files of a project relative to its folder, each with its kind where that is not compose.
func names(dir string, files []ComposeFile) []string {
	var out []string
	for _, f := range files {
		name := strings.TrimPrefix(f.Source, dir+"/")
		switch f.Kind {
		case FileEnv:
			name = "e:" + name
		case FileOther:
			name = "o:" + name
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func TestFilesAreReadAgainWhenTheyChange(t *testing.T) {
	t.Parallel()
	e, files := offline(t)
	dir := laid(t, map[string]string{"compose.yml": "services: {web: {image: a}, db: {image: b}}"})
	d := &draft{Project: Project{Key: Key{Project: "p"}}}
	set := composeSet{dir: dir, files: []string{dir + "/compose.yml"}}
	read := func() composed { return e.lookAtFiles(t.Context(), files, set, d).wait(t.Context(), set) }
	if got := read(); got.problem != "" || len(got.depends["web"]) != 0 {
		t.Fatalf("got %+v", got)
	}
	change := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change("compose.yml", "services: {web: {image: a, depends_on: [db]}, db: {image: b}}")
	if got := read(); !slices.Equal(got.depends["web"], []string{"db"}) {
		t.Errorf("after a change it depends on %q", got.depends["web"])
	}
	change(".env", "A=1")
	if got := read(); !slices.Equal(names(dir, got.files), []string{"compose.yml", "e:.env"}) {
		t.Errorf("after a new file there are %v", got.files)
	}
	if err := os.Remove(dir + "/compose.yml"); err != nil {
		t.Fatal(err)
	}
	if got := read(); !strings.Contains(got.problem, "not there any more") {
		t.Errorf("after its end the problem is %q", got.problem)
	}
}

func TestWhatFilesSay(t *testing.T) {
	t.Parallel()
	e, files := offline(t)
	text := "services: {web: {image: a, depends_on: [db, away]}, db: {image: b}, away: {image: c}, tool: {image: d, profiles: [debug, tools]}}"
	now := laid(t, map[string]string{"compose.yml": text, ".env": ""})
	before := laid(t, map[string]string{"compose.yml": "services: {old: {image: o, depends_on: [db]}, web: {image: a}}"})
	at := func(service, dir string, age time.Duration) Container {
		return Container{Service: service, CreatedAt: time.Now().Add(-age), Labels: map[string]string{composeDir: dir, composeConfigs: dir + "/compose.yml"}}
	}
	d := &draft{told: map[string]bool{}, Project: Project{Key: Key{Project: "p"}, Containers: []Container{
		at("db", "/srv/gone/long/ago", time.Hour), at("old", before, time.Minute), at("tool", now, 0), at("web", now, 0),
	}}}
	d.Found.Services = services(d.Containers, overrides{})
	d.Found.Services[0].DependsOn = []string{"from-its-label", "web"}
	if err := e.readCompose(t.Context(), files, []*draft{d}); err != nil {
		t.Fatal(err)
	}
	f := d.Found
	if f.ComposeError != "" || f.WorkingDir != now || !slices.Equal(f.ConfigFiles, []string{now + "/compose.yml", before + "/compose.yml"}) || !slices.Equal(f.EnvFiles, []string{now + "/.env"}) {
		t.Errorf("files are %s, %q, %q: %s", f.WorkingDir, f.ConfigFiles, f.EnvFiles, f.ComposeError)
	}
	if !slices.Equal(f.Profiles, []string{"debug", "tools"}) {
		t.Errorf("profiles are %q", f.Profiles)
	}
	for i, want := range [][]string{nil, {"db"}, nil, {"db"}} { // db, old, tool, web
		if got := f.Services[i].DependsOn; !slices.Equal(got, want) {
			t.Errorf("%s depends on %q, want %q", f.Services[i].Name, got, want)
		}
	}
	if len(d.Compose) != 3 {
		t.Errorf("files are %v", d.Compose)
	}
	bare := &draft{Project: Project{Key: Key{Project: "p"}, Containers: []Container{{Service: "web"}}}}
	if err := e.readCompose(t.Context(), files, []*draft{bare}); err != nil || !strings.Contains(bare.Found.ComposeError, "do not say") {
		t.Errorf("without labels it says %q, %v", bare.Found.ComposeError, err)
	}
}

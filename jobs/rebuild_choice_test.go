package jobs

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"keepstead/docker"
	"keepstead/model"
)

// shop is the manifest of an app with a dumped database, files, a folder within a folder, SQLite, and things left out.
func shop() model.Manifest {
	m := model.Manifest{Contents: model.Contents{
		Kind: model.AppCompose, Project: "shop", WorkingDir: "/opt/shop", HasEnv: true,
		Services: []model.ContentService{{Name: "db"}, {Name: "web", DependsOn: []string{"db"}}, {Name: "wiki"}},
		Volumes: []model.ContentVolume{
			mount("shop_db", "", "db:/var/lib/postgresql/data", model.RoleDumped, ""),
			mount("shop_files", "", "web:/files", model.RoleData, "/v/shop_files/_data"),
			mount("", "/opt/shop", "web:/src", model.RoleData, "/opt/shop"),
			mount("", "/opt/shop/media", "web:/media", model.RoleAsk, ""),
			mount("", "/opt/shop/config", "web:/config", model.RoleData, "/opt/shop/config"),
			mount("", "/var/run/docker.sock", "web:/var/run/docker.sock", model.RoleLeft, ""),
		},
		Dumps: []model.Dump{
			{Service: "db", Kind: model.Postgres, File: "/s/globals.sql"},
			{Service: "db", Kind: model.Postgres, Database: "shop", File: "/s/shop.sql"},
			{Service: "db", Kind: model.Postgres, Database: "stats", File: "/s/stats.sql"},
			{Service: "wiki", Kind: model.SQLite, Database: "app.db", File: "/s/app.db", Source: "/v/shop_files/_data/app.db"},
		},
	}}
	for _, s := range m.Services {
		image := map[string]string{"db": "postgres:15", "web": "webapp:1", "wiki": "sqliteapp:1"}[s.Name]
		m.Specs = append(m.Specs, model.ContainerSpec{Name: "shop_" + s.Name + "_1", Service: s.Name, Config: json.RawMessage(`{"Image":"` + image + `"}`)})
	}
	return m
}

func mount(name, source, user string, role model.MountRole, in string) model.ContentVolume {
	v := model.ContentVolume{FoundMount: model.FoundMount{Kind: model.MountBind, Source: source, Users: []string{user}, Role: role}, In: in}
	if name != "" {
		v.Kind, v.Name, v.Source = model.MountVolume, name, "/v/"+name+"/_data"
	}
	return v
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		want      model.AppRestore
		bend      func(*model.Manifest)
		targets   []string // with = for those that are only emptied
		databases []string // with ~ for those of a server that runs on
		copies    int
		missing   int
		unknown   int
	}{
		{
			name: "all of it", want: model.AppRestore{Mode: model.AppInPlace},
			targets: []string{"=shop_db", "shop_files", "/opt/shop", "/opt/shop/config"}, databases: []string{"db", "db/shop", "db/stats"}, copies: 1, missing: 1,
		},
		{
			name: "a volume with its SQLite files", want: model.AppRestore{Mode: model.AppParts, Volumes: []string{"shop_files"}},
			targets: []string{"shop_files"}, copies: 1,
		},
		{
			name: "a whole server", want: model.AppRestore{Mode: model.AppParts, Databases: []string{"db"}},
			targets: []string{"=shop_db"}, databases: []string{"db", "db/shop", "db/stats"},
		},
		{
			name: "one database of a server", want: model.AppRestore{Mode: model.AppParts, Databases: []string{"db/stats"}},
			databases: []string{"~db/stats"},
		},
		{
			name: "a SQLite file alone", want: model.AppRestore{Mode: model.AppParts, Databases: []string{"wiki/app.db"}}, copies: 1,
		},
		{
			name: "the folder of a dumped database", want: model.AppRestore{Mode: model.AppParts, Volumes: []string{"shop_db"}}, unknown: 1,
		},
		{
			name: "the raw folder too, chosen by hand", want: model.AppRestore{Mode: model.AppParts, Volumes: []string{"shop_db"}},
			bend:    func(m *model.Manifest) { m.Volumes[0].Role, m.Volumes[0].In = model.RoleData, "/v/shop_db/_data" },
			targets: []string{"shop_db"},
		},
		{
			name: "the raw folder too, all of it", want: model.AppRestore{Mode: model.AppInPlace},
			bend:    func(m *model.Manifest) { m.Volumes[0].Role, m.Volumes[0].In = model.RoleData, "/v/shop_db/_data" },
			targets: []string{"=shop_db", "shop_files", "/opt/shop", "/opt/shop/config"}, databases: []string{"db", "db/shop", "db/stats"}, copies: 1, missing: 1,
		},
		{
			name: "what is not in it", want: model.AppRestore{Mode: model.AppParts, Volumes: []string{"nothing", "/opt/shop/media"}, Databases: []string{"db/none", "web"}}, unknown: 4,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := shop()
			if c.bend != nil {
				c.bend(&m)
			}
			got := choose(m, c.want)
			targets, databases := got.names()
			if !slices.Equal(targets, c.targets) || !slices.Equal(databases, c.databases) || len(got.copies) != c.copies {
				t.Errorf("chose %v, %v and %d copies, want %v, %v and %d", targets, databases, len(got.copies), c.targets, c.databases, c.copies)
			}
			if len(got.missing) != c.missing || len(got.unknown) != c.unknown {
				t.Errorf("missing %q, unknown %q; want %d and %d of them", got.missing, got.unknown, c.missing, c.unknown)
			}
		})
	}
}

// names are the targets, with = for those that are only emptied, and the databases, with ~ for those of a server that
// runs on.
func (c choice) names() (targets, databases []string) {
	for _, x := range c.targets {
		mark := ""
		if x.from == "" {
			mark = "="
		}
		targets = append(targets, mark+x.volume.Label())
	}
	for _, s := range c.imports {
		for _, d := range s.dumps {
			name := s.service
			if d.Database != "" {
				name += "/" + d.Database
			}
			if s.online {
				name = "~" + name
			}
			databases = append(databases, name)
		}
	}
	return targets, databases
}

func TestNest(t *testing.T) {
	t.Parallel()
	m := shop()
	m.Volumes = append(m.Volumes, mount("", "/opt/shop/pg", "db:/var/lib/postgresql/data", model.RoleDumped, ""))
	got := nest(choose(m, model.AppRestore{Mode: model.AppInPlace}).targets, m.Volumes)
	if len(got) != 3 || got[2].volume.Source != "/opt/shop" {
		t.Fatalf("targets are %+v; what lies in another must come back with it", got)
	}
	if folder := got[2]; !slices.Equal(folder.keep, []string{"media"}) || !slices.Equal(folder.empty, []string{"pg"}) {
		t.Errorf("kept %v, left empty %v", folder.keep, folder.empty)
	}
	alone := nest(choose(m, model.AppRestore{Mode: model.AppParts, Volumes: []string{"/opt/shop/config"}}).targets, m.Volumes)
	if len(alone) != 1 || alone[0].from != "/opt/shop/config" {
		t.Errorf("a folder in another, chosen alone: %+v", alone)
	}
}

// TestExtras takes what a snapshot holds beside its manifest: by its name where it is a volume, and never the raw folder
// of a database that comes back from its dump, which a safety snapshot holds.
func TestExtras(t *testing.T) {
	t.Parallel()
	m := shop()
	m.Volumes[0].Path = "/host/v/shop_db/_data"
	roots := []string{"/opt/shop", "/v/shop_db/_data", "/host/v/shop_db/_data", "/elsewhere/shop_db/_data", "/opt/shop/media", "/v/old/_data", "/srv/extra"}
	m.Volumes = append(m.Volumes, mount("old", "", "web:/old", model.RoleLeft, ""))
	var got []string
	for _, v := range withExtras(m.Contents, roots) {
		if v.In != "" {
			got = append(got, v.Label())
		}
	}
	if want := []string{"shop_files", "/opt/shop", "/opt/shop/config", "old", "/srv/extra"}; !slices.Equal(got, want) {
		t.Errorf("the snapshot brings back %q, want %q", got, want)
	}
	inside := m
	inside.Volumes = withExtras(m.Contents, []string{"/v/shop_db/_data", "/v/shop_db/_data/archive"})
	told := choose(inside, model.AppRestore{Mode: model.AppInPlace})
	if !slices.ContainsFunc(told.lost, func(s string) bool { return strings.HasPrefix(s, "/v/shop_db/_data/archive is not brought back") }) ||
		slices.ContainsFunc(told.targets, func(t target) bool { return strings.Contains(t.from, "archive") }) {
		t.Errorf("a folder inside a database's: lost %q, targets %+v", told.lost, told.targets)
	}
	m.Dumps = nil
	if v := withExtras(m.Contents, []string{"/v/shop_db/_data"})[0]; v.In == "" || v.Label() != "shop_db" {
		t.Errorf("without a dump the raw folder is all there is, and it is %+v", v)
	}
	raw := []target{{to: "/v/db"}, {from: "/saved", to: "/v/db"}, {from: "/files", to: "/v/files"}}
	if left := withoutRaw(raw); len(left) != 2 || left[1].from != "/files" {
		t.Errorf("over an emptied folder of a database stays %+v", left)
	}
}

// TestSafetyWithoutRawFolders leaves the raw folder of a database out of a safety snapshot that has its dump.
func TestSafetyWithoutRawFolders(t *testing.T) {
	t.Parallel()
	m := shop()
	m.Volumes[0].Path = "/host/v/shop_db/_data"
	folders := []string{"/host/v/shop_db/_data", "/v/shop_files/_data", "/opt/shop/media"}
	if got := withoutDumped(m.Contents, folders); !slices.Equal(got, folders[1:]) {
		t.Errorf("beside the dump it saves %q", got)
	}
	m.Dumps = nil
	if got := withoutDumped(m.Contents, folders); !slices.Equal(got, folders) {
		t.Errorf("without a dump it saves %q", got)
	}
}

func TestReplaces(t *testing.T) {
	t.Parallel()
	m := shop()
	m.Services[0].Image = "postgres:15"
	m.Volumes[0].Role, m.Volumes[0].In = model.RoleData, "/v/shop_db/_data" // the raw folder too
	got := (&Manager{}).Replaces(model.Snapshot{Paths: []string{"/v/shop_db/_data", "/srv/extra"}}, m.Contents)
	if want := []string{"shop_files", "/opt/shop", "/srv/extra", "db/shop", "db/stats", "wiki/app.db"}; !slices.Equal(got, want) {
		t.Errorf("a whole restore replaces %q, want %q", got, want)
	}
}

func TestLacking(t *testing.T) {
	t.Parallel()
	specs := []model.ContainerSpec{{Name: "shop_db_1", Service: "db"}, {Name: "shop_web_1", Service: "web"}, {Name: "shop_web_2", Service: "web"}}
	for _, c := range []struct {
		name string
		have []docker.Container
		want []string
	}{
		{"nothing is there", nil, []string{"shop_db_1", "shop_web_1", "shop_web_2"}},
		{"all is there", []docker.Container{{Name: "shop_db_1", Service: "db"}, {Name: "shop_web_1", Service: "web"}, {Name: "shop_web_2", Service: "web"}}, nil},
		{"one under another name", []docker.Container{{Name: "shop-db-1", Service: "db"}, {Name: "shop_web_2", Service: "web"}}, []string{"shop_web_1"}},
		{"one more than before", []docker.Container{{Name: "shop_db_1", Service: "db"}, {Name: "shop_db_2", Service: "db"}}, []string{"shop_web_1", "shop_web_2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range lacking(specs, c.have) {
				got = append(got, s.Name)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("lacking are %v, want %v", got, c.want)
			}
		})
	}
}

func TestChoosePorts(t *testing.T) {
	t.Parallel()
	services := map[int]string{80: "web", 8080: "api", 65535: "odd"}
	for _, c := range []struct {
		name     string
		asked    map[string]int
		taken    map[int]string
		old      bool
		want     map[int]int
		problems int
	}{
		{"the old project is gone", nil, nil, false, map[int]int{80: 80, 8080: 8080, 65535: 65535}, 0},
		{"beside the old project", map[string]int{"65535": 0}, map[int]string{81: "nginx"}, true, map[int]int{80: 82, 8080: 8081, 65535: 0}, 0},
		{"as asked", map[string]int{"80": 8081, "65535": 0}, nil, true, map[int]int{80: 8081, 8080: 8082, 65535: 0}, 0},
		{"none above", nil, nil, true, map[int]int{80: 81, 8080: 8081, 65535: 0}, 1},
		{"taken", map[string]int{"80": 443, "65535": 0}, map[int]string{443: "caddy"}, true, map[int]int{80: 443, 8080: 8081, 65535: 0}, 1},
		{"the old project's", map[string]int{"80": 8080, "65535": 0}, nil, true, map[int]int{80: 8080, 8080: 8081, 65535: 0}, 1},
		{"not published", map[string]int{"22": 2222, "65535": 0}, nil, true, map[int]int{80: 81, 8080: 8081, 65535: 0}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, plans, problems := choosePorts(services, c.asked, func(_, to int) string { return c.taken[to] }, c.old)
			for from, to := range c.want {
				if got[from] != to {
					t.Errorf("port %d becomes %d, want %d", from, got[from], to)
				}
			}
			if len(problems) != c.problems || len(plans) != len(services) {
				t.Errorf("problems are %q, plans %+v", problems, plans)
			}
		})
	}
}

func TestDependents(t *testing.T) {
	t.Parallel()
	all := []model.FoundService{
		{Name: "db"},
		{Name: "api", DependsOn: []string{"db"}},
		{Name: "web", DependsOn: []string{"api"}},
		{Name: "mail"},
		{Name: "a", DependsOn: []string{"b"}},
		{Name: "b", DependsOn: []string{"a"}},
	}
	if got := dependents(all, "db"); !slices.Equal(got, []string{"api", "web"}) {
		t.Errorf("on db depend %v", got)
	}
	if got := dependents(all, "a"); !slices.Equal(got, []string{"b"}) {
		t.Errorf("in a circle: %v", got)
	}
}

func TestHostPath(t *testing.T) {
	t.Parallel()
	boxed := model.Contents{WorkingDir: "/opt/shop", Volumes: []model.ContentVolume{{FoundMount: model.FoundMount{Source: "/srv/x", Path: "/host/srv/x"}}}}
	for _, c := range []struct {
		name string
		of   model.Contents
		path string
		want string
	}{
		{"outside a container", model.Contents{WorkingDir: "/opt/shop"}, "/opt/shop/.env", "/opt/shop/.env"},
		{"by a mount", boxed, "/host/opt/shop/.env", "/opt/shop/.env"},
		{"by the project's folder", model.Contents{WorkingDir: "/opt/shop"}, "/mnt/opt/shop/.env", "/opt/shop/.env"},
		{"another file", model.Contents{WorkingDir: "/opt/shop"}, "/etc/shop.env", "/etc/shop.env"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := hostPath(c.of, c.path); got != c.want {
				t.Errorf("%s is %s on the host, want %s", c.path, got, c.want)
			}
		})
	}
}

func TestLeftOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"cache", "/v/data/cache", true},
		{"cache", "/v/cache/file", false}, // the folder above is found first
		{"*.log", "/v/data/a.log", true},
		{"/v/data/*.log", "/v/data/a.log", true},
		{"/data/*.log", "/v/data/a.log", false},
		{"data/cache", "/v/data/cache", true},
		{"data/**/tmp", "/v/data/a/b/tmp", true},
		{"/v/**/tmp", "/v/tmp", true},
		{"/v/da*a/[ab]", "/v/data/a", true},
		{`/v/\[x\]`, "/v/[x]", true},
		{"[", "/v/[", false},
		{"/v/data/", "/v/data", true},
	} {
		if got := leftOut(c.pattern, c.path); got != c.want {
			t.Errorf("%q leaves out %q: %v", c.pattern, c.path, got)
		}
	}
}

func TestOutdated(t *testing.T) {
	t.Parallel()
	spec := func(name, image, env, network string) model.ContainerSpec {
		return model.ContainerSpec{
			Name: name, Service: name, ImageID: image, Config: json.RawMessage(`{"Env":["A=` + env + `"],"Image":"x"}`),
			HostConfig: json.RawMessage(`{"NetworkMode":"` + network + `"}`), Networks: json.RawMessage(`{}`),
		}
	}
	same := spec("a", "1", "1", "front")
	for _, c := range []struct {
		name    string
		spec    model.ContainerSpec
		withEnv bool
		want    bool
	}{
		{"alike", same, true, false},
		{"alike, in another order", model.ContainerSpec{Name: "a", ImageID: "1", Config: json.RawMessage(`{"Image": "x", "Env": ["A=1"]}`), HostConfig: same.HostConfig, Networks: same.Networks}, true, false},
		{"another image", spec("a", "2", "1", "front"), true, true},
		{"another environment", spec("a", "1", "2", "front"), true, true},
		{"an environment that is not saved", spec("a", "1", "2", "front"), false, false},
		{"another network", spec("a", "1", "1", "back"), true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := outdated([]model.ContainerSpec{c.spec}, []docker.Container{{Name: "a", Spec: same}}, c.withEnv)
			if (len(got) == 1) != c.want {
				t.Errorf("outdated are %v", got)
			}
		})
	}
	around := []model.ContainerSpec{spec("vpn", "2", "1", "front"), spec("app", "1", "1", "container:vpn")}
	present := []docker.Container{{Name: "vpn", Spec: spec("vpn", "1", "1", "front")}, {Name: "app", Spec: around[1]}}
	if got := outdated(around, present, true); len(got) != 2 {
		t.Errorf("what shares the network of one that is made anew is not: %v", got)
	}
}

func TestDatabasesIn(t *testing.T) {
	t.Parallel()
	m := shop()
	if n := databasesIn(append(m.Dumps, model.Dump{Service: "cache", Kind: model.Redis})); n != 4 {
		t.Errorf("%d databases, want those with a name, and a server of its own without names", n)
	}
}

// TestMendOfUnreadableFiles names who reads on the device of the job.
func TestMendOfUnreadableFiles(t *testing.T) {
	t.Parallel()
	over := model.Device{Name: "nas", Kind: model.DeviceSSH, SSHUser: "backup"}
	sudo := over
	sudo.Sudo = true
	for want, d := range map[string]model.Device{"Run Keepstead as": {Kind: model.DeviceLocal}, "use sudo on nas": over, "Look why they cannot be read on nas": sudo} {
		if got := (&run{on: machine{Device: d}}).mendUnreadable(); !strings.Contains(got, want) {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

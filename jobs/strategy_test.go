package jobs

import (
	"slices"
	"strings"
	"testing"

	"keepstead/database"
	"keepstead/docker"
	"keepstead/model"
)

// part is a service for a test: one container of it, with one volume mounted at /data unless it is bare.
type part struct {
	name   string
	state  string // running where it is empty
	labels map[string]string
	self   bool
	bare   bool
	reads  bool // mounts its volume read-only
}

func (p part) running() bool { return p.state == "" || p.state == "running" || p.state == "paused" }

// projectOf makes what discovery would hand on of a project with these services.
func projectOf(parts ...part) (model.Found, []docker.Container) {
	var found model.Found
	var containers []docker.Container
	for _, p := range parts {
		state := p.state
		if state == "" {
			state = "running"
		}
		s := model.FoundService{Name: p.name, Labels: p.labels, Self: p.self, State: state}
		c := docker.Container{Service: p.name, Name: "x-" + p.name + "-1", State: state, Running: p.running(), Paused: state == "paused", Self: p.self}
		if p.running() {
			s.Running = 1
		}
		if !p.bare {
			c.Mounts = []docker.Mount{{Kind: model.MountVolume, Name: p.name, Destination: "/data", ReadOnly: p.reads}}
			found.Mounts = append(found.Mounts, model.FoundMount{
				Kind: model.MountVolume, Name: p.name, Source: "/vol/" + p.name, Path: "/seen/" + p.name, Users: []string{p.name + ":/data"}, Role: model.RoleData,
			})
		}
		found.Services = append(found.Services, s)
		containers = append(containers, c)
	}
	return found, containers
}

func TestChooseStrategies(t *testing.T) {
	t.Parallel()
	postgres := database.Server{Kind: model.Postgres, Why: "Its program is postgres.", DataDir: "/data", Mount: "/data", Dumpable: true}
	stopped := database.Server{Kind: model.Postgres, DataDir: "/data", Mount: "/data", Reason: "It is stopped."}
	dragonfly := database.Server{Kind: model.Redis, DataDir: "/data", Mount: "/data", Reason: "Dragonfly cannot send a copy of its data."}
	label := func(s string) map[string]string { return map[string]string{"strategy": s} }
	for name, c := range map[string]struct {
		part   part
		server *database.Server
		person model.Strategy
		want   model.Strategy
		origin string
		why    string // part of it
		role   model.MountRole
	}{
		"a database is dumped":                       {part{}, &postgres, "", model.StrategyDump, "auto", "PostgreSQL writes", model.RoleDumped},
		"one that cannot be dumped is stopped":       {part{}, &dragonfly, "", model.StrategyStop, "auto", "Dragonfly cannot", model.RoleData},
		"a stopped one is read as it lies":           {part{state: "exited"}, &stopped, "", model.StrategyHot, "auto", "nothing writes", model.RoleData},
		"a paused one is read as it lies":            {part{state: "paused"}, &postgres, "", model.StrategyHot, "auto", "nothing writes", model.RoleData},
		"one that restarts may write":                {part{state: "restarting"}, &dragonfly, "", model.StrategyStop, "auto", "stopped while", model.RoleData},
		"plain files are read":                       {part{}, nil, "", model.StrategyHot, "auto", "SQLite", model.RoleData},
		"nothing to write to":                        {part{bare: true}, nil, "", model.StrategyHot, "auto", "writes to nothing", ""},
		"a reader":                                   {part{reads: true}, nil, "", model.StrategyHot, "auto", "writes to nothing", model.RoleData},
		"an undumpable cache without data":           {part{bare: true}, &dragonfly, "", model.StrategyHot, "auto", "writes to nothing", ""},
		"a database in its own layer is dumped":      {part{bare: true}, &postgres, "", model.StrategyDump, "auto", "PostgreSQL", ""},
		"a person's choice":                          {part{}, nil, model.StrategyPause, model.StrategyPause, "person", "You chose", model.RoleData},
		"a person's choice over a dump":              {part{}, &postgres, model.StrategyStop, model.StrategyStop, "person", "You chose", model.RoleData},
		"a label over a person":                      {part{labels: label("stop")}, nil, model.StrategyPause, model.StrategyStop, "label", "keepstead.strategy", model.RoleData},
		"a label that is no strategy":                {part{labels: label("freeze")}, nil, model.StrategyPause, model.StrategyPause, "person", "You chose", model.RoleData},
		"a dump of what is no database":              {part{labels: label("dump")}, nil, "", model.StrategyHot, "auto", "no database", model.RoleData},
		"a dump of what cannot":                      {part{}, &dragonfly, model.StrategyDump, model.StrategyStop, "auto", "Dragonfly cannot", model.RoleData},
		"a stop of what does not run":                {part{state: "exited", labels: label("stop")}, nil, "", model.StrategyHot, "label", "does not run", model.RoleData},
		"Keepstead itself is never stopped":          {part{self: true, labels: label("stop")}, nil, model.StrategyStop, model.StrategyHot, "auto", "never stops itself", model.RoleData},
		"a database of Keepstead's own container":    {part{self: true}, &postgres, "", model.StrategyHot, "auto", "Keepstead", model.RoleData},
		"a chosen dump of a database":                {part{}, &postgres, model.StrategyDump, model.StrategyDump, "person", "You chose", model.RoleDumped},
		"a chosen dump of a database that is paused": {part{state: "paused"}, &postgres, model.StrategyDump, model.StrategyHot, "auto", "does not run", model.RoleData},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.part.name = "db"
			found, containers := projectOf(c.part, part{name: "other", state: "exited"})
			servers := map[string]database.Server{}
			if c.server != nil {
				servers["db"] = *c.server
			}
			conf := &model.Configuration{}
			if c.person != "" {
				conf.Capture = &model.Capture{Strategies: map[string]model.Strategy{"db": c.person, "unknown": "odd"}}
			}
			chooseStrategies(&found, containers, conf, servers)
			got := found.Services[0]
			if got.Strategy != c.want || got.Origin != c.origin || !strings.Contains(got.Why, c.why) {
				t.Errorf("strategy is %s by %s: %q; want %s by %s: …%s…", got.Strategy, got.Origin, got.Why, c.want, c.origin, c.why)
			}
			if c.server != nil && (got.Database != c.server.Kind || got.DatabaseWhy != c.server.Why) {
				t.Errorf("database is %q, %q", got.Database, got.DatabaseWhy)
			}
			if c.role != "" && found.Mounts[0].Role != c.role {
				t.Errorf("the mount is %s (%s), want %s", found.Mounts[0].Role, found.Mounts[0].Why, c.role)
			}
			if other := found.Services[1]; other.Strategy != model.StrategyHot || found.Mounts[len(found.Mounts)-1].Role != model.RoleData {
				t.Errorf("the other service became %+v", other)
			}
		})
	}
}

func TestRawDataFolders(t *testing.T) {
	t.Parallel()
	dumped := database.Server{Kind: model.Postgres, DataDir: "/data", Mount: "/data", Dumpable: true}
	at := func(dir string) database.Server { s := dumped; s.DataDir = dir; return s }
	for name, c := range map[string]struct {
		server  database.Server
		raw     bool
		also    string // another service that mounts the volume
		role    model.MountRole
		path    string
		want    model.MountRole
		without []string
	}{
		"the mount is the folder":             {server: dumped, want: model.RoleDumped},
		"the folder of version 18":            {server: at("/data/18/docker"), want: model.RoleDumped},
		"a folder pgdata":                     {server: at("/data/pgdata"), want: model.RoleDumped},
		"beside a folder of settings":         {server: at("/data/data"), want: model.RoleData, without: []string{"/seen/db/data"}},
		"deep in a mount":                     {server: at("/data/a/[b]"), want: model.RoleData, without: []string{"/seen/db/a/[b]"}},
		"shared, and the folder is the mount": {server: dumped, also: "sidecar", want: model.RoleDumped},
		"shared with another service":         {server: at("/data/pgdata"), also: "app", want: model.RoleData, without: []string{"/seen/db/pgdata"}},
		"kept as well":                        {server: dumped, raw: true, want: model.RoleData},
		"too large to take without asking":    {server: dumped, role: model.RoleAsk, want: model.RoleDumped},
		"unreadable, and not needed":          {server: dumped, role: model.RoleLost, path: "-", want: model.RoleDumped},
		"left out for another reason":         {server: dumped, role: model.RoleLeft, want: model.RoleLeft},
		"no folder known":                     {server: at(""), want: model.RoleDumped},
		"no mount":                            {server: database.Server{Kind: model.Postgres, DataDir: "/x", Dumpable: true}, want: model.RoleData},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, containers := projectOf(part{name: "db"})
			if c.role != "" {
				found.Mounts[0].Role = c.role
			}
			if c.path == "-" {
				found.Mounts[0].Path = ""
			}
			if c.also != "" {
				found.Mounts[0].Users = append(found.Mounts[0].Users, c.also+":/elsewhere")
			}
			chooseStrategies(&found, containers, &model.Configuration{Capture: &model.Capture{RawToo: c.raw}}, map[string]database.Server{"db": c.server})
			m := found.Mounts[0]
			if m.Role != c.want || !slices.Equal(m.Without, c.without) {
				t.Errorf("the mount is %s without %q (%s), want %s without %q", m.Role, m.Without, m.Why, c.want, c.without)
			}
			if c.want == model.RoleDumped && !strings.Contains(m.Why, "is dumped") {
				t.Errorf("why: %q", m.Why)
			}
		})
	}
}

func TestPeopleDecideOverMounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		role model.MountRole
		take bool
		want model.MountRole
	}{
		"one that was asked about is taken":    {model.RoleAsk, true, model.RoleData},
		"one that was asked about is left":     {model.RoleAsk, false, model.RoleLeft},
		"data is left":                         {model.RoleData, false, model.RoleLeft},
		"what cannot be read is left in peace": {model.RoleLost, false, model.RoleLeft},
		"data stays":                           {model.RoleData, true, model.RoleData},
		"a socket cannot be taken":             {model.RoleLeft, true, model.RoleLeft},
		"what cannot be read cannot be taken":  {model.RoleLost, true, model.RoleLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, containers := projectOf(part{name: "app"})
			found.Mounts[0].Role, found.Mounts[0].Kind = c.role, model.MountBind
			conf := &model.Configuration{Capture: &model.Capture{Binds: map[string]bool{"/vol/app": c.take, "/elsewhere": true}}}
			chooseStrategies(&found, containers, conf, nil)
			if got := found.Mounts[0]; got.Role != c.want || got.Role != c.role && got.Why == "" {
				t.Errorf("the mount is %s (%s), want %s", got.Role, got.Why, c.want)
			}
		})
	}
}

func TestCheckCapture(t *testing.T) {
	t.Parallel()
	found, _ := projectOf(part{name: "db"}, part{name: "keepstead", self: true}, part{name: "app"})
	found.Services[0].Database = model.Postgres
	found.Mounts = append(found.Mounts, model.FoundMount{Kind: model.MountBind, Source: "/run/docker.sock", Role: model.RoleLeft, Why: "It is a socket."},
		model.FoundMount{Kind: model.MountBind, Source: "/cache", Role: model.RoleLeft, Why: whyLeft})
	pick := func(service string, s model.Strategy) model.Capture {
		return model.Capture{Strategies: map[string]model.Strategy{service: s}}
	}
	hook := func(h model.Hooks) model.Capture { return model.Capture{Hooks: map[string]model.Hooks{"app": h}} }
	for name, c := range map[string]struct {
		chosen model.Capture
		field  string // refused; empty when it is fine
	}{
		"nothing":                  {model.Capture{}, ""},
		"a dump":                   {pick("db", model.StrategyDump), ""},
		"a stop":                   {pick("app", model.StrategyStop), ""},
		"a dump of no database":    {pick("app", model.StrategyDump), "strategies"},
		"an unknown strategy":      {pick("app", "freeze"), "strategies"},
		"an unknown service":       {pick("ghost", model.StrategyHot), "strategies"},
		"a stop of Keepstead":      {pick("keepstead", model.StrategyStop), "strategies"},
		"Keepstead as it is":       {pick("keepstead", model.StrategyHot), ""},
		"a hook":                   {hook(model.Hooks{Pre: "sync", Post: "true", Timeout: 60, OnFailure: "go_on"}), ""},
		"a hook of nobody":         {model.Capture{Hooks: map[string]model.Hooks{"ghost": {}}}, "hooks"},
		"a hook without end":       {hook(model.Hooks{Pre: "x", Timeout: 1 << 30}), "hooks"},
		"a hook that fails oddly":  {hook(model.Hooks{Pre: "x", OnFailure: "maybe"}), "hooks"},
		"a hook with NUL":          {hook(model.Hooks{Pre: "x\x00y"}), "hooks"},
		"a hook of a book":         {hook(model.Hooks{Post: strings.Repeat("x", maxHook+1)}), "hooks"},
		"a mount":                  {model.Capture{Binds: map[string]bool{"/vol/app": false}}, ""},
		"a mount left out, again":  {model.Capture{Binds: map[string]bool{"/cache": true}}, ""},
		"a socket":                 {model.Capture{Binds: map[string]bool{"/run/docker.sock": true}}, "binds"},
		"a mount of another app's": {model.Capture{Binds: map[string]bool{"/vol/other": true}}, "binds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := model.Refused(checkCapture(found, c.chosen))
			if c.field == "" && len(refused) > 0 || c.field != "" && (len(refused) != 1 || refused[0].Field != c.field) {
				t.Errorf("refused: %v, want %q", refused, c.field)
			}
		})
	}
}

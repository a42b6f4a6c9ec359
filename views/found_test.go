package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

func titles(needs []need) []string {
	var out []string
	for _, n := range needs {
		out = append(out, n.Title)
	}
	return out
}

func TestNeedsOfFoundApps(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	apps := s.composed()[:5]
	p := HomeProps{Apps: append(apps, s.composed()[6:]...), Destinations: s.destinations[:1], Devices: []model.Device{s.engine(model.EngineForbidden)}, Found: s.counts()}
	p.Destinations[0].LastError = ""
	want := []string{
		"Docker is out of reach on atlas", "1 part of immich cannot be read", "2 apps were found and are not protected",
		"1 folder of immich waits for your decision", "old-wiki is gone",
	}
	if got := titles(needs(p)); !slices.Equal(got, want) {
		t.Errorf("needs are %q, want %q", got, want)
	}
	for _, n := range needs(p) {
		if n.Link == "" && n.Post == "" && n.Mend == "" {
			t.Errorf("%q has no mend", n.Title)
		}
	}
	p.Apps = append(p.Apps[:5], p.Apps[6])
	if got := titles(needs(p)); !slices.Contains(got, "1 app was found and is not protected") {
		t.Errorf("with one app: %q", got)
	}
}

func TestEngineIsANeedOnlyWhereItIsMissed(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	found := s.composed()[:1]
	told := func(state model.EngineState, message string) model.Device {
		d := s.engine(state)
		d.Engine.Message = message
		return d
	}
	tests := []struct {
		name   string
		device model.Device
		apps   []model.AppOverview
		want   bool
	}{
		{"never looked for", s.device, found, false},
		{"absent, never used", told(model.EngineAbsent, "No socket."), nil, false},
		{"absent where apps were found", told(model.EngineAbsent, "No socket."), found, true},
		{"forbidden", told(model.EngineForbidden, "Not allowed."), nil, true},
		{"down", told(model.EngineDown, "Nobody answers."), nil, true},
		{"too old", told(model.EngineTooOld, "18.09."), nil, true},
		{"off", told(model.EngineOff, "Switched off."), found, false},
		{"ready", told(model.EngineReady, ""), found, false},
		{"ready in part", told(model.EngineReady, "Volumes are out of sight."), nil, true},
	}
	for _, tt := range tests {
		if got := needsOfEngines(HomeProps{Devices: []model.Device{tt.device}, Apps: tt.apps}); (len(got) == 1) != tt.want {
			t.Errorf("%s: %q, want %v", tt.name, titles(got), tt.want)
		}
	}
}

func TestVerdictPassesOverWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	apps := s.composed()
	left, pending := apps[3], apps[7]
	good := s.apps[3:5]
	if v := judge(append(good[:2:2], left), s.destinations); v.Sentence != "Both apps are protected." {
		t.Errorf("with an app that is left out: %q", v.Sentence)
	}
	if v := judge(append(good[:2:2], pending), s.destinations); v.Sentence != "whoami is not protected." {
		t.Errorf("with an app that waits for a decision: %q", v.Sentence)
	}
}

func TestDatabaseParts(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	c := s.contents()
	c.Dumps = append(c.Dumps, model.Dump{Service: "web", Kind: model.SQLite, Source: "/v/app.db"})
	var got []string
	for _, d := range databaseParts(*c) {
		got = append(got, d.Value)
	}
	if want := []string{"database", "database/immich", "database/postgres", "redis"}; !slices.Equal(got, want) {
		t.Errorf("parts are %q, want %q", got, want)
	}
}

func TestReplacedWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		replaced    []string
		recreated   int
		title, text string
	}{
		{[]string{"shop_files", "db/shop"}, 0, "2 volumes, folders and databases of shop would be replaced", ""},
		{[]string{"shop_files", "container shop_web_1"}, 1, "1 volume, folder or database of shop would be replaced", "1 container of shop would be made anew."},
		{[]string{"container shop_db_1", "container shop_web_1"}, 2, "2 containers of shop would be made anew", ""},
	} {
		if title, text := replacedWords(model.AppPlan{Project: "shop", Replaced: c.replaced, Recreated: c.recreated}); title != c.title || text != c.text {
			t.Errorf("%q is said as %q, %q", c.replaced, title, text)
		}
	}
}

func TestPortRows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"127.0.0.1:8080->80/tcp": 8080, "0.0.0.0:53->53/udp": 53, "[::]:2283->2283/tcp": 2283, "80/tcp": 0, "": 0, hostile: 0, "a->b": 0,
	} {
		if got := hostPort(text); got != want {
			t.Errorf("hostPort(%q) = %d, want %d", text, got, want)
		}
	}
	s := newSample(t)
	p := RestoreProps{Contents: s.contents(), Form: RestoreForm{PortsFrom: []string{"6379", "2283"}, PortsTo: []string{"0", "8283"}}}
	want := []portRow{{"immich-server", "2283", "8283", "a free one"}, {"redis", "6379", "0", "a free one"}}
	if got := portRows(p); !slices.Equal(got, want) {
		t.Errorf("rows are %+v, want %+v", got, want)
	}
	p.Plan = &model.RestorePlan{App: &model.AppPlan{Ports: []model.PortPlan{{Service: "redis", From: 6379, To: 7000}}}}
	if got := portRows(p); !slices.Equal(got, []portRow{{"redis", "6379", "0", "7000"}}) {
		t.Errorf("rows of a plan are %+v", got)
	}
}

func TestStrategyOptions(t *testing.T) {
	t.Parallel()
	values := func(s model.FoundService) string {
		var out []string
		for _, o := range strategyOptions(s) {
			out = append(out, o.Value)
		}
		return strings.Join(out, " ")
	}
	for _, tt := range []struct {
		service model.FoundService
		want    string
	}{
		{model.FoundService{}, " hot pause stop"},
		{model.FoundService{Database: model.Postgres}, " dump hot pause stop"},
		{model.FoundService{Database: model.SQLite}, " hot pause stop"},
	} {
		if got := values(tt.service); got != tt.want {
			t.Errorf("%q is offered %q, want %q", tt.service.Database, got, tt.want)
		}
	}
	if first := strategyOptions(model.FoundService{Origin: "person", Strategy: model.StrategyStop})[0].Text; first != "Automatic" {
		t.Errorf("beside a person's choice the first option is %q", first)
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	steps := s.steps(true)
	done, not := stepsDone(steps)
	if len(done) != 4 || len(not) != 2 || stepsWords(steps) != "4 of 6" {
		t.Errorf("done %q, not %q, %s", done, not, stepsWords(steps))
	}
	if got := stepState(model.JobFailed, steps[5]).Word; got != "Not done" {
		t.Errorf("a step that was never reached is %q", got)
	}
	running := s.steps(false)[4]
	if got := stepTook(ui.Clock{Now: s.chrome.Now}, running); got != "20 s" {
		t.Errorf("a running step takes %q", got)
	}
}

func TestLastGood(t *testing.T) {
	t.Parallel()
	now := time.Now()
	old, at := now.Add(-time.Hour), now
	a := model.AppOverview{Configurations: []model.ConfigurationOverview{{Coverage: []model.Coverage{
		{DestinationID: id(1), LastGoodID: id(2), LastGoodAt: &old}, {DestinationID: id(3), LastGoodID: id(4), LastGoodAt: &at}, {DestinationID: id(5)},
	}}}}
	if got := lastGood(a); got != id(4) {
		t.Errorf("the newest is %s", got)
	}
	if got := lastGood(model.AppOverview{}); got != uuid.Nil {
		t.Errorf("of nothing it is %s", got)
	}
}

func TestPlainNames(t *testing.T) {
	t.Parallel()
	if got := ui.Plain("a\u202eb\u2066c\u2069 مرحبا"); got != "abc مرحبا" {
		t.Errorf("got %q", got)
	}
}

func TestMountChoices(t *testing.T) {
	t.Parallel()
	p := AppProps{}
	p.App.Configurations = []model.ConfigurationOverview{{Configuration: model.Configuration{Capture: &model.Capture{Binds: map[string]bool{"/chosen": false}}}}}
	for name, tc := range map[string]struct {
		mount model.FoundMount
		want  []string
	}{
		"asked":             {model.FoundMount{Kind: model.MountBind, Source: "/a", Role: model.RoleAsk}, []string{"Take", "Leave out"}},
		"asked volume":      {model.FoundMount{Kind: model.MountVolume, Source: "/v", Role: model.RoleAsk}, []string{"Take", "Leave out"}},
		"lost":              {model.FoundMount{Kind: model.MountBind, Source: "/a", Role: model.RoleLost}, []string{"Leave out"}},
		"lost volume":       {model.FoundMount{Kind: model.MountVolume, Source: "/v", Role: model.RoleLost}, []string{"Leave out"}},
		"of no known place": {model.FoundMount{Kind: model.MountVolume, Role: model.RoleLost}, nil},
		"data":              {model.FoundMount{Kind: model.MountVolume, Source: "/v", Role: model.RoleData}, []string{"Leave out"}},
		"left by choice":    {model.FoundMount{Kind: model.MountVolume, Source: "/chosen", Role: model.RoleLeft}, []string{"Take"}},
		"left by itself":    {model.FoundMount{Kind: model.MountBind, Source: "/proc", Role: model.RoleLeft}, nil},
		"dumped":            {model.FoundMount{Kind: model.MountVolume, Source: "/v", Role: model.RoleDumped}, nil},
	} {
		var got []string
		for _, c := range mountChoices(p, tc.mount) {
			got = append(got, c.word)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestDumpsAreCountedInTheirOwnWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		dump model.Dump
		want string
	}{
		{model.Dump{Kind: model.Postgres, Database: "shop", File: "dumps/db/1-shop.sql", Objects: 2}, "2 tables"},
		{model.Dump{Kind: model.Postgres, File: "dumps/db/globals.sql", Objects: 1}, "1 role"},
		{model.Dump{Kind: model.Postgres, File: "dumps/db/settings.sql", Objects: 3}, "3 settings"},
		{model.Dump{Kind: model.MariaDB, File: "dumps/db/users.sql", Objects: 2}, "2 accounts"},
		{model.Dump{Kind: model.MySQL, Database: "wiki", Objects: 1}, "1 table"},
		{model.Dump{Kind: model.MongoDB, Objects: 5}, "5 documents"},
		{model.Dump{Kind: model.Valkey, Objects: 5}, "5 keys without a time to live"},
		{model.Dump{Kind: model.SQLite, Source: "/data/app.db", Objects: 4}, "4 tables"},
	} {
		if got := objectWords(tc.dump); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.dump, got, tc.want)
		}
	}
}

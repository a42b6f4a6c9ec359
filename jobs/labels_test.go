package jobs

import (
	"slices"
	"strings"
	"testing"

	"keepstead/model"
)

func TestLabels(t *testing.T) {
	t.Parallel()
	nightly, other := model.DefaultPolicy(), model.DefaultPolicy()
	nightly.Name, other.Name, other.ID, other.IsDefault = "Nightly", "Hourly & more", model.NewID(), false
	policies := []model.Policy{nightly, other}
	for name, c := range map[string]struct {
		app, service  map[string]string
		policy        string // in the end
		off, insisted bool
		problem       string // part of the only one
	}{
		"none":                   {policy: "Nightly"},
		"a policy by name":       {app: map[string]string{"policy": " hourly & MORE "}, policy: "Hourly & more"},
		"a policy by id":         {app: map[string]string{"policy": strings.ToUpper(other.ID.String())}, policy: "Hourly & more"},
		"an unknown policy":      {app: map[string]string{"policy": "Weekly"}, policy: "Nightly", problem: "“Weekly”"},
		"off":                    {app: map[string]string{"enable": "false"}, policy: "Nightly", off: true},
		"on":                     {app: map[string]string{"enable": "true"}, policy: "Nightly", insisted: true},
		"a strategy":             {service: map[string]string{"strategy": "pause"}, policy: "Nightly"},
		"no strategy":            {service: map[string]string{"strategy": "freeze"}, policy: "Nightly", problem: "“freeze”"},
		"a timeout":              {service: map[string]string{"timeout": "60", "on-failure": "go_on"}, policy: "Nightly"},
		"no timeout":             {service: map[string]string{"timeout": "soon"}, policy: "Nightly", problem: "seconds"},
		"no answer to failure":   {service: map[string]string{"on-failure": "shrug"}, policy: "Nightly", problem: "go_on"},
		"include /proc":          {app: map[string]string{"include": "/proc/1, /srv/x"}, policy: "Nightly", problem: "/proc"},
		"a pattern that is none": {app: map[string]string{"exclude": "*.tmp\n[a-"}, policy: "Nightly", problem: "pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := model.Found{WorkingDir: "/srv/web", Labels: c.app, Services: []model.FoundService{{Name: "app", Labels: c.service}}}
			judgeLabels(&found, policies)
			if c.problem == "" && len(found.Problems) > 0 || c.problem != "" && (len(found.Problems) != 1 || !strings.Contains(found.Problems[0], c.problem)) {
				t.Errorf("problems are %q, want one with %q", found.Problems, c.problem)
			}
			if disabled(found) != c.off || insisted(found) != c.insisted {
				t.Errorf("disabled %v, insisted %v", disabled(found), insisted(found))
			}
			conf := automatic(model.NewID(), found, policies)
			i := slices.IndexFunc(policies, func(p model.Policy) bool { return p.ID == conf.PolicyID })
			if i < 0 || policies[i].Name != c.policy {
				t.Errorf("policy is %v, want %s", conf.PolicyID, c.policy)
			}
			if !conf.Automatic || !conf.Enabled || !conf.BackupVolumes || !conf.BackupCompose || !conf.BackupEnv {
				t.Errorf("configuration is %+v", conf)
			}
		})
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	found := model.Found{
		WorkingDir: "/srv/web",
		Labels:     map[string]string{"include": "/srv/extra/,certs, /proc/1", "exclude": "*.log,/var/lib/app/cache/*\n/srv/web/data/tmp, /else"},
		Mounts: []model.FoundMount{
			{Kind: model.MountVolume, Name: "app", Source: "/host/volumes/app", Path: "/seen/[app]", Users: []string{"app:/var/lib/app", "job:/work"}},
			{Kind: model.MountBind, Source: "/srv/web/data", Path: "/srv/web/data", Users: []string{"app:/data"}},
			{Kind: model.MountBind, Source: "/lost", Users: []string{"app:/else"}},
			{Kind: model.MountBind, Source: "/pg", Path: "/pg", Users: []string{"db:/bitnami"}, Without: []string{"/pg/da*ta"}},
		},
	}
	includes, excludes := scope(found, model.Configuration{IncludePaths: []string{"/mine"}, ExcludePaths: []string{"node_modules"}})
	if want := []string{"/mine", "/srv/extra", "/srv/web/certs"}; !slices.Equal(includes, want) {
		t.Errorf("includes are %q, want %q", includes, want)
	}
	want := []string{
		"node_modules", "*.log", "/var/lib/app/cache/*", `/seen/\[app]/cache/*`, "/srv/web/data/tmp", "/else", `/pg/da\*ta`,
	}
	if !slices.Equal(excludes, want) {
		t.Errorf("excludes are\n%q, want\n%q", excludes, want)
	}
}

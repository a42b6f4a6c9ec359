package views

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"keepstead/model"
)

// scopePages are the page of an app with what its includes and excludes match.
func scopePages(s sample, at func(string) Chrome) map[string]templ.Component {
	app := func(p model.ScopePreview) AppProps {
		out := AppProps{Chrome: at(AppPath(id(32))), App: s.apps[2], Policies: s.policies, Destinations: s.destinations, Snapshots: s.snapshots[1:], Jobs: s.jobs}
		form := NewConfigurationForm(s.apps[2].Configurations[0].Configuration, s.policies[0])
		for _, m := range p.Excludes {
			form.ExcludePaths += m.Pattern + "\n"
		}
		out.ConfigurationForm, out.ConfigurationID, out.Scope, out.Errors = &form, s.apps[2].Configurations[0].Configuration.ID, &p, p.Problems
		return out
	}
	odd := oddFile(s)
	full := model.ScopePreview{
		Snapshot: &s.snapshots[2].Snapshot, Left: model.Tally{Files: 1214, Bytes: 3<<30 + 100<<20}, Total: model.Tally{Files: 52318, Bytes: 40 << 30}, Cut: true,
		Excludes: []model.ExcludeMatch{
			{Pattern: "*.tmp", Tally: model.Tally{Files: 214, Bytes: 3 << 30}, Example: "/srv/paperless/a.tmp"},
			{Pattern: odd.Name[:40], Tally: model.Tally{Files: 1, Bytes: odd.Size}, Example: odd.Path},
			{Pattern: "node_modules"},
			{Pattern: "/srv/paperless/cache", InForce: true},
		},
		Includes: []model.IncludeFate{
			{Path: "/srv/paperless/media", By: "/srv/paperless"},
			{Path: "/etc/paperless", Held: model.Tally{Files: 12, Bytes: 3 << 20}},
			{Path: "/opt/new"},
			{Path: "/opt/cache", LeftOutBy: "cache"},
		},
		Problems: model.Invalids{{Field: "exclude_paths", Reason: `"[x" is not a valid pattern; write a literal [ as \[.`}},
	}
	return map[string]templ.Component{
		"app-scope":      show(s, AppPage, app(full)),
		"app-scope-none": show(s, AppPage, app(model.ScopePreview{Includes: full.Includes[2:3]})),
	}
}

// TestScopeSaysWhatIsLeftOut reads the sentences of the preview.
func TestScopeSaysWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	all := scopePages(s, func(string) Chrome { return s.chrome })
	for name, wanted := range map[string][]string{
		"app-scope": {
			"The next backup leaves out 1,214 files, 3.1 GiB of 40 GiB.", "Only 52,318 files were looked at in time", "214 files, 3.0 GiB, such as /srv/paperless/a.tmp",
			"matches nothing", "nothing in it: backups leave these out already", "captured already by /srv/paperless", "in this snapshot already: 12 files, 3.0 MiB", "left out by cache",
		},
		"app-scope-none": {"No snapshot of this app is indexed yet.", "new: looked at with the next backup"},
	} {
		page := render(t, all[name])
		for _, want := range wanted {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
}

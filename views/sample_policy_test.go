package views

import (
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"keepstead/model"
)

// policyPages are the editor in all its states.
func policyPages(s sample, at func(string) Chrome) map[string]templ.Component {
	editor := func(p model.Policy, days int) PolicyProps {
		out := PolicyProps{Chrome: at(PolicyPath(p.ID)), Policy: &p, Form: NewPolicyForm(p), Destinations: s.destinations, Apps: s.plainApps()[:2], Zones: []string{"Europe/Berlin"}, ServerZone: "Europe/Berlin", Days: days, Kept: p.Retention}
		out.Form.LookAhead = "400"
		cron, err := p.Cron()
		if err != nil {
			panic(err)
		}
		simulation := p.Simulate(cron, s.chrome.Now, days)
		out.Simulation = &simulation
		var rows []model.Snapshot
		for n := range 40 {
			rows = append(rows, model.Snapshot{Status: model.SnapshotSuccess, StartedAt: s.chrome.Now.Add(-time.Duration(n) * 29 * time.Hour)})
		}
		rows[1].Status, rows[3].Safety = model.SnapshotPartial, true
		name := strings.Repeat("<b>long name</b> ", 12)
		out.Forecast = &model.PolicyForecast{More: true, Each: []model.Forecast{
			{AppName: "Paperless", Destination: "Backup disk", Decisions: p.Judge(rows[:6], time.UTC)},
			{AppName: name, Destination: name, Own: true, Decisions: model.Retention{KeepLast: 3}.Judge(rows, time.UTC)},
			{AppName: "Immich", Destination: "Backblaze B2", Frozen: true, Decisions: p.Judge(rows, time.UTC)},
		}}
		return out
	}
	conflict := editor(s.policies[0], 400)
	theirs := s.policies[0]
	theirs.Schedule, theirs.Description, theirs.KeepYearly, theirs.JitterMinutes, theirs.UpdatedAt = "0 5 * * *", "", 3, 30, s.chrome.Now.Add(-2*time.Minute)
	conflict.Conflict = &PolicyConflict{Now: theirs, Mine: s.policies[0]}
	deleted := editor(s.policies[2], 1100)
	deleted.Policy, deleted.Forecast, deleted.Conflict = nil, nil, &PolicyConflict{}
	return map[string]templ.Component{
		"policy-simulated": show(s, PolicyPage, editor(s.policies[0], 400)),
		"policy-often":     show(s, PolicyPage, editor(s.policies[1], 1100)),
		"policy-conflict":  show(s, PolicyPage, conflict),
		"policy-deleted":   show(s, PolicyPage, deleted),
	}
}

// TestForecastComparesWithWhatIsSaved says how many more or fewer snapshots would go, where that can be said.
func TestForecastComparesWithWhatIsSaved(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	rows := []model.Snapshot{{Status: model.SnapshotFailed, StartedAt: now}}
	for n := range 9 {
		rows = append(rows, model.Snapshot{Status: model.SnapshotSuccess, StartedAt: now.AddDate(0, 0, -n)})
	}
	saved := model.Policy{Schedule: "@daily", TimeZone: "UTC", Retention: model.Retention{KeepLast: 5}, DestinationIDs: []uuid.UUID{id(1)}}
	for keep, want := range map[int]string{2: "That is 3 more than as it is saved now.", 7: "That is 2 fewer than as it is saved now.", 5: "That is as many as now."} {
		p := PolicyProps{Policy: &saved, Form: NewPolicyForm(saved)}
		p.Forecast = &model.PolicyForecast{Each: []model.Forecast{
			{Decisions: model.Retention{KeepLast: keep}.Judge(rows, time.UTC)},
			{Own: true, Decisions: model.Retention{KeepLast: 1}.Judge(rows, time.UTC)},
			{Frozen: true, Decisions: model.Retention{KeepLast: keep}.Judge(rows, time.UTC)},
		}}
		if got := comparedWords(p); got != want {
			t.Errorf("keeping %d in place of 5 says %q, want %q", keep, got, want)
		}
		p.Form.DestinationIDs = nil
		if got := comparedWords(p); got != "" {
			t.Errorf("with other destinations it compares: %q", got)
		}
	}
}

// TestJitterIsSaid reads what the pages say of a policy whose apps do not start at once.
func TestJitterIsSaid(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	at := func(string) Chrome { return s.chrome }
	first := s.chrome.Now.Add(7 * time.Minute)
	apps := []model.AppOverview{
		{Configurations: []model.ConfigurationOverview{{Policy: s.policies[1], NextRun: first.Add(time.Minute)}}},
		{Configurations: []model.ConfigurationOverview{{Policy: s.policies[1], NextRun: first}}},
	}
	for name, want := range map[string]struct {
		page  templ.Component
		texts []string
	}{
		"the list":   {PoliciesPage(PoliciesProps{Chrome: s.chrome, Policies: s.policies, Apps: apps}), []string{"spread over 20 m", first.UTC().Format(time.RFC3339)}},
		"the editor": {policyPages(s, at)["policy-often"], []string{"Each app starts up to 20 m later", `value="20"`, startWords(s.policies[1].Delay(s.plainApps()[0].ID))}},
		"a conflict": {policyPages(s, at)["policy-conflict"], []string{"Spread over", "30 m"}},
		"home":       {HomeNext(HomeProps{Chrome: s.chrome, Apps: apps}), []string{"from", first.UTC().Format(time.RFC3339)}},
	} {
		html := render(t, want.page)
		for _, text := range want.texts {
			if !strings.Contains(html, text) {
				t.Errorf("%s does not say %q", name, text)
			}
		}
	}
}

// TestPoliciesSayWhatANewAppDoes follows the setting.
func TestPoliciesSayWhatANewAppDoes(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	for mode, want := range map[string]string{model.DiscoverProtect: "follows the default one</a> at once.", model.DiscoverAsk: "waits for your decision</a>"} {
		if html := render(t, PoliciesPage(PoliciesProps{Chrome: s.chrome, Policies: s.policies, Discovery: mode})); !strings.Contains(html, want) {
			t.Errorf("with %s the page does not say %q", mode, want)
		}
	}
}

func TestTimelinePutsTheYoungestRight(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, days := range SimulatedDays() {
		last := timelineWidth + 12
		for age := range days + 3 { // a little more than the span: summer time
			x := placed(end.AddDate(0, 0, -age), end, eras(days))
			if x < 0 || x > last {
				t.Fatalf("of %d days, the one of age %d stands at %d, right of or at the younger one's %d", days, age, x, last)
			}
			last = x
		}
		if last > 10 {
			t.Errorf("the oldest of %d days stands at %d, want it at the left end", days, last)
		}
	}
}

func TestSimulatorSaysWhatStays(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	page := render(t, policyPages(s, func(string) Chrome { return s.chrome })["policy-simulated"])
	for _, want := range []string{"After 13 months, 14 of 400 snapshots would be kept", "Every day at 02:00", "Held back: all 40 stay", "35 of 40 would go", "partial, counted apart", "by a rule of its own"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

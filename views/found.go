package views

import (
	"context"
	"slices"
	"strings"
	"time"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// kindName names what an app is made of.
func kindName(k model.AppKind) string {
	switch k {
	case model.AppCompose:
		return "Compose project"
	case model.AppContainer:
		return "Container"
	case model.AppSystem:
		return "Part of Keepstead"
	}
	return "Folders"
}

// kinds are those an app can be filtered by.
func kinds() []model.AppKind {
	return []model.AppKind{model.AppCompose, model.AppContainer, model.AppFolders, model.AppSystem}
}

// madeOf says in a few words what an app is: “Compose project, 3 services, 1 database”.
func madeOf(a model.App, n model.FoundCounts) string {
	words := []string{kindName(a.Kind)}
	if a.Kind == model.AppCompose && n.Services > 0 {
		words = append(words, ui.Plural(n.Services, "service", "services"))
	}
	if n.Databases > 0 {
		words = append(words, ui.Plural(n.Databases, "database", "databases"))
	}
	return strings.Join(words, ", ")
}

// canBackUp says that an app can be backed up and switched: it is there, and follows a policy.
func canBackUp(a model.AppOverview) bool {
	return a.App.ForgottenAt == nil && !a.App.Gone && !a.App.Disabled && len(a.Configurations) > 0
}

// standing is how an app is shown in a list: gone before anything else.
func standing(a model.AppOverview) ui.State {
	if a.App.Gone {
		return ui.Gone()
	}
	return ui.OfProtection(a.Status)
}

// showsEngine says that an engine has something to tell: one that was never there is no news.
func showsEngine(d model.Device) bool {
	return d.Engine != nil && d.Engine.State != model.EngineOff && d.Engine.State != ""
}

// engineFails says that an engine cannot be used and that somebody wants it to be: apps were found there, or its socket
// is there and refuses.
func engineFails(d model.Device, apps []model.AppOverview) bool {
	if d.Engine == nil {
		return false
	}
	switch d.Engine.State {
	case model.EngineForbidden, model.EngineTooOld, model.EngineDown:
		return true
	case model.EngineAbsent:
		return slices.ContainsFunc(apps, func(a model.AppOverview) bool {
			return a.App.DeviceID == d.ID && a.App.Containers() && a.App.Origin == model.OriginFound
		})
	}
	return false
}

// engineWords says in one line what an engine is: its version and how many containers it has.
func engineWords(e model.Engine) string {
	if e.State != model.EngineReady {
		return ui.OfEngine(e.State).Word
	}
	return "Docker " + e.Version + ", " + ui.Plural(e.Containers, "container", "containers")
}

// engineTitle is the heading of a notice about an engine.
func engineTitle(d model.Device) string {
	if d.Engine.State == model.EngineReady {
		return "Keepstead sees only a part of Docker on " + d.Name
	}
	return ui.OfEngine(d.Engine.State).Word + " on " + d.Name
}

// engineNotice says that an engine has a sentence for somebody.
func engineNotice(d model.Device, apps []model.AppOverview) bool {
	return d.Engine != nil && d.Engine.Message != "" && (engineFails(d, apps) || d.Engine.State == model.EngineReady)
}

func engineState(d model.Device) ui.State {
	if d.Engine.State == model.EngineReady {
		return ui.State{Class: "is-warn", Icon: ui.IconWarning, Word: "In part"}
	}
	return ui.OfEngine(d.Engine.State)
}

// foundOf is what discovery saw of an app, never nil.
func foundOf(p AppProps) model.Found {
	if p.App.App.Found == nil {
		return model.Found{}
	}
	return *p.App.App.Found
}

// captureOf is what a person chose for an app: the same for each of its configurations.
func captureOf(p AppProps) model.Capture {
	for _, c := range p.App.Configurations {
		if c.Configuration.Capture != nil {
			return *c.Configuration.Capture
		}
	}
	return model.Capture{}
}

// serviceForm is the form of one service: as it was typed when it was refused, else as it was chosen.
func serviceForm(p AppProps, service string) ServiceForm {
	if p.CaptureForm != nil {
		if part, ok := p.CaptureForm.Of(service); ok {
			return part
		}
	}
	chosen := captureOf(p)
	hooks := chosen.Hooks[service]
	return ServiceForm{
		Strategy: string(chosen.Strategies[service]), Pre: hooks.Pre, Post: hooks.Post,
		Timeout: number(hooks.Timeout), OnFailure: hooks.OnFailure,
	}
}

func rawToo(p AppProps) bool {
	if p.CaptureForm != nil {
		return p.CaptureForm.RawToo == "on"
	}
	return captureOf(p).RawToo
}

func dumpsAny(f model.Found) bool {
	return slices.ContainsFunc(f.Services, func(s model.FoundService) bool { return s.Strategy == model.StrategyDump })
}

// strategyName names a strategy; strategyHint says what it does.
func strategyName(s model.Strategy) string {
	switch s {
	case model.StrategyDump:
		return "Database dump"
	case model.StrategyPause:
		return "Pause"
	case model.StrategyStop:
		return "Stop"
	}
	return "While running"
}

func strategyHint(s model.Strategy) string {
	switch s {
	case model.StrategyDump:
		return "the database copies itself, nothing stops"
	case model.StrategyPause:
		return "frozen while its files are read"
	case model.StrategyStop:
		return "stopped while its files are read"
	}
	return "files are read as they are"
}

// strategyOptions are what a service can be captured by; the first leaves the choice to Keepstead.
func strategyOptions(s model.FoundService) []ui.Option {
	auto := "Automatic"
	if s.Origin == "auto" || s.Origin == "" {
		auto = automatic(s.Strategy)
	}
	out := []ui.Option{{Text: auto}}
	for _, one := range model.Strategies() {
		if one == model.StrategyDump && (s.Database == "" || s.Database == model.SQLite) {
			continue
		}
		out = append(out, ui.Option{Value: string(one), Text: strategyName(one) + ": " + strategyHint(one)})
	}
	return out
}

// automatic says what Keepstead chose.
func automatic(s model.Strategy) string {
	switch s {
	case model.StrategyDump:
		return "Automatic: database dump"
	case model.StrategyPause:
		return "Automatic: pause"
	case model.StrategyStop:
		return "Automatic: stop"
	}
	return "Automatic: while running"
}

// originOfStrategy says who chose a strategy where nothing else does: a reason says it too.
func originOfStrategy(s model.FoundService) string {
	switch {
	case s.Why != "":
		return ""
	case s.Origin == "label":
		return "by its label"
	case s.Origin == "person":
		return "chosen by you"
	}
	return ""
}

func failureOptions() []ui.Option {
	return []ui.Option{{Value: "", Text: "no backup is made"}, {Value: "go_on", Text: "go on, and mark it partial"}}
}

// runningWords says how many containers of a service run, where not all of them do.
func runningWords(s model.FoundService) string {
	if len(s.Containers) < 2 || s.Running == len(s.Containers) {
		return ""
	}
	return ui.Count(s.Running) + " of " + ui.Count(len(s.Containers)) + " run"
}

// chosenBind says that a person decided about a bind mount.
func chosenBind(p AppProps, m model.FoundMount) (take, chosen bool) {
	take, chosen = captureOf(p).Binds[m.Source]
	return take, chosen
}

// mountChoice is a button by which a person decides about a mount.
type mountChoice struct {
	take, word string
	quiet      bool
}

// mountChoices are the decisions that are open about a mount. A choice is kept under the mount's place on the host, so
// there is none about a volume whose driver does not tell it.
func mountChoices(p AppProps, m model.FoundMount) []mountChoice {
	if m.Source == "" || !canChoose(p.App) {
		return nil
	}
	_, chosen := chosenBind(p, m)
	leave := mountChoice{take: "off", word: "Leave out", quiet: true}
	switch {
	case m.Role == model.RoleAsk:
		return []mountChoice{{take: "on", word: "Take"}, leave}
	case m.Role == model.RoleData, m.Role == model.RoleLost:
		return []mountChoice{leave}
	case m.Role == model.RoleLeft && chosen:
		return []mountChoice{{take: "on", word: "Take", quiet: true}}
	}
	return nil
}

// quietOf is how long the last backup kept containers stopped or paused; ok is false before the first.
func quietOf(p AppProps) (took time.Duration, ok bool) {
	for _, j := range p.Jobs {
		if j.Kind == model.JobBackup && (j.State == model.JobSuccess || j.State == model.JobPartial) && j.Result != nil {
			return time.Duration(j.Result.Quiet) * time.Millisecond, true
		}
	}
	return 0, false
}

// fixed says that a label decides about a service's strategy.
func fixed(s model.FoundService) bool {
	return s.Origin == "label" || slices.Contains(model.Strategies(), model.Strategy(s.Labels["strategy"]))
}

// hasHooks says that commands run around a service's capture.
func hasHooks(f ServiceForm) bool { return f.Pre != "" || f.Post != "" }

// sortedMounts puts what wants somebody first, then what is captured, then what is left out.
func sortedMounts(mounts []model.FoundMount) []model.FoundMount {
	rank := map[model.MountRole]int{model.RoleLost: 0, model.RoleAsk: 1, model.RoleData: 2, model.RoleDumped: 3, model.RoleLeft: 4}
	out := slices.Clone(mounts)
	slices.SortStableFunc(out, func(a, b model.FoundMount) int { return rank[a.Role] - rank[b.Role] })
	return out
}

func mountedBy(ctx context.Context, m model.FoundMount) string {
	if len(m.Users) == 0 {
		return lang.T(ctx, "used by no service")
	}
	return namesIn(ctx, m.Users, 3)
}

// mountTags are the short facts beside a mount.
func mountTags(ctx context.Context, m model.FoundMount) []string {
	var out []string
	if m.Anonymous {
		out = append(out, lang.T(ctx, "without a name"))
	}
	if m.Driver != "" && m.Driver != "local" {
		out = append(out, m.Driver)
	}
	if m.ReadOnly {
		out = append(out, lang.T(ctx, "read-only"))
	}
	return out
}

// engines are the devices whose engine was looked for.
func engines(devices []model.Device) []model.Device {
	var out []model.Device
	for _, d := range devices {
		if showsEngine(d) {
			out = append(out, d)
		}
	}
	return out
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// sentences joins sentences that may be empty.
func sentences(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), " ")
}

// groupWords says beside a device how many apps it has and what its engine is.
func groupWords(d model.Device, n AppCount) string {
	words := n.words()
	if showsEngine(d) {
		words += " · " + engineWords(*d.Engine)
	}
	return words
}

// underApp says under an app's name what it is and what it follows.
func underApp(ctx context.Context, a model.AppOverview) string {
	kind := lang.T(ctx, kindName(a.App.Kind))
	if a.LeftOut() {
		return kind + " · " + lang.T(ctx, "not protected")
	}
	if a.App.Containers() {
		return kind + " · " + policyNames(ctx, a)
	}
	return policyNames(ctx, a)
}

// containerApps counts the apps that are made of containers.
func containerApps(apps []model.AppOverview) int {
	n := 0
	for _, a := range apps {
		if a.App.Containers() {
			n++
		}
	}
	return n
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// serviceState is how a service stands; of an app that is gone, what was seen last is no news.
func serviceState(a model.App, s model.FoundService) ui.State {
	if a.Gone {
		return ui.Gone()
	}
	return ui.OfService(s)
}

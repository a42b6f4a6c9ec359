package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
)

// ChangeCapture stores how a person wants an app made of containers to be captured, and applies it to what the app's page
// shows.
func (m *Manager) ChangeCapture(ctx context.Context, configurationID uuid.UUID, chosen model.Capture) (model.Configuration, error) {
	c, err := m.Store.Configuration(ctx, configurationID)
	if err != nil {
		return c, err
	}
	app, err := m.Store.App(ctx, c.AppID)
	if err != nil {
		return c, err
	}
	if !app.Containers() || app.Found == nil {
		return c, model.Conflict{Reason: fmt.Sprintf("The containers of %q are not known, so there is nothing to choose.", app.Name)}
	}
	if err := checkCapture(*app.Found, chosen); err != nil {
		return c, err
	}
	c.Capture = &chosen
	c.Touch(m.now())
	if c, err = m.writeConfiguration(ctx, c, m.Store.UpdateConfiguration); err != nil {
		return c, err
	}
	if err := m.rediscover(ctx, app); err != nil && !errors.Is(err, model.ErrNotFound) { // an app that is gone keeps the choice
		m.logger.Warn("apply what was chosen to what is shown", "app", app.Name, "error", err)
	}
	return c, nil
}

// maxHook bounds the text of a command.
const maxHook = 4096

// checkCapture refuses choices that cannot be kept: for what is not there, or for what is not possible.
func checkCapture(found model.Found, chosen model.Capture) error {
	var problems model.Invalids
	for _, name := range slices.Sorted(maps.Keys(chosen.Strategies)) {
		checkStrategy(&problems, found, name, chosen.Strategies[name])
	}
	for _, name := range slices.Sorted(maps.Keys(chosen.Hooks)) {
		checkHooks(&problems, found, name, chosen.Hooks[name])
	}
	for _, source := range slices.Sorted(maps.Keys(chosen.Binds)) {
		i := slices.IndexFunc(found.Mounts, func(m model.FoundMount) bool { return m.Source == source })
		switch {
		case i < 0:
			problems.Add("binds", "This app mounts nothing from %q.", source)
		case chosen.Binds[source] && found.Mounts[i].Role == model.RoleLeft && found.Mounts[i].Why != whyLeft:
			problems.Add("binds", "%s cannot be saved: %s", source, found.Mounts[i].Why)
		}
	}
	return problems.Err()
}

func checkStrategy(problems *model.Invalids, found model.Found, name string, s model.Strategy) {
	svc, known := service(found, name)
	switch {
	case !known:
		problems.Add("strategies", "This app has no service %q.", name)
	case !slices.Contains(model.Strategies(), s):
		problems.Add("strategies", "%q is no strategy; choose dump, hot, pause or stop.", s)
	case svc.Self && s != model.StrategyHot:
		problems.Add("strategies", "Keepstead runs in “%s” and cannot stop itself; leave it as it is.", name)
	case s == model.StrategyDump && svc.Database == "":
		problems.Add("strategies", "“%s” is no database that Keepstead can dump; choose hot, pause or stop.", name)
	}
}

func checkHooks(problems *model.Invalids, found model.Found, name string, h model.Hooks) {
	if _, known := service(found, name); !known {
		problems.Add("hooks", "This app has no service %q.", name)
	}
	for _, text := range []string{h.Pre, h.Post} {
		if len(text) > maxHook || strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			problems.Add("hooks", "A command of “%s” is not usable; write at most %d characters of plain text.", name, maxHook)
		}
	}
	if h.Timeout < 0 || h.Timeout > int(longestHook.Seconds()) {
		problems.Add("hooks", "Give the commands of “%s” between 1 and %d seconds.", name, int(longestHook.Seconds()))
	}
	if h.OnFailure != "" && h.OnFailure != "fail" && h.OnFailure != "go_on" {
		problems.Add("hooks", "%q is no answer to a command of “%s” that fails; choose fail or go_on.", h.OnFailure, name)
	}
}

// rediscover looks at one app anew and keeps what it found.
func (m *Manager) rediscover(ctx context.Context, app model.App) error {
	engine, err := m.engine(ctx, app.DeviceID)
	if err != nil {
		return err
	}
	files, err := m.files(ctx, app.DeviceID)
	if err != nil {
		return err
	}
	m.discovery.Lock()
	defer m.discovery.Unlock()
	project, err := engine.Project(ctx, files, keyOf(app))
	if err != nil {
		return err
	}
	view, err := m.view(ctx, app.DeviceID)
	if err != nil {
		return err
	}
	change, changed := view.update(app, project)
	if !changed {
		return nil
	}
	return m.keepFound(ctx, []store.FoundApp{change})
}

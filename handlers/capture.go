package handlers

import (
	"maps"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
	"keepstead/views"
)

// ChangeCapture saves how each service of an app is captured.
func (h *Handlers) ChangeCapture(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f, err := form[views.CaptureForm](c)
	if err != nil {
		return err
	}
	chosen, err := readCapture(f)
	if err == nil {
		err = h.changeCapture(c.UserContext(), id, func(old model.Capture) model.Capture { return withForm(old, chosen) })
	}
	if err != nil {
		return h.appAgain(c, err, id, func(p *views.AppProps) { p.CaptureForm = &f })
	}
	h.good(c, "Saved. It holds from the next backup on.")
	return goTo(c, views.AppPath(id)+"#"+views.AppServicesID)
}

// readCapture reads the form. What a service leaves to Keepstead stands in it with a zero value.
func readCapture(f views.CaptureForm) (model.Capture, error) {
	var problems model.Invalids
	out := model.Capture{Strategies: map[string]model.Strategy{}, Hooks: map[string]model.Hooks{}, RawToo: f.RawToo == "on"}
	for _, value := range f.Services {
		name, err := views.FilePath(value)
		if err != nil || name == "" {
			problems.Add("service", "The name of a service cannot be read.")
			continue
		}
		part, _ := f.Of(name)
		out.Strategies[name] = model.Strategy(part.Strategy)
		hooks := model.Hooks{Pre: command(part.Pre), Post: command(part.Post), OnFailure: part.OnFailure}
		if text := strings.TrimSpace(part.Timeout); text != "" {
			if hooks.Timeout, err = strconv.Atoi(text); err != nil {
				problems.Add("timeout", "Give the time that a command of %s may take as a whole number of seconds.", name)
			}
		}
		if hooks.Pre == "" && hooks.Post == "" {
			hooks = model.Hooks{}
		}
		out.Hooks[name] = hooks
	}
	return out, problems.Err()
}

// command is a command as it was typed; browsers end lines in a way that a shell does not know.
func command(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// stillThere drops choices about what the app no longer has: nobody can see them, or take them back.
func stillThere(c model.Capture, found *model.Found) model.Capture {
	services, mounts := map[string]bool{}, map[string]bool{}
	if found != nil {
		for _, s := range found.Services {
			services[s.Name] = true
		}
		for _, m := range found.Mounts {
			mounts[m.Source] = true
		}
	}
	c.Strategies, c.Hooks, c.Binds = maps.Clone(c.Strategies), maps.Clone(c.Hooks), maps.Clone(c.Binds)
	maps.DeleteFunc(c.Strategies, func(name string, _ model.Strategy) bool { return !services[name] })
	maps.DeleteFunc(c.Hooks, func(name string, _ model.Hooks) bool { return !services[name] })
	maps.DeleteFunc(c.Binds, func(source string, _ bool) bool { return !mounts[source] })
	return c
}

// withForm puts the form's services over what was chosen.
func withForm(old, chosen model.Capture) model.Capture {
	old.Strategies, old.Hooks = maps.Clone(old.Strategies), maps.Clone(old.Hooks)
	for name, s := range chosen.Strategies {
		if s == "" {
			delete(old.Strategies, name)
			continue
		}
		if old.Strategies == nil {
			old.Strategies = map[string]model.Strategy{}
		}
		old.Strategies[name] = s
	}
	for name, hooks := range chosen.Hooks {
		if hooks == (model.Hooks{}) {
			delete(old.Hooks, name)
			continue
		}
		if old.Hooks == nil {
			old.Hooks = map[string]model.Hooks{}
		}
		old.Hooks[name] = hooks
	}
	old.RawToo = chosen.RawToo
	return old
}

// withBind puts one decision about a folder over what was chosen.
func withBind(old model.Capture, path string, take bool) model.Capture {
	old.Binds = maps.Clone(old.Binds)
	if old.Binds == nil {
		old.Binds = map[string]bool{}
	}
	old.Binds[path] = take
	return old
}

package views

import (
	"slices"

	"github.com/a-h/templ"

	"keepstead/model"
	"keepstead/views/ui"
)

// live makes an element follow its server-sent event. Its own attributes must never change: htmx would listen twice.
func live(id string) templ.Attributes { return templ.Attributes{"id": id, "sse-swap": id} }

func themeAttr(theme string) templ.Attributes {
	if theme == "light" || theme == "dark" {
		return templ.Attributes{"data-theme": theme}
	}
	return nil
}

func streamAttr(url string) templ.Attributes {
	if url == "" {
		return nil
	}
	return templ.Attributes{"sse-connect": url}
}

func currentAttr(c Chrome, path string) templ.Attributes {
	switch {
	case c.Path == path:
		return templ.Attributes{"aria-current": "page"}
	case under(c.Path, path), path == ActivityPath && under(c.Path, "/jobs"):
		return templ.Attributes{"aria-current": "true"}
	}
	return nil
}

func (c Chrome) asset(name string) string {
	if c.Asset == nil {
		return "/static/" + name
	}
	return c.Asset(name)
}

func pageTitle(c Chrome, title string) string {
	if c.Title != "" {
		title = c.Title
	}
	if title == "" {
		return "Keepstead"
	}
	return title + " · Keepstead"
}

func flashState(kind string) ui.State {
	switch kind {
	case "good":
		return ui.State{Class: "is-good", Icon: ui.IconGood}
	case "bad":
		return ui.State{Class: "is-bad", Icon: ui.IconBad}
	}
	return ui.State{Class: "is-idle", Icon: ui.IconInfo}
}

// others returns the refusals that no field of the form will show.
func others(errs model.Invalids, fields ...string) []string {
	var out []string
	for _, e := range errs {
		if !slices.Contains(fields, e.Field) {
			out = append(out, e.Reason)
		}
	}
	return out
}

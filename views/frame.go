package views

import (
	"slices"

	"github.com/a-h/templ"

	"keepstead/model"
	"keepstead/views/ui"
)

// live makes an element follow its server-sent event. Its own attributes must never change: htmx would listen twice.
func live(id string) templ.Attributes { return templ.Attributes{"id": id, "sse-swap": id} }

// rootAttrs say on the html element which theme was chosen, and whether the browser's zone is followed.
func rootAttrs(c Chrome) templ.Attributes {
	out := templ.Attributes{}
	if c.Theme == model.ThemeLight || c.Theme == model.ThemeDark {
		out["data-theme"] = string(c.Theme)
	}
	if c.FollowsZone {
		out["data-follows-zone"] = true
	}
	return out
}

// browserColour is what a phone paints its own frame with: the colour of the navigation.
type browserColour struct {
	Theme  model.Theme
	Colour string
	Media  string
}

// browserColours are those of both themes, each for when it is on. The values are --side of tokens.css.
func browserColours(chosen model.Theme) []browserColour {
	out := []browserColour{{Theme: model.ThemeLight, Colour: "#0d292b"}, {Theme: model.ThemeDark, Colour: "#050d0e"}}
	for i := range out {
		switch chosen {
		case out[i].Theme:
			out[i].Media = "all"
		case model.ThemeLight, model.ThemeDark:
			out[i].Media = "not all"
		default:
			out[i].Media = "(prefers-color-scheme: " + string(out[i].Theme) + ")"
		}
	}
	return out
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

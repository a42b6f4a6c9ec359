package views

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// live makes an element follow its server-sent event. Its own attributes must never change: htmx would listen twice.
func live(id string) templ.Attributes { return templ.Attributes{"id": id, "sse-swap": id} }

// rootAttrs say on the html element which theme was chosen, whether the browser's zone is followed, and in another
// language than English what the scripts say.
func rootAttrs(ctx context.Context, c Chrome) templ.Attributes {
	out := templ.Attributes{}
	if texts := scriptTexts(lang.In(ctx)); len(texts) > 0 {
		out["data-texts"] = jsonText(texts)
	}
	if c.Theme == model.ThemeLight || c.Theme == model.ThemeDark {
		out["data-theme"] = string(c.Theme)
	}
	if c.FollowsZone {
		out["data-follows-zone"] = true
	}
	return out
}

// saidByScripts are the texts of app.js.
var saidByScripts = []string{
	"just now", "in a moment", "1 m ago", "2 m ago", "1 h ago", "2 h ago", "1 d ago", "2 d ago", "in 1 m", "in 2 m", "in 1 h", "in 2 h", "in 1 d", "in 2 d",
	"Copied", "Press Ctrl-C to copy", "Press ⌘-C to copy", "That did not work. Try again, or reload the page.", "Keepstead did not answer. Is it running?",
}

// scriptTexts are the texts of the scripts that are others in the language.
func scriptTexts(l *lang.Language) map[string]string {
	out := map[string]string{}
	for _, text := range saidByScripts {
		if other, _ := l.Text(text); other != text {
			out[text] = other
		}
	}
	return out
}

func jsonText(texts map[string]string) string {
	out, err := json.Marshal(texts)
	if err != nil {
		return "{}" // a map of texts always can be written
	}
	return string(out)
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

// streamAttr connects the page to its stream, which learns how old the page is.
func streamAttr(c Chrome) templ.Attributes {
	if c.Live == "" {
		return nil
	}
	mark := "?"
	if strings.Contains(c.Live, "?") {
		mark = "&"
	}
	return templ.Attributes{"sse-connect": c.Live + mark + "seen=" + strconv.FormatUint(c.Seen, 10)}
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

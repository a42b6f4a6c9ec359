package views

import (
	"strconv"
	"strings"

	"keepstead/model"
	"keepstead/views/ui"
)

// typed is what was typed as the name in the form that was refused.
func typed(p SettingsProps, form string) string {
	if p.Form == form {
		return p.Name
	}
	return ""
}

// refused is the reason at a field of one of the page's forms.
func refused(p SettingsProps, form, field string) string {
	return reason(refusals(p, form), field)
}

// refusals are the reasons at one of the page's forms.
func refusals(p SettingsProps, form string) model.Invalids {
	if p.Form == form {
		return p.Errors
	}
	return nil
}

type themeChoice struct {
	Theme model.Theme
	Text  string
}

func themes() []themeChoice {
	return []themeChoice{{model.ThemeSystem, "System"}, {model.ThemeLight, "Light"}, {model.ThemeDark, "Dark"}}
}

func themeIcon(theme model.Theme) ui.IconName {
	switch theme {
	case model.ThemeLight:
		return ui.IconSun
	case model.ThemeDark:
		return ui.IconMoon
	}
	return ui.IconSystem
}

func pressed(now, theme model.Theme) string {
	return strconv.FormatBool(now == theme || now == "" && theme == model.ThemeSystem)
}

// NewAppearanceForm is the form as it stands for what a user chose.
func NewAppearanceForm(a model.Appearance) AppearanceForm {
	f := AppearanceForm{TimeZone: a.TimeZone, Hours: string(a.Hours), Dates: string(a.Dates), Language: string(a.Language)}
	if f.Hours == "" {
		f.Hours = string(model.Hours24)
	}
	if f.Dates == "" {
		f.Dates = string(model.DayFirst)
	}
	return f
}

// example is now as a page would show it with one of the choices.
func example(c ui.Clock, hours model.HourClock, dates model.DateOrder) ui.Clock {
	c.Hours, c.Dates = hours, dates
	return c
}

// browserZoneHint says which zone an empty field stands for.
func browserZoneHint(zone string) string {
	if zone == "" {
		return "that of your browser"
	}
	return zone + " (your browser’s)"
}

// browserOf names a browser and its system from the user agent, as far as anybody can tell.
func browserOf(agent string) string {
	first := func(marks ...[2]string) string {
		for _, m := range marks {
			if strings.Contains(agent, m[0]) {
				return m[1]
			}
		}
		return ""
	}
	browser := first([2]string{"Firefox/", "Firefox"}, [2]string{"Edg/", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"})
	system := first([2]string{"Android", "Android"}, [2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"Windows", "Windows"}, [2]string{"Mac OS", "macOS"}, [2]string{"Linux", "Linux"})
	switch {
	case browser == "" && system == "":
		return "Another program"
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + " on " + system
}

package views

import (
	"strconv"
	"strings"

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
	if p.Form == form {
		return reason(p.Errors, field)
	}
	return ""
}

func themes() []ui.Option {
	return []ui.Option{{Value: "system", Text: "System"}, {Value: "light", Text: "Light"}, {Value: "dark", Text: "Dark"}}
}

func themeIcon(theme string) ui.IconName {
	switch theme {
	case "light":
		return ui.IconSun
	case "dark":
		return ui.IconMoon
	}
	return ui.IconSystem
}

func pressed(now, theme string) string {
	return strconv.FormatBool(now == theme || now == "" && theme == "system")
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

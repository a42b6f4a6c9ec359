package ui

import (
	"github.com/a-h/templ"

	"keepstead/model"
)

// IconName is the name of a Lucide icon in use; see icons_data.go.
type IconName string

// Icon draws an icon the size of the text, in its colour. It is decoration: a word always stands beside it, or a label
// on the button around it.
func Icon(name IconName) templ.Component { return icon(name, "icon") }

// Spinner draws an icon that turns, unless the person asked for less motion.
func Spinner(name IconName) templ.Component { return icon(name, "icon spin") }

// IconClass draws an icon with further classes.
func IconClass(name IconName, class string) templ.Component { return icon(name, "icon "+class) }

func icon(name IconName, class string) templ.Component {
	return templ.Raw(`<svg class="` + class + `" viewBox="0 0 24 24" aria-hidden="true">` + iconBody(name) + `</svg>`)
}

// PlaceIconName names the icon of a destination's kind.
func PlaceIconName(t model.DestinationType) IconName {
	switch t {
	case model.DestinationS3:
		return IconCloud
	case model.DestinationSFTP:
		return IconServer
	}
	return IconFolder
}

// AppIconName names the icon of an app's kind.
func AppIconName(a model.App) IconName {
	switch {
	case a.SystemType == model.SystemDatabase:
		return IconDatabase
	case a.Kind == model.AppSystem:
		return IconGear
	case a.Kind == model.AppCompose:
		return IconContainers
	case a.Kind == model.AppContainer:
		return IconBox
	}
	return IconFolder
}

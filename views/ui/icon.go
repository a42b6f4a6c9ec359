package ui

import "github.com/a-h/templ"

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

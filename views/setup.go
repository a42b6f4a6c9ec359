package views

import "github.com/a-h/templ"

func stepAttr(current bool) templ.Attributes {
	if current {
		return templ.Attributes{"aria-current": "step"}
	}
	return nil
}

// Package ui holds the pieces that pages share: icons, badges, fields, times, sizes. It knows the model and no page.
package ui

import "time"

// Clock is the moment a page was asked for and the zone its times are shown in.
type Clock struct {
	Now  time.Time
	Zone *time.Location
}

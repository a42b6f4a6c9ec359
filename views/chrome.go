// Package views makes Keepstead's HTML from model values. It reads no clock, file, store or environment: what a page
// shows is in its props. A page is a component XPage(XProps); a live fragment is a component with an id from ids.go.
package views

import (
	"keepstead/model"
	"keepstead/views/ui"
)

// Chrome is what the frame around every page needs. Handlers fill it once per request.
type Chrome struct {
	ui.Clock
	Title string      // of the page; empty takes the page's own
	Path  string      // of the request, marks the place in the navigation
	User  string      // who is signed in; empty hides the navigation
	Theme model.Theme // empty follows the system, as ThemeSystem does
	// FollowsZone says that times are in the browser's zone, which a script tells.
	FollowsZone bool
	Flash       Flash
	Live        string // the URL of the page's event stream (LivePath, and the list's query); empty for none
	Seen        uint64 // how many changes were published before the page was read; its stream catches up on later ones
	Running     int    // open jobs, beside Activity
	Version     string
	Asset       func(name string) string // URL of a static file, static.URL
}

// Flash is a sentence shown once, after a redirect.
type Flash struct {
	Kind string // good, bad or empty for plain
	Text string
	// Link and LinkText offer the next step; empty for none.
	Link, LinkText string
}

// JobItem is a job with the names of what it is about, and its progress while it runs.
type JobItem struct {
	model.Job
	AppName         string
	DestinationName string
	Progress        *model.Progress
}

// SnapshotItem is a snapshot with the names of what it belongs to.
type SnapshotItem struct {
	model.Snapshot
	AppName         string
	DestinationName string
	PolicyName      string
	// Progress is that of the open job that makes it, nil when there is none.
	Progress *model.Progress
}

// Paging is one page of a list. URLs are empty at the ends.
type Paging struct {
	Newer, Older string
	Total        int // -1 where it was not counted
}

// pagesOf leads from a page of a list to those beside it, and counts what is in the whole list.
func pagesOf(p Paging, what string) ui.Pages {
	out := ui.Pages{Back: p.Newer, BackText: "Newer", On: p.Older, OnText: "Older"}
	if p.Total >= 0 {
		out.Says = ui.Count(p.Total) + " " + what
	}
	return out
}

// reason returns the sentence for a field of a refused form, or nothing.
func reason(errs model.Invalids, field string) string {
	for _, e := range errs {
		if e.Field == field {
			return e.Reason
		}
	}
	return ""
}

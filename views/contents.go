package views

import (
	"strings"

	"keepstead/model"
	"keepstead/views/ui"
)

// contentsWords counts what a snapshot of an app holds.
func contentsWords(c model.Contents) string {
	words := []string{ui.Plural(len(c.Services), "service", "services")}
	saved := 0
	for _, v := range c.Volumes {
		if v.In != "" {
			saved++
		}
	}
	if saved > 0 {
		words = append(words, ui.Plural(saved, "volume or folder", "volumes and folders"))
	}
	if n := len(c.Dumps); n > 0 {
		words = append(words, ui.Plural(n, "dump", "dumps"))
	}
	return strings.Join(words, ", ")
}

// howWas says how a service was captured.
func howWas(s model.ContentService) string {
	switch s.Strategy {
	case model.StrategyDump:
		return "dumped"
	case model.StrategyPause:
		return "paused meanwhile"
	case model.StrategyStop:
		return "stopped meanwhile"
	}
	return "read while it ran"
}

// dumpName names a dump: “db: shop”, or the service where the dump belongs to all of its server.
func dumpName(d model.Dump) string {
	switch {
	case d.Database != "":
		return d.Service + ": " + d.Database
	case d.Kind == model.Postgres:
		return d.Service + ": roles and settings"
	case d.Source != "":
		return d.Source
	}
	return d.Service
}

func dumpWords(d model.Dump) string {
	words := d.Kind.Title()
	if d.Version != "" {
		words += " " + d.Version
	}
	if d.Objects > 0 {
		words += ", " + objectWords(d)
	}
	return words
}

func objectWords(d model.Dump) string {
	switch d.Kind {
	case model.Redis, model.Valkey:
		return ui.Plural(d.Objects, "key", "keys")
	case model.MongoDB:
		return ui.Plural(d.Objects, "collection", "collections")
	}
	if d.Database == "" && d.Kind == model.Postgres {
		return ui.Plural(d.Objects, "role", "roles")
	}
	return ui.Plural(d.Objects, "table", "tables")
}

func volumeIcon(v model.ContentVolume) ui.IconName {
	if v.Kind == model.MountBind {
		return ui.IconFolder
	}
	return ui.IconDestinations
}

// notIn says why the files of a volume are not in the snapshot.
func notIn(v model.ContentVolume) string {
	if v.Role == model.RoleDumped {
		return "its database is dumped instead"
	}
	if v.Why != "" {
		return "not in it: " + v.Why
	}
	return "not in it"
}

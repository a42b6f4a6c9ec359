package views

import (
	"context"
	"path"
	"slices"
	"strings"

	"keepstead/model"
	"keepstead/views/lang"
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
func dumpName(ctx context.Context, d model.Dump) string {
	switch {
	case d.Database != "":
		return d.Service + ": " + d.Database
	case d.Kind == model.Postgres && path.Base(d.File) == "settings.sql":
		return lang.T(ctx, d.Service+": settings")
	case d.Kind == model.Postgres:
		return lang.T(ctx, d.Service+": roles")
	case d.Kind == model.MySQL || d.Kind == model.MariaDB:
		return lang.T(ctx, d.Service+": accounts")
	case d.Source != "":
		return d.Source
	}
	return d.Service
}

func dumpWords(ctx context.Context, d model.Dump) string {
	words := d.Kind.Title()
	if d.Version != "" {
		words += " " + d.Version
	}
	if d.Objects > 0 {
		words += ", " + lang.T(ctx, objectWords(d))
	}
	return words
}

// objectWords counts what a dump holds, in the words of its kind and file.
func objectWords(d model.Dump) string {
	one, many := "table", "tables"
	whole := d.Database == ""
	switch file := path.Base(d.File); {
	case d.Kind == model.Redis || d.Kind == model.Valkey:
		one, many = "key without a time to live", "keys without a time to live"
	case d.Kind == model.MongoDB:
		one, many = "document", "documents"
	case d.Kind == model.Postgres && whole && file == "settings.sql":
		one, many = "setting", "settings"
	case d.Kind == model.Postgres && whole:
		one, many = "role", "roles"
	case (d.Kind == model.MySQL || d.Kind == model.MariaDB) && whole:
		one, many = "account", "accounts"
	}
	return ui.Plural(d.Objects, one, many)
}

func volumeIcon(v model.ContentVolume) ui.IconName {
	if v.Kind == model.MountBind {
		return ui.IconFolder
	}
	return ui.IconDestinations
}

// leftOutOf are the volumes and folders of an app whose files are not in a snapshot.
func leftOutOf(c model.Contents) []model.ContentVolume {
	return slices.DeleteFunc(slices.Clone(c.Volumes), func(v model.ContentVolume) bool { return v.In != "" })
}

// notIn says why the files of a volume are not in the snapshot; empty where nothing is known of it.
func notIn(v model.ContentVolume) string {
	if v.Role == model.RoleDumped {
		return "Its database is dumped instead."
	}
	return v.Why
}

package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"keepstead/model"
)

// pgSettings lists what ALTER SYSTEM set, which is in the raw data folder alone.
const pgSettings = `SELECT name, setting FROM pg_file_settings WHERE sourcefile ~ 'postgresql[.]auto[.]conf$' AND name IS NOT NULL ORDER BY seqno`

// pgSettingsFile is the name of the dump that has them.
const pgSettingsFile = "settings.sql"

// pgPending counts those that the server takes at its start only, and does not have yet. Libraries, which the functions
// and types of a database may need, are among them.
const pgPending = `SELECT count(*) FROM pg_file_settings f JOIN pg_settings s ON lower(s.name) = lower(f.name)
	WHERE f.sourcefile ~ 'postgresql[.]auto[.]conf$' AND s.context = 'postmaster' AND NOT f.applied`

// pgLists are settings whose value is a list of names, each of which is quoted for itself.
var pgLists = []string{
	"local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries", "temp_tablespaces", "unix_socket_directories",
}

// dumpSettings writes the settings of ALTER SYSTEM, where there are any and the login may see them.
func (p *postgres) dumpSettings(ctx context.Context, t *target) ([]model.Dump, error) {
	if !p.super {
		return nil, nil
	}
	rows, err := p.query(ctx, "template1", pgSettings)
	if err != nil {
		return nil, fmt.Errorf("list the settings: %w", err)
	}
	var text strings.Builder
	d := p.describe("")
	for _, row := range rows {
		if len(row) == 2 && !ofReplication(row[0]) {
			fmt.Fprintf(&text, "ALTER SYSTEM SET %s TO %s;\n", quoteIdent(row[0]), settingText(row[0], row[1]))
			d.Objects++
		}
	}
	if d.Objects == 0 {
		return nil, nil
	}
	f, err := t.create(pgSettingsFile, nil)
	if err != nil {
		return nil, err
	}
	defer f.abandon()
	if _, err := f.Write([]byte("-- Settings of ALTER SYSTEM, written by Keepstead.\n" + text.String() + "SELECT pg_reload_conf();\n")); err != nil {
		return nil, err
	}
	d, err = f.close(d)
	return []model.Dump{d}, err
}

// ofReplication says that a setting is about where a server got its data from once, passwords included.
func ofReplication(name string) bool {
	return strings.HasPrefix(name, "primary_") || strings.HasPrefix(name, "recovery_") || name == "restore_command" || name == "archive_cleanup_command"
}

// settingText writes a value as ALTER SYSTEM reads it.
func settingText(name, value string) string {
	if !slices.Contains(pgLists, name) {
		return quoteText(value)
	}
	var parts []string
	for part := range strings.SplitSeq(value, ",") {
		parts = append(parts, quoteText(strings.Trim(strings.TrimSpace(part), `"`)))
	}
	return strings.Join(parts, ",")
}

// restart restarts the container where settings that came back need that, and enters the server anew. A container that
// the engine would remove, or whose data would go, is left alone.
func (p *postgres) restart(ctx context.Context) (*postgres, error) {
	pending, err := p.number(ctx, "template1", pgPending)
	if err != nil {
		return nil, fmt.Errorf("look for settings that need a restart: %w", err)
	}
	inMemory := slices.ContainsFunc(p.container.Tmpfs, func(dir string) bool { return inside(p.dataDir, dir) })
	if pending == 0 || p.container.Passing || inMemory {
		return p, nil
	}
	err = p.engine.Stop(ctx, p.container.ID)
	again := context.WithoutCancel(ctx) // it must not stay stopped
	if err = errors.Join(err, p.engine.Start(again, p.container.ID)); err != nil {
		return nil, fmt.Errorf("restart the server for its settings: %w", err)
	}
	now, err := p.engine.State(ctx, p.container.ID)
	if err != nil {
		return nil, fmt.Errorf("restart the server for its settings: %w", err)
	}
	p.container.StartedAt = now.StartedAt
	return p.enterPostgres(ctx)
}

package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"keepstead/model"
	"keepstead/store"
)

// stage makes the files of a system part in a folder of its own: the same folder for each run of one configuration into
// one destination, which never run twice at once, so that restic finds its parent files.
func (r *run) stage(ctx context.Context, p plan) ([]string, error) {
	dir := filepath.Join(r.staging(p), p.app.SystemType)
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear the staging folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the staging folder: %w", err)
	}
	switch p.app.SystemType {
	case model.SystemDatabase:
		if err := r.Store.CopyTo(ctx, filepath.Join(dir, "keepstead.db")); err != nil {
			return nil, fmt.Errorf("copy the database: %w", err)
		}
	case model.SystemPlatformConfig:
		if err := r.exportSettings(ctx, dir); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("system part %q is not known", p.app.SystemType)
	}
	return []string{dir}, nil
}

// unstage removes the staged copies; they are as confidential as the database.
func (r *run) unstage(p plan) {
	if p.app.Kind != model.AppSystem {
		return
	}
	if err := os.RemoveAll(r.staging(p)); err != nil {
		r.logger.Warn("remove staged files", "error", err)
	}
}

// staging is the folder of the run's pair; a system part may have a configuration for each of several policies.
func (r *run) staging(p plan) string {
	return filepath.Join(r.Dir, "staging", r.job.DestinationID.String(), p.configuration.ID.String())
}

// exportSettings writes everything a person set, as JSON that needs no Keepstead to read. Credentials are not in it:
// sealed values write themselves as [sealed].
func (r *run) exportSettings(ctx context.Context, dir string) error {
	parts := []struct {
		name string
		read func() (any, error)
	}{
		{"devices", func() (any, error) { return r.Store.Devices(ctx) }},
		{"apps", func() (any, error) { return r.Store.Apps(ctx) }},
		{"destinations", func() (any, error) { return r.Store.Destinations(ctx) }},
		{"policies", func() (any, error) { return r.Store.Policies(ctx) }},
		{"configurations", func() (any, error) { return r.Store.Configurations(ctx, store.ConfigurationFilter{}) }},
		{"channels", func() (any, error) { return r.Store.Channels(ctx) }},
	}
	for _, part := range parts {
		value, err := part.read()
		if err != nil {
			return fmt.Errorf("read the %s: %w", part.name, err)
		}
		text, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return fmt.Errorf("write the %s: %w", part.name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, part.name+".json"), append(text, '\n'), 0o600); err != nil {
			return fmt.Errorf("write the %s: %w", part.name, err)
		}
	}
	return nil
}

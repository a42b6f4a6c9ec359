package jobs

import (
	"context"
	"errors"
	"path"
	"strings"

	"keepstead/model"
)

// surveyPlaces looks which containers use the places of an app's files that are to be overwritten. It changes nothing.
func (m *Manager) surveyPlaces(ctx context.Context, app model.App, places []string) (*survey, error) {
	v := &survey{want: model.AppRestore{Mode: model.AppParts}, app: app, asFiles: true, device: app.DeviceID, key: keyOf(app)}
	var err error
	if v.files, err = m.files(ctx, v.device); err != nil {
		return nil, err
	}
	if v.engine, err = m.engine(ctx, v.device); err != nil {
		return nil, withoutEngine(engineFailure(err, "Docker cannot be reached."))
	}
	if err := v.readProjects(ctx); err != nil {
		return nil, withoutEngine(err)
	}
	v.targets = usedAt(v.mounts(), places)
	v.stop = v.toStop()
	return v, v.checkUndone(ctx, m)
}

// mounts are those of the app, and the volumes of all others: they may use one that the app has no container for now.
func (v *survey) mounts() []model.FoundMount {
	var out []model.FoundMount
	for _, p := range v.all {
		for _, m := range p.Found.Mounts {
			if p.Key == v.key || m.Kind == model.MountVolume {
				out = append(out, m)
			}
		}
	}
	return out
}

// withoutEngine adds to the failure of an engine how to do without it.
func withoutEngine(err error) error {
	var f failure
	if errors.As(err, &f) {
		f.mend = "If nothing uses the files now, restore without stopping the app. " + f.mend
		return f
	}
	return err
}

// usedAt are the volumes and folders at the places, as their users know them: the whole of a volume, of a folder only
// what is overwritten.
func usedAt(mounts []model.FoundMount, places []string) []target {
	var out []target
	for _, p := range places {
		known := false
		for _, m := range mounts {
			if m.Path == "" || path.Clean(m.Source) == "/" {
				continue
			}
			inside := model.Within(p, m.Path)
			if !inside && !model.Within(m.Path, p) {
				continue
			}
			known = known || inside
			if inside && m.Kind != model.MountVolume {
				m.Source = path.Join(m.Source, strings.TrimPrefix(p, path.Clean(m.Path)))
			}
			out = append(out, target{volume: model.ContentVolume{FoundMount: m}, to: m.Path})
		}
		if !known {
			out = append(out, target{volume: model.ContentVolume{FoundMount: model.FoundMount{Kind: model.MountBind, Source: p}}, to: p})
		}
	}
	return out
}

// wouldStop names the containers that a restore of files in place would stop meanwhile.
func (m *Manager) wouldStop(ctx context.Context, s model.Snapshot, want model.Restore, includes []string) ([]string, error) {
	if !want.InPlace || want.KeepRunning {
		return nil, nil
	}
	app, err := m.appAt(ctx, s, want)
	if err != nil || !app.Containers() {
		return nil, err
	}
	v, err := m.surveyPlaces(ctx, app, placesOf(s, includes))
	if err != nil {
		return nil, err
	}
	if len(v.obstacles) > 0 {
		return nil, model.Conflict{Reason: strings.Join(v.obstacles, " ")}
	}
	var out []string
	for _, c := range v.stop {
		out = append(out, c.Name)
	}
	return out, nil
}

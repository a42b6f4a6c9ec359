package jobs

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
)

// ForecastPolicy says what the policy, if it were saved as given, would make of the snapshots that are there, by the
// rows that Keepstead has of them. A destination that the policy does not name is left out: nothing is forgotten there.
func (m *Manager) ForecastPolicy(ctx context.Context, p model.Policy) (model.PolicyForecast, error) {
	var out model.PolicyForecast
	cron, err := p.Cron()
	if err != nil {
		return out, err
	}
	rows, err := m.Store.PolicySnapshots(ctx, p.ID, model.MaxForecast+1)
	if err != nil {
		return out, err
	}
	groups := byPair(rows)
	if out.More = len(rows) > model.MaxForecast; out.More && len(groups) > 1 {
		groups = groups[:len(groups)-1] // it may have been cut, and retention judges wholes
	}
	names, err := m.forecastNames(ctx, p.ID)
	if err != nil {
		return out, err
	}
	for _, group := range groups {
		c := names.configurations[group[0].ConfigurationID]
		if !slices.Contains(p.DestinationIDs, group[0].DestinationID) {
			continue
		}
		out.Each = append(out.Each, model.Forecast{
			AppID: c.AppID, AppName: names.apps[c.AppID], Destination: names.destinations[group[0].DestinationID],
			Own: c.Retention != nil, Frozen: c.FrozenAt != nil, Decisions: c.Keep(p).Judge(group, cron.Zone()),
		})
	}
	return out, nil
}

// byPair cuts rows, in order, into those of one configuration in one destination.
func byPair(rows []model.Snapshot) [][]model.Snapshot {
	var out [][]model.Snapshot
	for i, s := range rows {
		if i == 0 || s.ConfigurationID != rows[i-1].ConfigurationID || s.DestinationID != rows[i-1].DestinationID {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], s)
	}
	return out
}

// forecastNames is what a forecast says of the ids in its rows.
type forecastNames struct {
	configurations map[uuid.UUID]model.Configuration
	apps           map[uuid.UUID]string
	destinations   map[uuid.UUID]string
}

func (m *Manager) forecastNames(ctx context.Context, policy uuid.UUID) (forecastNames, error) {
	n := forecastNames{map[uuid.UUID]model.Configuration{}, map[uuid.UUID]string{}, map[uuid.UUID]string{}}
	configurations, err := m.Store.Configurations(ctx, store.ConfigurationFilter{PolicyID: policy})
	if err != nil {
		return n, err
	}
	for _, c := range configurations {
		n.configurations[c.ID] = c
	}
	apps, err := m.Store.Apps(ctx)
	if err != nil {
		return n, err
	}
	for _, a := range apps {
		n.apps[a.ID] = a.Name
	}
	destinations, err := m.Store.Destinations(ctx)
	for _, d := range destinations {
		n.destinations[d.ID] = d.Name
	}
	return n, err
}

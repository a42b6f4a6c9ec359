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
	if out.More = len(rows) > model.MaxForecast; out.More {
		rows = whole(rows)
	}
	groups := byPair(rows, p.DestinationIDs)
	names, err := m.forecastNames(ctx, groups)
	if err != nil {
		return out, err
	}
	configurations, err := m.Store.Configurations(ctx, store.ConfigurationFilter{PolicyID: p.ID})
	if err != nil {
		return out, err
	}
	of := map[uuid.UUID]model.Configuration{}
	for _, c := range configurations {
		of[c.ID] = c
	}
	for _, group := range groups {
		c := of[group[0].ConfigurationID]
		out.Each = append(out.Each, model.Forecast{
			AppID: c.AppID, AppName: names[c.AppID], Destination: names[group[0].DestinationID],
			Own: c.Retention != nil, Frozen: c.FrozenAt != nil, Decisions: c.Keep(p).Judge(group, cron.Zone()),
		})
	}
	return out, nil
}

// whole leaves out the last configuration of rows, which may have been cut: retention judges wholes. Where there is only
// that one, its newest are better than nothing.
func whole(rows []model.Snapshot) []model.Snapshot {
	last := rows[len(rows)-1].ConfigurationID
	if n := slices.IndexFunc(rows, func(s model.Snapshot) bool { return s.ConfigurationID == last }); n > 0 {
		return rows[:n]
	}
	return rows[:model.MaxForecast]
}

// byPair sorts rows, those of one configuration together, into those of one configuration in one of the destinations.
func byPair(rows []model.Snapshot, destinations []uuid.UUID) [][]model.Snapshot {
	type pair struct{ configuration, destination uuid.UUID }
	at := map[pair]int{}
	var out [][]model.Snapshot
	for _, s := range rows {
		if !slices.Contains(destinations, s.DestinationID) {
			continue
		}
		p := pair{s.ConfigurationID, s.DestinationID}
		if _, ok := at[p]; !ok {
			at[p] = len(out)
			out = append(out, nil)
		}
		out[at[p]] = append(out[at[p]], s)
	}
	return out
}

// forecastNames are the names of the apps and destinations in groups.
func (m *Manager) forecastNames(ctx context.Context, groups [][]model.Snapshot) (map[uuid.UUID]string, error) {
	var ids []uuid.UUID
	for _, g := range groups {
		ids = append(ids, g[0].AppID, g[0].DestinationID)
	}
	return m.Store.Names(ctx, ids)
}

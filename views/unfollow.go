package views

import (
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
)

// NewUnfollow asks before an app stops following a policy, and names where it is then no longer backed up.
func NewUnfollow(frame Chrome, a model.AppOverview, c model.Configuration, destinations []model.Destination) ConfirmProps {
	policy, others, places := leftBehind(a, c, destinations)
	p := ConfirmProps{
		Chrome: frame, Heading: "Stop following “" + policy + "”?", Button: "Stop following it", Keep: "Keep following it", Removes: true,
		Action: ConfigurationDeletePath(c.ID), Back: AppPath(a.App.ID), BackName: a.App.Name,
		Lost:  []string{policy + " no longer backs up " + a.App.Name + "."},
		Stays: []string{"Its snapshots stay, and you can still restore them."},
	}
	if len(others) == 0 {
		p.Lost = append(p.Lost, a.App.Name+" is then backed up nowhere.")
	} else {
		p.Stays = append(p.Stays, a.App.Name+" still follows "+strings.Join(others, ", ")+".")
	}
	if len(others) > 0 && len(places) > 0 {
		p.Lost = append(p.Lost, "No new backup of it goes to "+strings.Join(places, ", ")+".")
	}
	if c.Retention != nil || len(c.IncludePaths)+len(c.ExcludePaths) > 0 {
		p.Lost = append(p.Lost, "What was set for it there is lost: its own folders and patterns, and how many snapshots it keeps.")
	}
	return p
}

// leftBehind names the policy of a configuration, those that still back the app up without it, and the destinations that
// none of them has.
func leftBehind(a model.AppOverview, c model.Configuration, destinations []model.Destination) (policy string, others, places []string) {
	here, elsewhere := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, o := range a.Configurations {
		at := elsewhere
		switch {
		case o.Configuration.ID == c.ID:
			policy, at = o.Policy.Name, here
		case o.Status == model.Paused || len(o.Coverage) == 0:
			continue
		default:
			others = append(others, o.Policy.Name)
		}
		for _, v := range o.Coverage {
			at[v.DestinationID] = true
		}
	}
	for _, d := range destinations {
		if here[d.ID] && !elsewhere[d.ID] {
			places = append(places, d.Name)
		}
	}
	return policy, others, places
}

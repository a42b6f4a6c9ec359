package views

import "keepstead/model"

// DestinationRemoveProps asks before a destination is removed, and names what loses its protection.
type DestinationRemoveProps struct {
	ConfirmProps
	Destination model.Destination
	Nowhere     []model.App    // that no other destination takes then
	Policies    []model.Policy // that no longer back up to it
}

// NewDestinationRemove gathers what loses a destination. Apps that are switched off are not backed up to it now.
func NewDestinationRemove(p ConfirmProps, d model.Destination, apps []model.AppOverview, policies []model.Policy) DestinationRemoveProps {
	out := DestinationRemoveProps{ConfirmProps: p, Destination: d}
	for _, a := range apps {
		here, elsewhere := false, false
		for _, c := range a.Configurations {
			for _, v := range c.Coverage {
				used := c.Status != model.Paused
				here = here || used && v.DestinationID == d.ID
				elsewhere = elsewhere || used && v.DestinationID != d.ID
			}
		}
		if here && !elsewhere {
			out.Nowhere = append(out.Nowhere, a.App)
		}
	}
	for _, policy := range policies {
		for _, id := range policy.DestinationIDs {
			if id == d.ID {
				out.Policies = append(out.Policies, policy)
			}
		}
	}
	return out
}

func appNames(apps []model.App) []string {
	return each(apps, func(a model.App) string { return a.Name })
}

func namesOfPolicies(policies []model.Policy) []string {
	return each(policies, func(p model.Policy) string { return p.Name })
}

package model

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// checkedWithin is how old the last good check of a destination may be: checks run once a week.
const checkedWithin = 14 * 24 * time.Hour

// Rule is how far the apps that are on keep the 3-2-1-1-0 rule, by what is known and nothing else.
type Rule struct {
	Copies  Safeguard // 3: the data and good backups in two destinations
	Kinds   Safeguard // 2: a backup that does not fail together with the app's own device
	Offsite Safeguard // 1: a backup in another place
	Locked  Safeguard // 1: a backup that withstood a tamper test
	Checked Safeguard // 0: destinations without errors, by a check of the last two weeks
}

// Safeguard is one part of the rule.
type Safeguard struct {
	Have, Of int      // apps that have it, of those that are on; destinations for Checked
	Lacking  []string // names of those that do not
	By       []Destination
	// Doubt are destinations that could have helped: not known where they stand, never tried, not checked.
	Doubt []Destination
}

// Met says that nothing lacks it.
func (s Safeguard) Met() bool { return s.Of > 0 && s.Have == s.Of }

// Met counts the parts that are kept, of five.
func (r Rule) Met() int {
	n := 0
	for _, s := range r.Parts() {
		if s.Met() {
			n++
		}
	}
	return n
}

// Parts lists the safeguards in the order of the rule.
func (r Rule) Parts() []Safeguard {
	return []Safeguard{r.Copies, r.Kinds, r.Offsite, r.Locked, r.Checked}
}

// place is what the rule asks of a destination.
type place struct {
	Destination
	provider string
	here     bool // a folder of the machine that Keepstead runs on
	offsite  bool
}

// JudgeRule looks at what each destination holds of the apps that are on. Destinations that are disabled do not count.
func JudgeRule(apps []AppOverview, destinations []Destination, devices []Device, now time.Time) Rule {
	places := placesOf(destinations, devices)
	var r Rule
	for _, a := range apps {
		if a.LeftOut() || a.App.Gone || a.Status == Paused {
			continue
		}
		held := a.held(places)
		r.Copies.count(a.App.Name, each(held, func(at []*place) bool { return len(at) >= 2 }))
		r.Kinds.count(a.App.Name, each(held, anyPlace(func(p *place) bool { return !strings.EqualFold(p.provider, a.Device.Name) })))
		r.Offsite.count(a.App.Name, each(held, anyPlace(func(p *place) bool { return p.offsite })))
		r.Locked.count(a.App.Name, each(held, anyPlace(func(p *place) bool { return p.TamperResult == TamperHeld })))
	}
	for _, d := range destinations {
		p, enabled := places[d.ID]
		if !enabled {
			continue
		}
		r.Offsite.sort(d, p.offsite, d.Site == "" && !p.offsite && !p.here)
		r.Locked.sort(d, d.TamperResult == TamperHeld, d.TamperResult == "")
		if d.TotalSnapshots > 0 {
			fresh := d.LastCheckAt != nil && now.Sub(*d.LastCheckAt) <= checkedWithin
			r.Checked.count(d.Name, fresh)
			r.Checked.sort(d, false, !fresh)
		}
	}
	return r
}

func (s *Safeguard) count(name string, has bool) {
	s.Of++
	if has {
		s.Have++
	} else {
		s.Lacking = append(s.Lacking, name)
	}
}

func (s *Safeguard) sort(d Destination, by, doubt bool) {
	if by {
		s.By = append(s.By, d)
	} else if doubt {
		s.Doubt = append(s.Doubt, d)
	}
}

// held are the places with a good snapshot, for each configuration of an app that is on.
func (v AppOverview) held(places map[uuid.UUID]*place) [][]*place {
	out := make([][]*place, 0, len(v.Configurations))
	for _, c := range v.Configurations {
		if c.Status == Paused {
			continue
		}
		at := make([]*place, 0, len(c.Coverage))
		for _, have := range c.Coverage {
			if p, ok := places[have.DestinationID]; ok && have.LastGoodAt != nil {
				at = append(at, p)
			}
		}
		out = append(out, at)
	}
	return out
}

// each says that there are configurations, and that the places of each are enough.
func each(held [][]*place, enough func([]*place) bool) bool {
	return len(held) > 0 && !slices.ContainsFunc(held, func(at []*place) bool { return !enough(at) })
}

func anyPlace(good func(*place) bool) func([]*place) bool {
	return func(at []*place) bool { return slices.ContainsFunc(at, good) }
}

// placesOf returns the enabled destinations with what is known of where they stand.
func placesOf(destinations []Destination, devices []Device) map[uuid.UUID]*place {
	names, home := map[uuid.UUID]string{}, map[string]bool{"home": true}
	local := map[uuid.UUID]bool{}
	for _, d := range devices {
		names[d.ID], local[d.ID] = d.Name, d.Kind != DeviceSSH
	}
	for _, d := range destinations {
		if d.Type == DestinationLocal && local[d.LocalDeviceID] && d.Site != "" {
			home[strings.ToLower(d.Site)] = true
		}
	}
	out := map[uuid.UUID]*place{}
	for _, d := range destinations {
		if d.Enabled {
			out[d.ID] = &place{
				Destination: d, provider: d.FailureDomain(names[d.LocalDeviceID]).Provider,
				here: d.Type == DestinationLocal && local[d.LocalDeviceID], offsite: d.offsite(home),
			}
		}
	}
	return out
}

// offsite says that a destination is known to stand somewhere else than home: because a person named another place, or
// because a company is known to run it. A region alone says nothing: servers at home have one, too.
func (d Destination) offsite(home map[string]bool) bool {
	if d.Site != "" {
		return !home[strings.ToLower(d.Site)]
	}
	switch d.Type {
	case DestinationS3:
		return companyOf(hostOf(d.S3Endpoint)) != ""
	case DestinationSFTP:
		return companyOf(d.SFTPHost) != ""
	}
	return false
}

package model

import "time"

// FoundCounts is what a list says of an app made of containers: Found without its weight.
type FoundCounts struct {
	Services  int
	Databases int
	Volumes   int // volumes and binds whose data is saved, as files or as a dump
	Ask       int // mounts that wait for a decision
	Lost      int // mounts that Keepstead cannot read
	Self      bool
	SeenAt    time.Time
}

// Counts sums up what was found; of nothing it is zero.
func (f *Found) Counts() FoundCounts {
	if f == nil {
		return FoundCounts{}
	}
	out := FoundCounts{Services: len(f.Services), Self: f.Self, SeenAt: f.SeenAt}
	for _, s := range f.Services {
		if s.Database != "" {
			out.Databases++
		}
	}
	for _, m := range f.Mounts {
		switch m.Role {
		case RoleData, RoleDumped:
			out.Volumes++
		case RoleAsk:
			out.Ask++
		case RoleLost:
			out.Lost++
		}
	}
	return out
}

// LeftOut says that an app made of containers is there and nothing of it is backed up, because somebody decided so.
func (v AppOverview) LeftOut() bool {
	a := v.App
	return a.Containers() && !a.Pending && !a.Gone && a.ForgottenAt == nil && len(v.Configurations) == 0
}

// Containers says that the app is made of containers, so that discovery keeps it up to date.
func (a App) Containers() bool { return a.Kind == AppCompose || a.Kind == AppContainer }

package model

// What happens to an app that discovery finds for the first time.
const (
	DiscoverProtect = "protect" // it gets a configuration with the default policy at once
	DiscoverAsk     = "ask"     // it waits for a decision
)

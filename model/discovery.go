package model

// DiscoveryMode says what happens to an app that discovery finds for the first time.
type DiscoveryMode string

// The modes.
const (
	DiscoverProtect DiscoveryMode = "protect" // it gets a configuration with the default policy at once
	DiscoverAsk     DiscoveryMode = "ask"     // it waits for a decision
)

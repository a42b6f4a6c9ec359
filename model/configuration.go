package model

import (
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Configuration joins an app to a policy.
type Configuration struct {
	ID       uuid.UUID `bun:",pk"`
	AppID    uuid.UUID
	PolicyID uuid.UUID
	// Automatic marks the configuration that was made by itself for a new app; the platform's first POST for that
	// app takes it over.
	Automatic      bool
	IsSystemBackup bool
	SystemType     string

	BackupVolumes bool
	BackupCompose bool
	BackupEnv     bool

	// Capture holds a person's choices for an app made of containers.
	Capture *Capture `bun:",nullzero"`

	// IncludePaths are absolute paths backed up beside the app's own.
	IncludePaths []string
	// ExcludePaths are absolute paths, or patterns such as *.tmp and node_modules, that are left out.
	ExcludePaths []string
	// Retention replaces the policy's when it is not nil.
	Retention *Retention `bun:",nullzero"`

	Enabled bool
	// FrozenAt and FrozenReason hold retention back until somebody has looked (safety core 6).
	FrozenAt     *time.Time
	FrozenReason string
	Stamps
}

// Validate checks paths, patterns and the retention override.
func (c Configuration) Validate() error {
	var problems Invalids
	if c.AppID == uuid.Nil {
		problems.Add("app_id", "Name the app to back up.")
	}
	if c.PolicyID == uuid.Nil {
		problems.Add("policy_id", "Name the policy to follow.")
	}
	checkSources(&problems, "include_paths", c.IncludePaths)
	if len(c.ExcludePaths) > MaxPaths {
		problems.Add("exclude_paths", "Use at most %d entries.", MaxPaths)
	}
	for _, pattern := range c.ExcludePaths {
		checkPattern(&problems, pattern)
	}
	if c.Retention != nil {
		problems = append(problems, c.Retention.check()...)
	}
	return problems.Err()
}

func checkPattern(problems *Invalids, pattern string) {
	if strings.TrimSpace(pattern) == "" || len(pattern) > maxPath || !printable(pattern) {
		problems.Add("exclude_paths", "%q is not a usable path or pattern.", clip(pattern))
		return
	}
	if strings.HasPrefix(pattern, "!") {
		problems.Add("exclude_paths", "%q would include, not exclude; write it without the exclamation mark.", clip(pattern))
		return
	}
	// restic matches name by name and refuses the whole backup for one part that it cannot read.
	for part := range strings.SplitSeq(path.Clean(pattern), "/") {
		if _, err := path.Match(part, part); err != nil {
			problems.Add("exclude_paths", "%q is not a valid pattern; write a literal [ as \\[.", clip(pattern))
			return
		}
	}
}

// Keep returns the retention in force: the override, or the policy's.
func (c Configuration) Keep(p Policy) Retention {
	if c.Retention != nil {
		return *c.Retention
	}
	return p.Retention
}

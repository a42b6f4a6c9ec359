package config

import (
	"regexp"
	"runtime/debug"
)

// Version returns the version that the build stamped, or what the Go tool recorded about the source.
func Version(stamped string) string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "dev-" + s.Value[:12]
		}
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "dev"
}

// Released says whether a version is that of a release, such as v1.4.0 or v1.4.0-rc.1. That of any other build names its
// commit.
func Released(version string) bool {
	return regexp.MustCompile(`^v?\d+\.\d+\.\d+(-(alpha|beta|rc)\.?\d+)?$`).MatchString(version)
}

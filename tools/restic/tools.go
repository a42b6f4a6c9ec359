//go:build tools

// Package restic pins the restic release that Keepstead builds and bundles.
package restic

import _ "github.com/restic/restic/cmd/restic"

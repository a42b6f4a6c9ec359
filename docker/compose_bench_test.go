package docker

import (
	"log/slog"
	"path/filepath"
	"testing"

	"keepstead/device"
	"keepstead/testbed"
)

// BenchmarkComposeFile reads the compose file of one project, as the first discovery does for each.
func BenchmarkComposeFile(b *testing.B) {
	e := &Engine{host: device.NewLocal(slog.New(slog.DiscardHandler)), looks: newLooks()}
	files := localFiles(b, e)
	dir := filepath.Join(testbed.Root(b), "testbed", "projects", testbed.Everything)
	set := composeSet{dir: dir, files: []string{dir + "/docker-compose.yml"}}
	for b.Loop() {
		if got := e.read(b.Context(), files, set, nil); got.depends["web"] == nil {
			b.Fatal(got.problem)
		}
	}
}

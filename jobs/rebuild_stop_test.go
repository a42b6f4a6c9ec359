package jobs

import (
	"strings"
	"testing"

	"keepstead/docker"
)

// TestKeepsteadDoesNotStopItself says what to do instead, which is another thing for files than for an app.
func TestKeepsteadDoesNotStopItself(t *testing.T) {
	t.Parallel()
	for asFiles, want := range map[bool]string{
		false: "Restore the files to a folder, or as a new project.", true: "Restore them to another folder, or without stopping the app.",
	} {
		v := &survey{asFiles: asFiles}
		stop := v.take(v.take(nil, docker.Container{Name: "keepstead", Self: true}), docker.Container{Name: "web"})
		if len(stop) != 1 || stop[0].Name != "web" || len(v.obstacles) != 1 || !strings.HasSuffix(v.obstacles[0], want) {
			t.Errorf("files: %v: it stops %+v, obstacles %q", asFiles, stop, v.obstacles)
		}
	}
}

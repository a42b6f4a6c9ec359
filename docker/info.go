package docker

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/moby/moby/client"

	"keepstead/model"
)

// Info returns what the engine says of itself, and what Keepstead lacks to use it well. With an error it returns the
// state that the error means.
func (e *Engine) Info(ctx context.Context) (model.Engine, error) {
	asking, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	got, err := e.api.Info(asking, client.InfoOptions{})
	if err != nil {
		err = e.explain(ctx, "ask the engine about itself", err)
		return Condition(err, time.Now().UTC()), err
	}
	info := model.Engine{
		State: model.EngineReady, Version: got.Info.ServerVersion, APIVersion: e.api.ClientVersion(), RootDir: e.root,
		Containers: got.Info.Containers, Self: e.self.id, SeenAt: time.Now().UTC(),
	}
	info.Message, info.Mend, err = e.lacks()
	return info, err
}

// Condition is what an error of Open or Info says of the engine.
func Condition(err error, at time.Time) model.Engine {
	out := model.Engine{State: model.EngineDown, SeenAt: at}
	var e *Error
	if errors.As(err, &e) {
		out.State, out.Message, out.Mend = e.State, e.Message, e.Mend
		return out
	}
	out.Message, out.Mend = "Docker did not answer as it should.", "Look at Keepstead's log for the reason."
	return out
}

// lacks says why Keepstead cannot read the engine's volumes, or not restore into them, and what mends it.
func (e *Engine) lacks() (message, mend string, err error) {
	volumes := path.Join(e.root, "volumes")
	add := fmt.Sprintf("Add the volume %s:%s to Keepstead's container and make it anew.", volumes, volumes)
	here, ok := e.HostPath(volumes)
	if !ok {
		return fmt.Sprintf("Keepstead runs in a container without %s, so it cannot read any volume.", volumes), add, nil
	}
	files, err := e.host.Files()
	if err != nil {
		return "", "", fmt.Errorf("reach the files of the device: %w", err)
	}
	_, err = files.ReadDir(here)
	switch {
	case err != nil && e.self.boxed:
		return fmt.Sprintf("Keepstead runs in a container that this Docker does not know, and does not see %s.", volumes), add, nil
	case err != nil && e.self.id != "":
		return fmt.Sprintf("Keepstead's container does not show what is in %s.", volumes), add, nil
	case err != nil:
		return fmt.Sprintf("Keepstead cannot read %s, where Docker keeps volumes.", volumes), "Run Keepstead as root.", nil
	case e.self.readOnly(here):
		return fmt.Sprintf("Keepstead sees %s read-only: it can back volumes up, but not restore into them.", volumes),
			"Mount it into Keepstead's container without “:ro”.", nil
	}
	return "", "", nil
}

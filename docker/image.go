package docker

import (
	"context"
	"fmt"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// ImageRef names an image as exactly as it is known.
type ImageRef struct {
	Name   string // as it was asked for: postgres:15
	ID     string // of the image itself; empty where it is not known
	Digest string // name@sha256:… in a registry; empty for an image that came from none
}

// ImageFound says what an engine has of an ImageRef.
type ImageFound struct {
	Use   string // what to make a container from; empty when there is nothing
	Exact bool   // it is the very image, not another that has its name by now
}

// Image looks for an image: by its id, else by its digest, else by its name.
func (e *Engine) Image(ctx context.Context, ref ImageRef) (ImageFound, error) {
	named, err := e.imageID(ctx, ref.Name)
	if err != nil {
		return ImageFound{}, err
	}
	if named != "" && named == ref.ID {
		return ImageFound{Use: ref.Name, Exact: true}, nil
	}
	for _, exact := range []string{ref.ID, ref.Digest} {
		id, err := e.imageID(ctx, exact)
		switch {
		case err != nil:
			return ImageFound{}, err
		case id != "" && id == named:
			return ImageFound{Use: ref.Name, Exact: true}, nil
		case id != "":
			return ImageFound{Use: exact, Exact: true}, nil
		}
	}
	if named == "" {
		return ImageFound{}, nil
	}
	return ImageFound{Use: ref.Name, Exact: ref.ID == "" && ref.Digest == ""}, nil
}

// imageID returns the id of the image behind a reference; empty when it is not there.
func (e *Engine) imageID(ctx context.Context, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	limited, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	in, err := e.api.ImageInspect(limited, ref)
	switch {
	case cerrdefs.IsNotFound(err), cerrdefs.IsInvalidArgument(err):
		return "", nil
	case err != nil:
		return "", e.explain(ctx, "look for the image "+ref, err)
	}
	return in.ID, nil
}

// PullProgress is how far a pull has come.
type PullProgress struct{ Done, Total int64 } // bytes of the layers known so far

// Pull brings an image from its registry: by its digest where it has one, which is the very image, else by its name. One
// pulled by digest gets its name where nothing else has it.
func (e *Engine) Pull(ctx context.Context, ref ImageRef, progress func(PullProgress)) error {
	if ref.Digest == "" {
		return e.pull(ctx, ref.Name, progress)
	}
	if err := e.pull(ctx, ref.Digest, progress); err != nil {
		// A registry may have dropped it; its name may still lead somewhere.
		if ctx.Err() != nil || !pullable(ref.Name) || e.pull(ctx, ref.Name, progress) != nil {
			return err
		}
		return nil
	}
	named, err := e.imageID(ctx, ref.Name)
	if err != nil || named != "" || !pullable(ref.Name) {
		return err
	}
	if _, err := e.api.ImageTag(ctx, client.ImageTagOptions{Source: ref.Digest, Target: ref.Name}); err != nil {
		return e.explain(ctx, "name the image "+ref.Name, err)
	}
	return nil
}

// pullable says that the reference is a name, not an id or a digest.
func pullable(name string) bool { return name != "" && !strings.Contains(name, "sha256:") }

func (e *Engine) pull(ctx context.Context, ref string, progress func(PullProgress)) error {
	if ref == "" || strings.HasPrefix(ref, "sha256:") {
		return fmt.Errorf("the image %s has no name in any registry, so it cannot be pulled", ref)
	}
	out, err := e.api.ImagePull(ctx, ref, client.ImagePullOptions{})
	if err != nil {
		return e.explain(ctx, "pull "+ref, err)
	}
	defer func() { _ = out.Close() }() // read to its end, or given up
	layers := map[string]PullProgress{}
	for msg, err := range out.JSONMessages(ctx) {
		switch {
		case err != nil:
			return e.explain(ctx, "pull "+ref, err)
		case msg.Error != nil:
			return fmt.Errorf("pull %s: %w", ref, msg.Error)
		case msg.Progress != nil && msg.ID != "" && msg.Status == "Downloading":
			layers[msg.ID] = PullProgress{Done: msg.Progress.Current, Total: msg.Progress.Total}
			if progress != nil {
				progress(sum(layers))
			}
		}
	}
	return nil
}

func sum(layers map[string]PullProgress) PullProgress {
	var all PullProgress
	for _, l := range layers {
		all.Done += l.Done
		all.Total += l.Total
	}
	return all
}

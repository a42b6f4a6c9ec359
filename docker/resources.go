package docker

import (
	"context"
	"errors"
	"fmt"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"keepstead/model"
)

const localDriver = "local"

// EnsureVolume makes a volume that is not there, with its driver, options and labels, and returns where the host keeps
// it. One that is there is left as it is; with another driver it is a model.Conflict.
func (e *Engine) EnsureVolume(ctx context.Context, v model.ContentVolume) (bool, string, error) {
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	driver := v.Driver
	if driver == "" {
		driver = localDriver
	}
	have, err := e.api.VolumeInspect(limited, v.Name, client.VolumeInspectOptions{})
	switch {
	case err == nil && have.Volume.Driver != driver:
		return false, "", model.Conflict{Reason: fmt.Sprintf(
			"The volume %s is there already, but its driver is %s and not %s. Remove or rename it first.", v.Name, have.Volume.Driver, driver)}
	case err == nil:
		return false, have.Volume.Mountpoint, nil
	case !cerrdefs.IsNotFound(err):
		return false, "", e.explain(ctx, "look at volume "+v.Name, err)
	}
	made, err := e.api.VolumeCreate(limited, client.VolumeCreateOptions{Name: v.Name, Driver: driver, DriverOpts: v.Options, Labels: v.Labels})
	if err == nil {
		return true, made.Volume.Mountpoint, nil
	}
	err = e.explain(ctx, "make volume "+v.Name, err)
	if driver != localDriver && ctx.Err() == nil && !gone(err) {
		return false, "", fmt.Errorf("The volume %s cannot be made: it needs the volume driver %s, which this Docker does not have or cannot use. "+
			"Install the driver, or restore the files to a folder: %w", v.Name, driver, err)
	}
	return false, "", err
}

// gone says that the engine itself could not be used.
func gone(err error) bool {
	var engine *Error
	return errors.As(err, &engine)
}

// predefined are the networks that every engine has.
func predefined(name string) bool {
	return name == network.NetworkBridge || name == network.NetworkHost || name == network.NetworkNone
}

// EnsureNetwork makes a network that is not there. Where another network has taken its addresses it gets others: only a
// container with a fixed address minds, and Create says so.
func (e *Engine) EnsureNetwork(ctx context.Context, n model.ContentNetwork) (bool, error) {
	if predefined(n.Name) {
		return false, nil
	}
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	have, err := e.api.NetworkInspect(limited, n.Name, client.NetworkInspectOptions{})
	// The engine also answers to the beginning of an id.
	if err == nil && have.Network.Name == n.Name {
		return false, nil
	}
	if err != nil && !cerrdefs.IsNotFound(err) {
		return false, e.explain(ctx, "look at network "+n.Name, err)
	}
	opts, err := networkOptions(n)
	if err != nil {
		return false, err
	}
	_, err = e.api.NetworkCreate(limited, n.Name, opts)
	if err != nil && opts.IPAM != nil && ctx.Err() == nil {
		opts.IPAM = nil
		if _, again := e.api.NetworkCreate(limited, n.Name, opts); again == nil {
			return true, nil
		}
	}
	if err != nil {
		return false, e.explain(ctx, "make network "+n.Name, err)
	}
	return true, nil
}

func networkOptions(n model.ContentNetwork) (client.NetworkCreateOptions, error) {
	opts := client.NetworkCreateOptions{
		Driver: n.Driver, Internal: n.Internal, Attachable: n.Attachable, Options: n.Options, Labels: n.Labels,
	}
	if n.EnableIPv6 {
		opts.EnableIPv6 = &n.EnableIPv6
	}
	ipam, err := ipamOf(n)
	if err != nil {
		return opts, fmt.Errorf("make network %s: %w", n.Name, err)
	}
	opts.IPAM = ipam
	return opts, nil
}

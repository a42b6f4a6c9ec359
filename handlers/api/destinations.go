package api

import (
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
)

const destinationsPath = "/backup/destinations/"

func (a *API) listDestinations(c *fiber.Ctx) error {
	rows, err := a.Store.Destinations(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(DestinationList{Destinations: mapped(rows, wireDestination)})
}

func (a *API) getDestination(c *fiber.Ctx) error {
	d, err := a.Store.Destination(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return c.JSON(wireDestination(d))
}

func (a *API) createS3Destination(c *fiber.Ctx) error {
	var in S3DestinationCreate
	if err := decode(c, &in); err != nil {
		return err
	}
	d := model.Destination{
		Name: in.Name, Type: model.DestinationS3, Enabled: true, S3Endpoint: in.Endpoint, S3Bucket: in.Bucket,
		S3Region: in.Region, S3Prefix: in.Prefix, S3PathStyle: in.PathStyle, S3CACert: in.CACert,
	}
	s := model.DestinationSecrets{AccessKey: in.AccessKey, SecretKey: in.SecretKey, RepoPassword: in.RepoPassword}
	return a.addDestination(c, d, s)
}

func (a *API) createLocalDestination(c *fiber.Ctx) error {
	var in LocalDestinationCreate
	if err := decode(c, &in); err != nil {
		return err
	}
	device, err := a.deviceOr(c.UserContext(), in.DeviceID)
	if err != nil {
		return err
	}
	d := model.Destination{Name: in.Name, Type: model.DestinationLocal, Enabled: true, LocalDeviceID: device, LocalPath: in.Path}
	return a.addDestination(c, d, model.DestinationSecrets{RepoPassword: in.RepoPassword})
}

func (a *API) addDestination(c *fiber.Ctx, d model.Destination, s model.DestinationSecrets) error {
	d, err := a.Jobs.AddDestination(c.UserContext(), d, s)
	if err != nil {
		return err
	}
	return created(c, destinationsPath, d.ID, wireDestination(d))
}

func (a *API) changeDestination(c *fiber.Ctx) error {
	d, s, err := a.changedDestination(c)
	if err != nil {
		return err
	}
	d, err = a.Jobs.ChangeDestination(c.UserContext(), d, s)
	if err != nil {
		return err
	}
	return c.JSON(wireDestination(d))
}

func (a *API) removeDestination(c *fiber.Ctx) error {
	if err := a.Jobs.RemoveDestination(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// maintain queues a job of the kind for the destination.
func (a *API) maintain(kind model.JobKind) fiber.Handler {
	return func(c *fiber.Ctx) error {
		job, err := a.Jobs.Maintain(c.UserContext(), pathID(c), kind)
		if err != nil {
			return err
		}
		return a.accepted(c, job)
	}
}

// changedDestination returns the destination in the path with the body's changes.
func (a *API) changedDestination(c *fiber.Ctx) (model.Destination, model.DestinationSecrets, error) {
	d, err := a.Store.Destination(c.UserContext(), pathID(c))
	if err != nil {
		return d, model.DestinationSecrets{}, err
	}
	in := DestinationChange{
		Name: d.Name, Enabled: d.Enabled, Endpoint: d.S3Endpoint, Bucket: d.S3Bucket, Region: d.S3Region,
		Prefix: d.S3Prefix, PathStyle: d.S3PathStyle, CACert: d.S3CACert, DeviceID: d.LocalDeviceID, Path: d.LocalPath,
	}
	if err := decode(c, &in); err != nil {
		return d, model.DestinationSecrets{}, err
	}
	d.Name, d.Enabled = in.Name, in.Enabled
	d.S3Endpoint, d.S3Bucket, d.S3Region, d.S3Prefix = in.Endpoint, in.Bucket, in.Region, in.Prefix
	d.S3PathStyle, d.S3CACert, d.LocalDeviceID, d.LocalPath = in.PathStyle, in.CACert, in.DeviceID, in.Path
	s := model.DestinationSecrets{AccessKey: in.AccessKey, SecretKey: in.SecretKey, RepoPassword: in.RepoPassword}
	return d, s, otherTypes(c, d.Type)
}

// otherTypes refuses the fields that belong to another type of destination.
func otherTypes(c *fiber.Ctx, t model.DestinationType) error {
	fields := []string{"endpoint", "bucket", "region", "prefix", "path_style", "ca_cert", "access_key", "secret_key"}
	if t == model.DestinationS3 {
		fields = []string{"device_id", "path"}
	}
	var problems model.Invalids
	for field := range checked(c).given {
		if slices.Contains(fields, field) {
			problems.Add(field, "A destination of type “%s” has no such field.", t)
		}
	}
	return problems.Err()
}

// deviceOr returns the id, or that of the machine Keepstead runs on where none is given.
func (a *API) deviceOr(ctx context.Context, id uuid.UUID) (uuid.UUID, error) {
	if id != uuid.Nil {
		return id, nil
	}
	local, err := a.Store.LocalDevice(ctx)
	return local.ID, err
}

func wireDestination(d model.Destination) Destination {
	return Destination{
		ID: d.ID, Name: d.Name, Type: d.Type, Enabled: d.Enabled, Place: d.Place(),
		S3Endpoint: d.S3Endpoint, S3Bucket: d.S3Bucket, S3Region: d.S3Region, S3Prefix: d.S3Prefix,
		S3PathStyle: d.S3PathStyle, S3CaCert: d.S3CACert, LocalDeviceID: d.LocalDeviceID, LocalPath: d.LocalPath,
		RepoInitialized: d.RepoInitialized, RepoID: d.RepoID,
		TotalSnapshots: d.TotalSnapshots, TotalSize: d.TotalSize, LastBackupAt: utcOr(d.LastBackupAt),
		LastPruneAt: utcOr(d.LastPruneAt), LastCheckAt: utcOr(d.LastCheckAt), LastError: d.LastError,
		CreatedAt: utc(d.CreatedAt), UpdatedAt: utc(d.UpdatedAt),
	}
}

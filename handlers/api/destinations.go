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
	wire, err := a.wireDestinations(c.UserContext(), rows...)
	if err != nil {
		return err
	}
	return c.JSON(DestinationList{Destinations: wire})
}

func (a *API) getDestination(c *fiber.Ctx) error {
	d, err := a.Store.Destination(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	wire, err := a.wireDestinations(c.UserContext(), d)
	if err != nil {
		return err
	}
	return c.JSON(wire[0])
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

func (a *API) createSFTPDestination(c *fiber.Ctx) error {
	var in SFTPDestinationCreate
	if err := decode(c, &in); err != nil {
		return err
	}
	d := model.Destination{
		Name: in.Name, Type: model.DestinationSFTP, Enabled: true, SFTPHost: in.Host, SFTPPort: in.Port, SFTPUser: in.User, SFTPPath: in.Path,
	}
	s := model.DestinationSecrets{
		SFTPPassword: in.Password, SFTPKey: in.PrivateKey, Fingerprint: in.HostKeyFingerprint, RepoPassword: in.RepoPassword,
	}
	return a.addDestination(c, d, s)
}

func (a *API) addDestination(c *fiber.Ctx, d model.Destination, s model.DestinationSecrets) error {
	d, err := a.Jobs.AddDestination(c.UserContext(), d, s)
	if err != nil {
		return err
	}
	wire, err := a.wireDestinations(c.UserContext(), d)
	if err != nil {
		return err
	}
	return created(c, destinationsPath, d.ID, wire[0])
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
	wire, err := a.wireDestinations(c.UserContext(), d)
	if err != nil {
		return err
	}
	return c.JSON(wire[0])
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
		Host: d.SFTPHost, Port: d.SFTPPort, User: d.SFTPUser,
		Direct: d.Direct, BytesPerSecond: d.BytesPerSecond, Provider: d.Provider, Site: d.Site,
		PricePerTbMonth: d.PricePerTBMonth, PriceCurrency: d.PriceCurrency,
	}
	in.WindowDays, in.WindowFrom, in.WindowTo, in.WindowTimeZone = windowTexts(d.Window)
	if d.Type == model.DestinationSFTP {
		in.Path = d.SFTPPath
	}
	if err := decode(c, &in); err != nil {
		return d, model.DestinationSecrets{}, err
	}
	d.Name, d.Enabled = in.Name, in.Enabled
	d.S3Endpoint, d.S3Bucket, d.S3Region, d.S3Prefix = in.Endpoint, in.Bucket, in.Region, in.Prefix
	d.S3PathStyle, d.S3CACert, d.LocalDeviceID = in.PathStyle, in.CACert, in.DeviceID
	d.SFTPHost, d.SFTPPort, d.SFTPUser = in.Host, in.Port, in.User
	if d.Type == model.DestinationSFTP {
		d.SFTPPath = in.Path
	} else {
		d.LocalPath = in.Path
	}
	d.Direct, d.BytesPerSecond, d.Provider, d.Site = in.Direct, in.BytesPerSecond, in.Provider, in.Site
	d.PricePerTBMonth, d.PriceCurrency = in.PricePerTbMonth, in.PriceCurrency
	s := model.DestinationSecrets{
		AccessKey: in.AccessKey, SecretKey: in.SecretKey, SFTPPassword: in.Password, SFTPKey: in.PrivateKey,
		Fingerprint: in.HostKeyFingerprint, RepoPassword: in.RepoPassword,
	}
	var refused model.Invalids
	d.Window, refused = model.ParseWindow(in.WindowDays, in.WindowFrom, in.WindowTo, in.WindowTimeZone)
	return d, s, append(refused, otherTypes(c, d.Type)...).Err()
}

// otherTypes refuses the fields that belong to another type of destination.
func otherTypes(c *fiber.Ctx, t model.DestinationType) model.Invalids {
	own := map[string][]model.DestinationType{
		"device_id": {model.DestinationLocal}, "path": {model.DestinationLocal, model.DestinationSFTP},
	}
	for _, field := range []string{"endpoint", "bucket", "region", "prefix", "path_style", "ca_cert", "access_key", "secret_key"} {
		own[field] = []model.DestinationType{model.DestinationS3}
	}
	for _, field := range []string{"host", "port", "user", "password", "private_key", "host_key_fingerprint"} {
		own[field] = []model.DestinationType{model.DestinationSFTP}
	}
	var problems model.Invalids
	for field := range checked(c).given {
		if types, limited := own[field]; limited && !slices.Contains(types, t) {
			problems.Add(field, "A destination of type “%s” has no such field.", t)
		}
	}
	return problems
}

// deviceOr returns the id, or that of the machine Keepstead runs on where none is given.
func (a *API) deviceOr(ctx context.Context, id uuid.UUID) (uuid.UUID, error) {
	if id != uuid.Nil {
		return id, nil
	}
	local, err := a.Store.LocalDevice(ctx)
	return local.ID, err
}

// wireDestinations writes destinations with the names of the devices that folders are on.
func (a *API) wireDestinations(ctx context.Context, rows ...model.Destination) ([]Destination, error) {
	devices, err := a.Store.Devices(ctx)
	if err != nil {
		return nil, err
	}
	names := map[uuid.UUID]string{}
	for _, d := range devices {
		names[d.ID] = d.Name
	}
	return mapped(rows, func(d model.Destination) Destination {
		out := wireDestination(d, names[d.LocalDeviceID])
		a.wireWindow(&out, d.Window)
		return out
	}), nil
}

// wireWindow writes a window where there is one.
func (a *API) wireWindow(out *Destination, w model.Window) {
	if !w.Set() {
		return
	}
	out.WindowDays, out.WindowFrom, out.WindowTo, out.WindowTimeZone = windowTexts(w)
	next := utc(w.Next(a.now()))
	out.WindowWords, out.WindowNext = w.Words(), &next
}

// windowTexts is the inverse of model.ParseWindow.
func windowTexts(w model.Window) (days []string, from, to, zone string) {
	if !w.Set() {
		return nil, "", "", ""
	}
	return mapped(w.Days.List(), model.DayName), model.ClockTime(w.Opens), model.ClockTime(w.Closes), w.TimeZone
}

func wireDestination(d model.Destination, device string) Destination {
	domain := d.FailureDomain(device)
	return Destination{
		ID: d.ID, Name: d.Name, Type: d.Type, Enabled: d.Enabled, Place: d.Place(),
		S3Endpoint: d.S3Endpoint, S3Bucket: d.S3Bucket, S3Region: d.S3Region, S3Prefix: d.S3Prefix,
		S3PathStyle: d.S3PathStyle, S3CaCert: d.S3CACert, LocalDeviceID: d.LocalDeviceID, LocalPath: d.LocalPath,
		SftpHost: d.SFTPHost, SftpPort: d.SFTPPort, SftpUser: d.SFTPUser, SftpPath: d.SFTPPath,
		SftpHostKeyFingerprint: model.Fingerprint(d.SFTPHostKey), Direct: d.Direct, BytesPerSecond: d.BytesPerSecond,
		Provider: d.Provider, Site: d.Site, FailureDomain: FailureDomain{Provider: domain.Provider, Site: domain.Site},
		RotatedAt: utcOr(d.RotatedAt), TamperedAt: utcOr(d.TamperedAt), TamperResult: d.TamperResult, TamperDetail: d.TamperDetail,
		RepoInitialized: d.RepoInitialized, RepoID: d.RepoID,
		PricePerTbMonth: d.PricePerTBMonth, PriceCurrency: d.PriceCurrency,
		TotalSnapshots: d.TotalSnapshots, TotalSize: d.TotalSize, RestorableSize: d.RestorableSize,
		FreeSize: d.FreeSize, FreeAt: utcOr(d.FreeAt), LastRestoreAt: utcOr(d.LastRestoreAt), LastBackupAt: utcOr(d.LastBackupAt),
		LastPruneAt: utcOr(d.LastPruneAt), LastCheckAt: utcOr(d.LastCheckAt), LastError: d.LastError,
		CreatedAt: utc(d.CreatedAt), UpdatedAt: utc(d.UpdatedAt),
	}
}

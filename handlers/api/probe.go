package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/handlers/audit"
	"keepstead/model"
)

// testDestinationDraft tests storage that is not saved.
func (a *API) testDestinationDraft(c *fiber.Ctx) error {
	var in DestinationDraft
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := otherTypes(c, in.Type).Err(); err != nil {
		return err
	}
	d := model.Destination{
		Name: in.Name, Type: in.Type, Enabled: true, S3Endpoint: in.Endpoint, S3Bucket: in.Bucket, S3Region: in.Region,
		S3Prefix: in.Prefix, S3PathStyle: in.PathStyle, S3CACert: in.CACert, SFTPHost: in.Host, SFTPPort: in.Port, SFTPUser: in.User,
	}
	if d.Name == "" {
		d.Name = "Draft" // a test needs no name, a destination does
	}
	switch in.Type {
	case model.DestinationSFTP:
		d.SFTPPath = in.Path
	case model.DestinationLocal:
		d.LocalPath = in.Path
		var err error
		if d.LocalDeviceID, err = a.deviceOr(c.UserContext(), in.DeviceID); err != nil {
			return err
		}
	}
	s := model.DestinationSecrets{
		AccessKey: in.AccessKey, SecretKey: in.SecretKey, SFTPPassword: in.Password, SFTPKey: in.PrivateKey,
		Fingerprint: in.HostKeyFingerprint, RepoPassword: in.RepoPassword,
	}
	return a.probe(c, d, s)
}

// testDestination tests a saved destination, with the changes of the body if there is one.
func (a *API) testDestination(c *fiber.Ctx) error {
	d, s, err := a.changedDestination(c)
	if err != nil {
		return err
	}
	return a.probe(c, d, s)
}

func (a *API) probe(c *fiber.Ctx, d model.Destination, s model.DestinationSecrets) error {
	probe, err := a.Jobs.TestDestination(c.UserContext(), d, s, func(model.ProbeStep) {})
	if err != nil {
		return err
	}
	audit.Tested(c, probe.Failed() == nil)
	return c.JSON(DestinationTest{
		OK: probe.Failed() == nil, Steps: mapped(probe.Steps, wireStep),
		Repository: probe.Repository, FreeBytes: known(probe.FreeBytes),
	})
}

func wireStep(s model.ProbeStep) TestStep {
	return TestStep{Name: s.Name, State: s.State, Detail: s.Detail, Mend: s.Mend, DurationMs: s.Duration.Milliseconds()}
}

package handlers

import (
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// NewDestination shows the form for one more destination.
func (h *Handlers) NewDestination(c *fiber.Ctx) error {
	device, err := h.Store.LocalDevice(c.UserContext())
	if err != nil {
		return err
	}
	f := views.DestinationForm{Type: string(model.DestinationS3), Repository: "create", DeviceID: device.ID.String(), How: views.SignInByPassword}
	return h.showForm(c, views.DestinationFormProps{Form: f})
}

// CreateDestination tests the place, then makes or adopts its repository.
func (h *Handlers) CreateDestination(c *fiber.Ctx) error {
	f, err := form[views.DestinationForm](c)
	if err != nil {
		return err
	}
	d, err := h.addDestination(c, f)
	if err != nil {
		shown, typed := shownHostKey(err, f)
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) {
			return h.formPage(c, views.DestinationFormProps{Form: shown, Errors: append(reasons, typed...)})
		})
	}
	h.good(c, "%s is ready for backups.", d.Name)
	return goTo(c, views.DestinationPath(d.ID))
}

// EditDestination shows the form of a destination, its secrets left blank.
func (h *Handlers) EditDestination(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Destination)
	if err != nil {
		return err
	}
	return h.showForm(c, views.DestinationFormProps{Form: views.NewDestinationForm(d), Destination: &d})
}

// ChangeDestination saves a destination; secrets left blank stay as they are.
func (h *Handlers) ChangeDestination(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f, err := form[views.DestinationForm](c)
	if err != nil {
		return err
	}
	old, err := h.Store.Destination(c.UserContext(), id)
	if err != nil {
		return err
	}
	d, secrets, err := readDestination(f, old)
	if err == nil {
		_, err = h.Jobs.ChangeDestination(c.UserContext(), d, secrets)
	}
	if err != nil {
		shown, typed := shownHostKey(err, f)
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) {
			return h.formPage(c, views.DestinationFormProps{Form: shown, Destination: &old, Errors: append(reasons, typed...)})
		})
	}
	h.good(c, "Saved.")
	return goTo(c, views.DestinationPath(id))
}

// addDestination adds the destination of a form.
func (h *Handlers) addDestination(c *fiber.Ctx, f views.DestinationForm) (model.Destination, error) {
	d, secrets, err := h.newDestination(c, f)
	if err != nil {
		return d, err
	}
	return h.Jobs.AddDestination(c.UserContext(), d, secrets)
}

// newDestination reads the form of a new destination; a folder is on the local device where the form names none.
func (h *Handlers) newDestination(c *fiber.Ctx, f views.DestinationForm) (model.Destination, model.DestinationSecrets, error) {
	if f.DeviceID == "" && f.Type == string(model.DestinationLocal) {
		device, err := h.Store.LocalDevice(c.UserContext())
		if err != nil {
			return model.Destination{}, model.DestinationSecrets{}, err
		}
		f.DeviceID = device.ID.String()
	}
	d, secrets, err := readDestination(f, model.Destination{Type: model.DestinationType(f.Type), Enabled: true})
	if f.Repository == "adopt" && secrets.RepoPassword == "" {
		err = merge(model.Invalids{{Field: "repo_password", Reason: "Give the password of the repository to adopt."}}, err)
	}
	return d, secrets, err
}

// readDestination lays a form over a destination. The type of an existing one stays.
func readDestination(f views.DestinationForm, d model.Destination) (model.Destination, model.DestinationSecrets, error) {
	var problems model.Invalids
	d.Name = strings.TrimSpace(f.Name)
	var secrets model.DestinationSecrets
	switch d.Type {
	case model.DestinationS3:
		d.S3Bucket, d.S3Prefix = views.S3PlaceOf(f)
		d.S3Endpoint, d.S3Region, d.S3PathStyle = strings.TrimSpace(f.Endpoint), strings.TrimSpace(f.Region), f.PathStyle != ""
		d.S3CACert = strings.TrimSpace(strings.ReplaceAll(f.CACert, "\r", ""))
		secrets.AccessKey, secrets.SecretKey = strings.TrimSpace(f.AccessKey), strings.TrimSpace(f.SecretKey)
	case model.DestinationLocal:
		d.LocalPath, d.LocalDeviceID = strings.TrimSpace(f.Path), optionalID(&problems, "device_id", f.DeviceID)
	case model.DestinationSFTP:
		readSFTP(&problems, f, &d, &secrets)
	}
	if d.ID != uuid.Nil {
		readLimits(&problems, f, &d)
	} else {
		d.Site = strings.TrimSpace(f.Site)
	}
	if d.ID == uuid.Nil && f.Repository == "adopt" || d.ID != uuid.Nil {
		secrets.RepoPassword = f.RepoPassword
	}
	return d, secrets, merge(problems, d.Validate())
}

func (h *Handlers) showForm(c *fiber.Ctx, p views.DestinationFormProps) error {
	page, err := h.formPage(c, p)
	if err != nil {
		return err
	}
	return render(c, page)
}

func (h *Handlers) formPage(c *fiber.Ctx, p views.DestinationFormProps) (templ.Component, error) {
	var err error
	if p.Chrome, err = h.chrome(c); err != nil {
		return nil, err
	}
	p.Zones, p.ServerZone = offeredZones(), time.Local.String()
	p.Devices, err = h.Store.Devices(c.UserContext())
	return views.DestinationFormPage(p), err
}

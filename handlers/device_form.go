package handlers

import (
	"errors"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// NewDevice shows the form for one more machine.
func (h *Handlers) NewDevice(c *fiber.Ctx) error {
	page, err := h.deviceForm(c, views.DeviceFormProps{Form: views.DeviceForm{Port: "22", How: views.SignInByPassword}})
	if err != nil {
		return err
	}
	return render(c, page)
}

// EditDevice shows the form of a device.
func (h *Handlers) EditDevice(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Device)
	if err != nil {
		return err
	}
	page, err := h.deviceForm(c, views.DeviceFormProps{Device: &d, Form: views.NewDeviceForm(d)})
	if err != nil {
		return err
	}
	return render(c, page)
}

// CreateDevice signs in to a machine and adds it.
func (h *Handlers) CreateDevice(c *fiber.Ctx) error {
	return h.putDevice(c, model.Device{ID: model.NewID(), Kind: model.DeviceSSH}, nil)
}

// ChangeDevice saves a device; where the way there changes, it is tried first.
func (h *Handlers) ChangeDevice(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Device)
	if err != nil {
		return err
	}
	return h.putDevice(c, d, &d)
}

func (h *Handlers) putDevice(c *fiber.Ctx, d model.Device, old *model.Device) error {
	f, err := form[views.DeviceForm](c)
	if err != nil {
		return err
	}
	d, secrets, err := readDevice(f, d)
	if err == nil {
		d, _, err = h.Jobs.PutDevice(c.UserContext(), d, secrets)
	}
	if err != nil {
		var key model.HostKeyUnconfirmed
		if errors.As(err, &key) {
			f.Offered, f.Fingerprint = key.Offered, ""
		}
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) {
			return h.deviceForm(c, views.DeviceFormProps{Form: f, Device: old, Errors: retyped(reasons, key, f.Password+f.PrivateKey, f.How)})
		})
	}
	switch {
	case old != nil:
		h.good(c, "Saved.")
	case d.State == model.DevicePending:
		h.good(c, "%s is added. One step is left.", d.Name)
	default:
		h.good(c, "%s is added.", d.Name)
	}
	return goTo(c, views.DevicePath(d.ID))
}

// retyped adds to the refusal of a host key that a secret, which is never sent back, has to be typed again.
func retyped(reasons model.Invalids, key model.HostKeyUnconfirmed, secret, how string) model.Invalids {
	if key.Offered == "" || secret == "" {
		return reasons
	}
	field := "password"
	if how == views.SignInByKey {
		field = "private_key"
	}
	return append(reasons, model.Invalid{Field: field, Reason: "Give it once more: it was not kept."})
}

// readDevice lays a form over a device. The way to sign in decides which secret counts.
func readDevice(f views.DeviceForm, d model.Device) (model.Device, model.DeviceSecrets, error) {
	var problems model.Invalids
	d.Name, d.Parallel = strings.TrimSpace(f.Name), count(&problems, "parallel", f.Parallel)
	if d.Kind != model.DeviceSSH {
		return d, model.DeviceSecrets{}, merge(problems, d.Validate())
	}
	readWay(&problems, f, &d)
	d.SSHUser, d.Sudo = strings.TrimSpace(f.User), f.Sudo == "on"
	s := model.DeviceSecrets{Fingerprint: f.Fingerprint}
	switch f.How {
	case views.SignInByPassword:
		if s.Password = f.Password; s.Password == "" {
			problems.Add("password", "Give the user's password. It is used once and not stored.")
		}
	case views.SignInByKey:
		if s.PrivateKey = strings.ReplaceAll(strings.TrimSpace(f.PrivateKey), "\r", ""); s.PrivateKey == "" {
			problems.Add("private_key", "Paste the private key.")
		} else {
			s.PrivateKey += "\n" // OpenSSH writes its last line with an end
		}
	}
	return d, s, merge(problems, d.Validate())
}

// readWay reads where the machine is.
func readWay(problems *model.Invalids, f views.DeviceForm, d *model.Device) {
	d.Address, d.Port = strings.TrimSpace(f.Address), count(problems, "port", f.Port)
	d.JumpDeviceID = optionalID(problems, "jump_device_id", f.JumpID)
}

// ScanNewDevice shows the host key of the machine that the form describes.
func (h *Handlers) ScanNewDevice(c *fiber.Ctx) error {
	return h.scanDevice(c, model.Device{ID: model.NewID(), Kind: model.DeviceSSH}, nil, views.ScanDevicePath)
}

// ScanDevice shows the host key of the machine that the form of a device describes.
func (h *Handlers) ScanDevice(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Device)
	if err != nil {
		return err
	}
	return h.scanDevice(c, d, &d, views.DeviceScanPath(d.ID))
}

func (h *Handlers) scanDevice(c *fiber.Ctx, d model.Device, old *model.Device, path string) error {
	f, err := form[views.DeviceForm](c)
	if err != nil {
		return err
	}
	var problems model.Invalids
	readWay(&problems, f, &d)
	f.Offered, f.Fingerprint = "", ""
	if err = problems.Err(); err == nil {
		f.Offered, err = h.Jobs.ScanDevice(c.UserContext(), d)
	}
	reasons := refusals(err)
	if err != nil && len(reasons) == 0 {
		return err
	}
	if err != nil {
		c.Status(status(err))
	}
	if isFragment(c) {
		return render(c, views.HostKeyField(views.HostKeyFieldProps{Offered: f.Offered, Scan: path, Errors: atHostKey(reasons)}))
	}
	page, err := h.deviceForm(c, views.DeviceFormProps{Form: f, Device: old, Errors: reasons})
	if err != nil {
		return err
	}
	return render(c, page)
}

// atHostKey puts the reasons where the host key stands: the fragment has no other field.
func atHostKey(reasons model.Invalids) model.Invalids {
	var out model.Invalids
	for _, r := range reasons {
		out.Add("host_key_fingerprint", "%s", r.Reason)
	}
	return out
}

func (h *Handlers) deviceForm(c *fiber.Ctx, p views.DeviceFormProps) (templ.Component, error) {
	var err error
	if p.Chrome, err = h.chrome(c); err != nil {
		return nil, err
	}
	p.Devices, err = h.Store.Devices(c.UserContext())
	return views.DeviceFormPage(p), err
}

// DeviceHostKey shows the pinned host key beside the one that the machine shows now.
func (h *Handlers) DeviceHostKey(c *fiber.Ctx) error {
	d, err := h.remoteDevice(c)
	if err != nil {
		return err
	}
	return h.hostKeyPage(c, d, nil)
}

func (h *Handlers) hostKeyPage(c *fiber.Ctx, d model.Device, reasons model.Invalids) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	p := views.HostKeyProps{Chrome: frame, Device: d, Errors: reasons}
	if p.Offered, err = h.Jobs.ScanDevice(c.UserContext(), d); err != nil {
		refused := refusals(err)
		if len(refused) == 0 {
			return err
		}
		p.Errors = append(p.Errors, refused...)
	}
	return render(c, views.HostKeyPage(p))
}

// PinHostKey replaces the pinned host key of a device by the one that was compared.
func (h *Handlers) PinHostKey(c *fiber.Ctx) error {
	d, err := h.remoteDevice(c)
	if err != nil {
		return err
	}
	fingerprint := c.FormValue("host_key_fingerprint")
	if fingerprint == "" {
		err = model.Invalid{Field: "host_key_fingerprint", Reason: "Tick the box once you compared the fingerprint on the machine."}
	} else {
		_, _, err = h.Jobs.PutDevice(c.UserContext(), d, model.DeviceSecrets{Fingerprint: fingerprint})
	}
	if reasons := refusals(err); len(reasons) > 0 {
		c.Status(status(err))
		return h.hostKeyPage(c, d, reasons)
	}
	if err != nil {
		return err
	}
	h.good(c, "The new host key is pinned.")
	return goTo(c, views.DevicePath(d.ID))
}

// remoteDevice is the device in the path, where it is one with a host key.
func (h *Handlers) remoteDevice(c *fiber.Ctx) (model.Device, error) {
	d, err := named(c, h.Store.Device)
	if err == nil && (d.Kind != model.DeviceSSH || d.ID == uuid.Nil) {
		err = model.ErrNotFound
	}
	return d, err
}

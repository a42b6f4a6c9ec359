package handlers

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
	"keepstead/views"
)

// readSFTP reads where an SFTP server is and how to sign in there.
func readSFTP(problems *model.Invalids, f views.DestinationForm, d *model.Destination, s *model.DestinationSecrets) {
	d.SFTPHost, d.SFTPPort = strings.TrimSpace(f.Host), count(problems, "port", f.Port)
	d.SFTPUser, d.SFTPPath = strings.TrimSpace(f.User), strings.TrimSpace(f.SFTPPath)
	s.Fingerprint = f.Confirmed
	switch f.How {
	case views.SignInByKey:
		if key := strings.ReplaceAll(strings.TrimSpace(f.PrivateKey), "\r", ""); key != "" {
			s.SFTPKey = key + "\n" // OpenSSH writes its last line with an end
		}
	case views.SignInAsBefore:
	default:
		s.SFTPPassword = f.Password
	}
}

// readLimits reads what the form of a destination that is there has besides its place.
func readLimits(problems *model.Invalids, f views.DestinationForm, d *model.Destination) {
	d.Provider, d.Site = strings.TrimSpace(f.Provider), strings.TrimSpace(f.Site)
	var ok bool
	if d.BytesPerSecond, ok = views.Rate(f.Rate); !ok {
		problems.Add("bytes_per_second", "Use a number of MiB a second, or leave it empty.")
	}
	var refused model.Invalids
	d.Window, refused = model.ParseWindow(f.WindowDays, f.WindowFrom, f.WindowTo, f.WindowZone)
	*problems = append(*problems, refused...)
	readPrice(problems, f, d)
}

// readPrice reads what storing costs at a destination: as it was typed, or a list price that was chosen instead.
func readPrice(problems *model.Invalids, f views.DestinationForm, d *model.Destination) {
	d.PriceCurrency = strings.TrimSpace(f.Currency)
	var ok bool
	if d.PricePerTBMonth, ok = views.Price(f.Price); !ok {
		problems.Add("price_per_tb_month", "Use a number, such as 6.99, or leave it empty.")
	}
	for _, p := range model.ListPrices() {
		if p.Key == f.ListPrice {
			d.PricePerTBMonth, d.PriceCurrency = p.Price, p.Currency
		}
	}
}

// shownHostKey puts the host key that nobody confirmed yet into the form, and says that a secret, which is never sent
// back, has to be typed again.
func shownHostKey(err error, f views.DestinationForm) (views.DestinationForm, model.Invalids) {
	var key model.HostKeyUnconfirmed
	if !errors.As(err, &key) {
		return f, nil
	}
	f.Offered, f.Confirmed = key.Offered, ""
	return f, retyped(nil, key, f.Password+f.PrivateKey, f.How)
}

// ScanNewSFTP shows the host key of the server that the form of a new destination describes.
func (h *Handlers) ScanNewSFTP(c *fiber.Ctx) error { return h.scanSFTP(c, nil, views.ScanNewPath) }

// ScanSFTP shows the host key of the server that the form of a destination describes.
func (h *Handlers) ScanSFTP(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Destination)
	if err != nil {
		return err
	}
	return h.scanSFTP(c, &d, views.DestinationScanPath(d.ID))
}

func (h *Handlers) scanSFTP(c *fiber.Ctx, old *model.Destination, path string) error {
	f, err := form[views.DestinationForm](c)
	if err != nil {
		return err
	}
	var problems model.Invalids
	d := model.Destination{SFTPHost: strings.TrimSpace(f.Host), SFTPPort: count(&problems, "port", f.Port)}
	f.Offered, f.Confirmed = "", ""
	if err = problems.Err(); err == nil {
		f.Offered, err = h.Jobs.ScanSFTP(c.UserContext(), d)
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
	return h.showForm(c, views.DestinationFormProps{Form: f, Destination: old, Errors: reasons})
}

// TamperDestination tries to destroy what is stored, with what a device holds during a job.
func (h *Handlers) TamperDestination(c *fiber.Ctx) error { return h.maintain(c, model.JobTamper) }

// DirectDestination lets devices reach a destination directly, or through Keepstead again.
func (h *Handlers) DirectDestination(c *fiber.Ctx) error {
	d, err := named(c, h.Store.Destination)
	if err != nil {
		return err
	}
	d.Direct = c.FormValue("enabled") == "on"
	if _, err := h.Jobs.ChangeDestination(c.UserContext(), d, model.DestinationSecrets{}); err != nil {
		return err
	}
	return goTo(c, next(c, views.DestinationPath(d.ID)))
}

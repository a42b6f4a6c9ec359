package handlers

import (
	"errors"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// proof reads what a form that asks once more who this is has in it.
func proof(c *fiber.Ctx) model.Proof {
	return model.Proof{Password: c.FormValue("current_password"), Code: c.FormValue("code")}
}

// confirm asks once more who this is: whoever holds a session alone must not let anybody else in, who would stay.
func (h *Handlers) confirm(c *fiber.Ctx) error {
	who, _ := auth.Who(c)
	return unproved(c, h.Auth.Confirm(c.UserContext(), who.User, proof(c), auth.ClientIP(c)))
}

// codeToo says that such a form asks for a code too.
func (h *Handlers) codeToo(c *fiber.Ctx) (bool, error) {
	who, _ := auth.Who(c)
	return h.Auth.HasTwoFactor(c.UserContext(), who.User.ID)
}

// unproved tells the audit log of an act that was refused because the proof was wrong, and returns the refusal.
func unproved(c *fiber.Ctx, err error) error {
	for _, r := range model.Refused(err) {
		if r.Field == "current_password" || r.Field == "code" {
			audit.Denied(c)
		}
	}
	return err
}

// TwoFactor shows whether the user's sign-in asks for a code, and the way to change that.
func (h *Handlers) TwoFactor(c *fiber.Ctx) error { return h.twoFactor(c, views.TwoFactorProps{}) }

// twoFactor completes what an act left in p and shows the page.
func (h *Handlers) twoFactor(c *fiber.Ctx, p views.TwoFactorProps) error {
	who, _ := auth.Who(c)
	var err error
	if p.Chrome, err = h.chrome(c); err != nil {
		return err
	}
	factor, err := h.Store.TwoFactor(c.UserContext(), who.User.ID)
	switch {
	case err == nil:
		p.On, p.Since = true, factor.CreatedAt
	case !errors.Is(err, model.ErrNotFound):
		return err
	}
	if p.Left, err = h.Store.CountRecoveryCodes(c.UserContext(), who.User.ID); err != nil {
		return err
	}
	return render(c, views.TwoFactorPage(p))
}

// twoFactorAgain shows the page with one of its forms refused.
func (h *Handlers) twoFactorAgain(c *fiber.Ctx, err error, p views.TwoFactorProps) error {
	p.Errors = refusals(err)
	if len(model.Refused(err)) == 0 {
		return err
	}
	return h.twoFactor(c.Status(status(err)), p)
}

// StartTwoFactor shows what the user's app has to be given.
func (h *Handlers) StartTwoFactor(c *fiber.Ctx) error {
	who, _ := auth.Who(c)
	e, err := h.Auth.StartTwoFactor(c.UserContext(), who, proof(c), auth.ClientIP(c))
	if err != nil {
		return h.twoFactorAgain(c, unproved(c, err), views.TwoFactorProps{Form: views.TwoFactorStart})
	}
	return h.twoFactor(c, views.TwoFactorProps{Secret: e.Secret, URL: e.URL})
}

// TurnOnTwoFactor has the sign-in ask for codes, and shows the recovery codes this once.
func (h *Handlers) TurnOnTwoFactor(c *fiber.Ctx) error {
	who, _ := auth.Who(c)
	codes, err := h.Auth.TurnOnTwoFactor(c.UserContext(), who, c.FormValue("code"))
	if errors.Is(err, auth.ErrNotEnrolling) {
		return h.notEnrolling(c, who)
	}
	if err != nil {
		e, again := h.Auth.Enrolling(who)
		if again != nil {
			return fmt.Errorf("show the secret again: %w", errors.Join(err, again))
		}
		return h.twoFactorAgain(c, unproved(c, err), views.TwoFactorProps{Secret: e.Secret, URL: e.URL})
	}
	return h.twoFactor(c, views.TwoFactorProps{Codes: codes})
}

// notEnrolling answers a first code that nothing waits for: the form was sent twice, or too late.
func (h *Handlers) notEnrolling(c *fiber.Ctx, who auth.Identity) error {
	on, err := h.Auth.HasTwoFactor(c.UserContext(), who.User.ID)
	if err != nil {
		return err
	}
	if on {
		h.good(c, "Two-factor is on. If you have not seen the recovery codes, make new ones.")
		return goTo(c, views.TwoFactorPath)
	}
	return h.twoFactorAgain(c, model.Invalid{Field: "current_password", Reason: "That took too long. Start once more."}, views.TwoFactorProps{Form: views.TwoFactorStart})
}

// RenewRecoveryCodes replaces the recovery codes and shows the new ones this once.
func (h *Handlers) RenewRecoveryCodes(c *fiber.Ctx) error {
	who, _ := auth.Who(c)
	codes, err := h.Auth.RenewRecoveryCodes(c.UserContext(), who, proof(c), auth.ClientIP(c))
	if err != nil {
		return h.twoFactorAgain(c, unproved(c, err), views.TwoFactorProps{Form: views.TwoFactorCodes})
	}
	return h.twoFactor(c, views.TwoFactorProps{Codes: codes})
}

// TurnOffTwoFactor has the password be enough again.
func (h *Handlers) TurnOffTwoFactor(c *fiber.Ctx) error {
	who, _ := auth.Who(c)
	if err := h.Auth.TurnOffTwoFactor(c.UserContext(), who, proof(c), auth.ClientIP(c)); err != nil {
		return h.twoFactorAgain(c, unproved(c, err), views.TwoFactorProps{Form: views.TwoFactorOff})
	}
	h.good(c, "Two-factor is off. Your password is enough to sign in.")
	return goTo(c, views.TwoFactorPath)
}

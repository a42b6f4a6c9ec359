package handlers

import (
	"errors"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// askForCode goes on to the second step of the sign-in.
func (h *Handlers) askForCode(c *fiber.Ctx, user model.User) error {
	audit.PasswordGiven(c)
	h.Auth.AskForCode(c, user)
	path := views.SignInCodePath
	if to := next(c, ""); to != "" {
		path += "?next=" + url.QueryEscape(to)
	}
	return goTo(c, path)
}

// SignInCode asks for the code of somebody who gave the right password.
func (h *Handlers) SignInCode(c *fiber.Ctx) error {
	if _, err := h.Auth.Half(c); err != nil {
		return goTo(c, views.SignInPath)
	}
	return h.codeForm(c, "")
}

// EnterCode signs a person in with the second step.
func (h *Handlers) EnterCode(c *fiber.Ctx) error {
	user, recovery, err := h.Auth.EnterCode(c, c.FormValue("code"))
	if user.Name != "" {
		audit.PasswordKnown(c)
		audit.About(c, model.SubjectUser, user.ID, user.Name)
	}
	var throttled auth.Throttled
	switch {
	case errors.As(err, &throttled):
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(throttled.Seconds()))
		return h.codeForm(c.Status(status(err)), throttled.Error())
	case errors.Is(err, auth.ErrDenied):
		return h.codeForm(c.Status(status(err)), auth.WrongCode().Reason)
	case errors.Is(err, auth.ErrNoHalf) && h.Auth.Session(c) == nil: // the form was sent twice
		return goTo(c, next(c, views.HomePath))
	case errors.Is(err, auth.ErrNoHalf):
		return h.signInForm(c.Status(fiber.StatusUnauthorized), "", "That took too long, or too many codes were wrong. Sign in once more.")
	case err != nil:
		return err
	}
	if recovery {
		audit.Act(c, model.ActUseRecoveryCode)
		left, err := h.Store.CountRecoveryCodes(c.UserContext(), user.ID)
		if err != nil { // the sign-in is done all the same
			h.Log.Error("count the recovery codes that are left", "request", RequestID(c), "error", err)
		} else {
			h.flash(c, views.Flash{Text: views.CodesLeft(left)})
		}
	}
	return goTo(c, next(c, views.HomePath))
}

func (h *Handlers) codeForm(c *fiber.Ctx, problem string) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.SignInCodePage(views.SignInCodeProps{Chrome: frame, Next: next(c, ""), Error: problem}))
}

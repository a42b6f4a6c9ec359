package handlers

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// SignIn shows the sign-in form, or the set-up page while there is no user.
func (h *Handlers) SignIn(c *fiber.Ctx) error {
	first, err := h.Auth.NeedsSetup(c.UserContext())
	if err != nil {
		return err
	}
	if first {
		return goTo(c, views.SetupPath)
	}
	if h.Auth.Session(c) == nil { // a bookmark of this page, or another tab signed in meanwhile
		return goTo(c, next(c, views.HomePath))
	}
	return h.signInForm(c, "", "")
}

// Enter signs a person in.
func (h *Handlers) Enter(c *fiber.Ctx) error {
	name := c.FormValue("name")
	user, err := h.Auth.Login(c.UserContext(), name, c.FormValue("password"), auth.ClientIP(c))
	h.noteSignIn(c, name)
	var throttled auth.Throttled
	switch {
	case errors.As(err, &throttled):
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(throttled.Seconds()))
		return h.signInForm(c.Status(status(err)), name, throttled.Error())
	case errors.Is(err, auth.ErrDenied):
		return h.signInForm(c.Status(status(err)), name, "The name or the password is not right.")
	case err != nil:
		return err
	}
	return h.admit(c, user)
}

// admit lets somebody in who gave the right password, or asks for the code that the user has to give too.
func (h *Handlers) admit(c *fiber.Ctx, user model.User) error {
	two, err := h.Auth.HasTwoFactor(c.UserContext(), user.ID)
	if err != nil {
		return err
	}
	if two {
		return h.askForCode(c, user)
	}
	if err := h.Auth.SignIn(c, user); err != nil {
		return err
	}
	return goTo(c, next(c, views.HomePath))
}

// noteSignIn has the audit log tell whose sign-in this is, by the user's own name: what somebody typed may be a password.
func (h *Handlers) noteSignIn(c *fiber.Ctx, name string) {
	if user, err := h.Store.UserByName(c.UserContext(), strings.TrimSpace(name)); err == nil {
		audit.About(c, model.SubjectUser, user.ID, user.Name)
	}
}

// SignOut ends the session.
func (h *Handlers) SignOut(c *fiber.Ctx) error {
	if err := h.Auth.SignOut(c); err != nil {
		return err
	}
	return goTo(c, views.SignInPath)
}

func (h *Handlers) signInForm(c *fiber.Ctx, name, problem string) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.SignInPage(views.SignInProps{Chrome: frame, Name: name, Next: next(c, ""), Error: problem}))
}

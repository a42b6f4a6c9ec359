package handlers

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// Settings shows users, tokens, sessions and the program itself.
func (h *Handlers) Settings(c *fiber.Ctx) error { return h.settings(c, views.SettingsProps{}) }

// settings completes what a form left in p and shows the page.
func (h *Handlers) settings(c *fiber.Ctx, p views.SettingsProps) error {
	who, _ := auth.Who(c)
	var err error
	if p.Chrome, err = h.chrome(c); err != nil {
		return err
	}
	p.Current, p.BrowserZone = who.SessionHash(), browserZone(c)
	if err := h.readAccounts(c.UserContext(), who.User, &p); err != nil {
		return err
	}
	if err := h.readProgram(c.UserContext(), &p); err != nil {
		return err
	}
	return render(c, views.SettingsPage(p))
}

// readAccounts fills in who may use Keepstead, and how the user sees it where that was not typed just now.
func (h *Handlers) readAccounts(ctx context.Context, user model.User, p *views.SettingsProps) error {
	var err error
	if p.Users, err = h.Store.Users(ctx); err != nil {
		return err
	}
	if p.TwoFactor, err = h.Store.TwoFactorUsers(ctx); err != nil {
		return err
	}
	p.CodeToo = p.TwoFactor[user.ID]
	if p.Tokens, err = h.Store.Tokens(ctx); err != nil {
		return err
	}
	if p.Sessions, err = h.Store.Sessions(ctx, user.ID); err != nil {
		return err
	}
	p.Zones = offeredZones()
	if p.Form == "appearance" {
		return nil
	}
	a, err := h.Store.Appearance(ctx, user.ID)
	p.Appearance = views.NewAppearanceForm(a)
	return err
}

// readProgram fills in what Keepstead itself is and does.
func (h *Handlers) readProgram(ctx context.Context, p *views.SettingsProps) error {
	var err error
	p.DataDir = h.DataDir
	if p.Device, err = h.Store.LocalDevice(ctx); err != nil {
		return err
	}
	if p.Discovery, err = h.Jobs.DiscoveryMode(ctx); err != nil {
		return err
	}
	if p.Destinations, err = h.Store.Destinations(ctx); err != nil {
		return err
	}
	if p.Channels, err = h.channels(ctx); err != nil {
		return err
	}
	if p.Keys, err = h.Jobs.OwnKeys(ctx); err != nil {
		return err
	}
	p.System, err = h.systemApps(ctx)
	return err
}

// systemApps are the parts of Keepstead itself, as the list of apps has them.
func (h *Handlers) systemApps(ctx context.Context) ([]model.AppOverview, error) {
	all, err := h.Jobs.Overview(ctx)
	return slices.DeleteFunc(all, func(a model.AppOverview) bool { return a.App.Kind != model.AppSystem }), err
}

// settingsAgain shows the page with one of its forms refused.
func (h *Handlers) settingsAgain(c *fiber.Ctx, err error, which, name string) error {
	reasons := refusals(err)
	if len(reasons) == 0 {
		return err
	}
	return h.settings(c.Status(status(err)), views.SettingsProps{Form: which, Name: name, Errors: reasons})
}

// ChangePassword changes the user's own password, and leaves this browser alone signed in.
func (h *Handlers) ChangePassword(c *fiber.Ctx) error {
	who, _ := auth.Who(c)
	err := h.Auth.ChangePassword(c.UserContext(), who.User, proof(c), c.FormValue("password"), auth.ClientIP(c))
	if err != nil {
		return h.settingsAgain(c, unproved(c, err), "password", "")
	}
	if err := h.Auth.SignIn(c, who.User); err != nil {
		return err
	}
	h.good(c, "Your password is changed. Every other browser was signed out.")
	return goTo(c, views.SettingsPath)
}

// CreateUser adds a user.
func (h *Handlers) CreateUser(c *fiber.Ctx) error {
	name := c.FormValue("name")
	user, err := h.Auth.CreateUser(c.UserContext(), name, c.FormValue("password"))
	if err != nil {
		return h.settingsAgain(c, err, "user", name)
	}
	audit.About(c, model.SubjectUser, user.ID, user.Name)
	h.good(c, "%s can sign in now.", user.Name)
	return goTo(c, views.SettingsPath)
}

// CreateToken makes an API token and shows it this once.
func (h *Handlers) CreateToken(c *fiber.Ctx) error {
	name := c.FormValue("name")
	token, made, err := h.Auth.CreateToken(c.UserContext(), name)
	if err != nil {
		return h.settingsAgain(c, err, "token", name)
	}
	audit.About(c, model.SubjectToken, made.ID, made.Name)
	return h.settings(c, views.SettingsProps{NewToken: token, NewTokenName: made.Name})
}

// RevokeSession signs out one of the user's browsers.
func (h *Handlers) RevokeSession(c *fiber.Ctx) error {
	hash, err := hex.DecodeString(c.Params("hash"))
	if err != nil {
		return fmt.Errorf("%w: no hash of a session", model.ErrNotFound)
	}
	who, _ := auth.Who(c)
	if err := h.Auth.RevokeSession(c.UserContext(), who, hash); err != nil {
		return err
	}
	h.good(c, "That browser is signed out.")
	return goTo(c, views.SettingsPath)
}

// RevokeOtherSessions signs out all of the user's other browsers.
func (h *Handlers) RevokeOtherSessions(c *fiber.Ctx) error {
	who, _ := auth.Who(c)
	if err := h.Auth.RevokeOtherSessions(c.UserContext(), who); err != nil {
		return err
	}
	h.good(c, "Every other browser is signed out.")
	return goTo(c, views.SettingsPath)
}

// Design shows every shared piece in every state, to those who work on the pages.
func (h *Handlers) Design(c *fiber.Ctx) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.DesignPage(views.DesignProps{Chrome: frame}))
}

package handlers

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/views"
)

// ConfirmRevokeToken asks before an API token is revoked.
func (h *Handlers) ConfirmRevokeToken(c *fiber.Ctx) error {
	token, err := named(c, h.Store.Token)
	if err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	used := "It was never used."
	if token.LastUsedAt != nil {
		used = "It was last used on " + frame.Minute(*token.LastUsedAt) + "."
	}
	return render(c, views.ConfirmPage(views.ConfirmProps{
		Chrome: frame, Heading: "Revoke the token “" + token.Name + "”?", Button: "Revoke token",
		Action: views.TokenRevokePath(token.ID), Back: views.SettingsPath + "#tokens",
		Lost:  []string{"Programs that sign in with it are refused from now on, and it cannot be had back.", used},
		Stays: []string{"What they set up stays, and so do all other tokens."},
	}))
}

// RevokeToken ends a token.
func (h *Handlers) RevokeToken(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.Store.DeleteToken(c.UserContext(), id); err != nil {
		return err
	}
	h.good(c, "The token is revoked.")
	return goTo(c, views.SettingsPath)
}

// ConfirmRemoveUser asks before a user is removed.
func (h *Handlers) ConfirmRemoveUser(c *fiber.Ctx) error {
	user, err := named(c, h.Store.User)
	if err != nil {
		return err
	}
	who, _ := auth.Who(c)
	if err := who.Removes(user.ID); err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.ConfirmPage(views.ConfirmProps{
		Chrome: frame, Heading: "Remove the user “" + user.Name + "”?", Button: "Remove user", Keep: "Keep the user",
		Action: views.UserRemovePath(user.ID), Back: views.SettingsPath + "#users",
		Removes: true,
		Lost:    []string{user.Name + " cannot sign in any more, and is signed out everywhere at once."},
		Stays:   []string{"Apps, snapshots, settings and API tokens stay as they are."},
	}))
}

// RemoveUser removes another user and ends the user's sessions.
func (h *Handlers) RemoveUser(c *fiber.Ctx) error {
	user, err := named(c, h.Store.User)
	if err != nil {
		return err
	}
	who, _ := auth.Who(c)
	if err := h.Auth.RemoveUser(c.UserContext(), who, user.ID); err != nil {
		return err
	}
	h.good(c, "%s is removed.", user.Name)
	return goTo(c, views.SettingsPath)
}

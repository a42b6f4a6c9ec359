package handlers

import (
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/model"
	"keepstead/views"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// Cookies of the browser itself: the theme for pages before the sign-in, and the zone that app.js tells.
const (
	themeCookie = "theme"
	zoneCookie  = "zone"
)

// appearanceKey keeps the appearance with the request that it was read for.
type appearanceKey struct{}

// appearance is how the user of the request wants the pages to look. Where nothing was chosen, or nobody signed in, the
// browser's own cookie says the theme.
func (h *Handlers) appearance(c *fiber.Ctx) (model.Appearance, error) {
	if a, ok := c.Locals(appearanceKey{}).(model.Appearance); ok {
		return a, nil
	}
	var a model.Appearance
	var err error
	if who, ok := auth.Who(c); ok {
		a, err = h.Store.Appearance(c.UserContext(), who.User.ID)
	}
	if t := model.Theme(c.Cookies(themeCookie)); a.Theme == "" && (t == model.ThemeLight || t == model.ThemeDark) {
		a.Theme = t
	}
	if err == nil {
		c.Locals(appearanceKey{}, a)
	}
	return a, err
}

// SetLanguage puts the language of who asks into the request's context: the one they chose, else their browser's.
func (h *Handlers) SetLanguage(c *fiber.Ctx) {
	a, err := h.appearance(c)
	if err != nil { // the pages can do in the browser's
		h.Log.Error("read the language", "request", RequestID(c), "error", err)
	}
	c.SetUserContext(lang.With(c.UserContext(), lang.Of(a.Language, c.Get(fiber.HeaderAcceptLanguage))))
}

// clock is how the request's page shows times.
func (h *Handlers) clock(c *fiber.Ctx) (ui.Clock, error) {
	a, err := h.appearance(c)
	return h.clockOf(c, a), err
}

func (h *Handlers) clockOf(c *fiber.Ctx, a model.Appearance) ui.Clock {
	return ui.Clock{Now: h.Clock(), Zone: a.Zone(browserZone(c)), Hours: a.Hours, Dates: a.Dates, Language: lang.In(c.UserContext())}
}

// browserZone is the IANA name that the browser gives its time zone, empty before it told.
func browserZone(c *fiber.Ctx) string {
	name, err := url.PathUnescape(c.Cookies(zoneCookie))
	if err != nil {
		return ""
	}
	return name
}

// SetTheme remembers a theme for the user, and in a cookie for the pages before the sign-in.
func (h *Handlers) SetTheme(c *fiber.Ctx) error {
	theme := model.Theme(c.FormValue("theme"))
	err := h.changeAppearance(c, func(a *model.Appearance) { a.Theme = theme })
	if err != nil {
		return err
	}
	cookie := &fiber.Cookie{
		Name: themeCookie, Path: "/", SameSite: fiber.CookieSameSiteLaxMode, Secure: h.Auth.Secure(c),
		Expires: time.Unix(1, 0),
	}
	if theme == model.ThemeLight || theme == model.ThemeDark {
		cookie.Value, cookie.Expires, cookie.MaxAge = string(theme), time.Time{}, int((365 * 24 * time.Hour).Seconds())
	}
	c.Cookie(cookie)
	return goTo(c, next(c, views.HomePath))
}

// SetAppearance saves how times are shown.
func (h *Handlers) SetAppearance(c *fiber.Ctx) error {
	f, err := form[views.AppearanceForm](c)
	if err != nil {
		return err
	}
	f.TimeZone = strings.TrimSpace(f.TimeZone)
	err = h.changeAppearance(c, func(a *model.Appearance) {
		a.TimeZone, a.Hours, a.Dates, a.Language = f.TimeZone, model.HourClock(f.Hours), model.DateOrder(f.Dates), model.Language(f.Language)
	})
	if reasons := refusals(err); len(reasons) > 0 {
		return h.settings(c.Status(status(err)), views.SettingsProps{Form: "appearance", Appearance: f, Errors: reasons})
	}
	if err != nil {
		return err
	}
	h.good(c, "Saved. Every page is like this from now on.")
	return goTo(c, views.SettingsPath+"#appearance")
}

// changeAppearance changes what the user chose, and refuses what there is no choice of.
func (h *Handlers) changeAppearance(c *fiber.Ctx, change func(*model.Appearance)) error {
	who, _ := auth.Who(c)
	a, err := h.Store.Appearance(c.UserContext(), who.User.ID)
	if err != nil {
		return err
	}
	change(&a)
	if err := a.Validate(); err != nil {
		return err
	}
	return h.Store.SetAppearance(c.UserContext(), who.User.ID, a)
}

package handlers

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"keepstead/views"
)

// render sends a component with the status that was set before.
func render(c *fiber.Ctx, component templ.Component) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Vary("HX-Request")
	if err := component.Render(c.UserContext(), c.Response().BodyWriter()); err != nil {
		c.Response().ResetBody()
		return fmt.Errorf("render page: %w", err)
	}
	return nil
}

// goTo sends the browser on after a form: 303, so that a reload does not post again.
func goTo(c *fiber.Ctx, path string) error {
	if isFragment(c) {
		c.Set("HX-Redirect", path)
		return c.SendStatus(fiber.StatusNoContent)
	}
	return c.Redirect(path, fiber.StatusSeeOther)
}

// next returns the local path that the form or the query asks to go to, or the given one. Anything with a host would
// send the user to another site.
func next(c *fiber.Ctx, otherwise string) string {
	path := c.FormValue("next")
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return otherwise
	}
	return path
}

const flashCookie = "flash"

// flash has the next page say a sentence once.
func (h *Handlers) flash(c *fiber.Ctx, f views.Flash) {
	data, err := json.Marshal(f)
	if err != nil {
		return
	}
	c.Cookie(&fiber.Cookie{
		Name: flashCookie, Value: base64.RawURLEncoding.EncodeToString(data), Path: "/", MaxAge: 60,
		HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, Secure: h.Auth.Secure(c),
	})
}

func (h *Handlers) good(c *fiber.Ctx, format string, args ...any) {
	h.flash(c, views.Flash{Kind: "good", Text: fmt.Sprintf(format, args...)})
}

// takeFlash reads the sentence and clears it. What does not read as one was not written here.
func takeFlash(c *fiber.Ctx) views.Flash {
	var f views.Flash
	value := c.Cookies(flashCookie)
	if value == "" {
		return f
	}
	c.Cookie(&fiber.Cookie{
		Name: flashCookie, Path: "/", Expires: time.Unix(1, 0), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
	data, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || json.Unmarshal(data, &f) != nil || len(f.Text) > 500 || f.Link != "" && !strings.HasPrefix(f.Link, "/") {
		return views.Flash{}
	}
	return f
}

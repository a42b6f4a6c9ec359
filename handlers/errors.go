package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/model"
	"keepstead/views"
	"keepstead/views/lang"
)

// status is the one place where an error becomes a status code.
func status(err error) int {
	var given *fiber.Error
	switch {
	case len(model.Refused(err)) > 0:
		return fiber.StatusUnprocessableEntity
	case errors.Is(err, auth.ErrForeign):
		return fiber.StatusForbidden
	case errors.Is(err, auth.ErrDenied):
		return fiber.StatusUnauthorized
	case errors.As(err, new(auth.Throttled)):
		return fiber.StatusTooManyRequests
	case errors.Is(err, auth.ErrSpent):
		return fiber.StatusGone
	case errors.Is(err, model.ErrNotFound):
		return fiber.StatusNotFound
	case errors.Is(err, model.ErrConflict):
		return fiber.StatusConflict
	case errors.Is(err, model.ErrBusy):
		return fiber.StatusServiceUnavailable
	case errors.As(err, &given):
		return given.Code
	}
	return fiber.StatusInternalServerError
}

// sentence is what a person may read of an error; empty where only the status says something. An unexpected error is
// for the log alone.
func sentence(err error) string {
	var conflict model.Conflict
	var hostKey model.HostKeyUnconfirmed
	var busy model.Busy
	var throttled auth.Throttled
	var given *fiber.Error
	switch {
	case len(model.Refused(err)) > 0:
		var reasons []string
		for _, r := range model.Refused(err) {
			reasons = append(reasons, r.Reason)
		}
		return strings.Join(reasons, " ")
	case errors.As(err, &conflict):
		return conflict.Reason
	case errors.As(err, &hostKey):
		return hostKey.Error()
	case errors.As(err, &busy):
		return busy.Reason
	case errors.Is(err, auth.ErrSpent):
		return "This address works once, for a minute, and it was used or is too old. Go back to the snapshot and press Download again."
	case errors.As(err, &throttled):
		return throttled.Error()
	case errors.Is(err, auth.ErrForeign):
		return "This request came from another site, so nothing was done."
	case errors.As(err, &given) && given.Code < 500 && given.Message != http.StatusText(given.Code):
		return given.Message
	}
	return ""
}

// Fail answers a request that ended with an error.
func (h *Handlers) Fail(c *fiber.Ctx, err error) error {
	code := status(err)
	if code == fiber.StatusUnauthorized {
		return h.toSignIn(c)
	}
	if code >= 500 && code != fiber.StatusServiceUnavailable {
		h.Log.Error("request failed", "request", RequestID(c), "method", c.Method(), "path", LogPath(c), "error", err)
	}
	var throttled auth.Throttled
	if errors.As(err, &throttled) {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(throttled.Seconds()))
	}
	c.Status(code)
	h.SetLanguage(c) // the request may not have come as far as its route
	text := sentence(err)
	if isFragment(c) {
		if text == "" && code < 500 {
			text = views.ErrorSentence(code)
		} else if text == "" {
			text = "Something went wrong. The log has it under request " + RequestID(c) + "."
		}
		return c.SendString(lang.T(c.UserContext(), text))
	}
	frame, frameErr := h.chrome(c)
	if frameErr != nil { // The page can do without the count of open jobs.
		h.Log.Error("frame of the error page", "request", RequestID(c), "error", frameErr)
	}
	return render(c, views.ErrorPage(views.ErrorProps{Chrome: frame, Status: code, Sentence: text, RequestID: RequestID(c)}))
}

// toSignIn sends somebody without a session to the sign-in page, and from there back to where they were going.
func (h *Handlers) toSignIn(c *fiber.Ctx) error {
	path := views.SignInPath
	if c.Method() == fiber.MethodGet && c.Path() != views.HomePath && !isFragment(c) {
		path += "?next=" + url.QueryEscape(c.OriginalURL())
	}
	switch {
	case isFragment(c):
		c.Set("HX-Redirect", path)
		return c.SendStatus(fiber.StatusUnauthorized)
	case strings.Contains(c.Get(fiber.HeaderAccept), "text/event-stream"):
		return c.SendStatus(fiber.StatusUnauthorized)
	}
	return c.Redirect(path, fiber.StatusSeeOther)
}

// again shows a refused form once more, as it was typed, with the reasons at its fields. An error of another kind goes
// on to Fail.
func again(c *fiber.Ctx, err error, page func(model.Invalids) (templ.Component, error)) error {
	reasons := refusals(err)
	if len(reasons) == 0 {
		return err
	}
	component, pageErr := page(reasons)
	if pageErr != nil {
		return pageErr
	}
	c.Status(status(err))
	return render(c, component)
}

// refusals lists the fields that an error refuses, a conflict's field included.
func refusals(err error) model.Invalids {
	var conflict model.Conflict
	var hostKey model.HostKeyUnconfirmed
	if errors.As(err, &hostKey) {
		return model.Invalids{{Field: "host_key_fingerprint", Reason: hostKey.Error()}}
	}
	if errors.As(err, &conflict) {
		return model.Invalids{{Field: conflict.Field, Reason: conflict.Reason}}
	}
	return model.Refused(err)
}

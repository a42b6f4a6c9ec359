package api

import (
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
)

// refusal is a request that is turned away before its content is looked at.
type refusal struct {
	status int
	detail string
}

// Error returns the sentence.
func (r refusal) Error() string { return r.detail }

// kind is what the problems of one status share.
type kind struct{ name, title, detail string }

func kindOf(status int) kind {
	switch status {
	case http.StatusBadRequest:
		return kind{"malformed", "The request cannot be read", "The request cannot be read."}
	case http.StatusUnauthorized:
		return kind{"unauthorized", "A token is needed", "Send a valid token as “Authorization: Bearer …”; make one with “keepstead token create NAME”."}
	case http.StatusForbidden:
		return kind{"forbidden", "Not allowed", "This is not allowed."}
	case http.StatusNotFound:
		return kind{"not-found", "Not found", "There is nothing at this address; it may have been removed."}
	case http.StatusMethodNotAllowed:
		return kind{"method-not-allowed", "Wrong method", "This address does not take this method; the Allow header lists those it takes."}
	case http.StatusConflict:
		return kind{"conflict", "Something stands in the way", "This clashes with something that is already there."}
	case http.StatusRequestEntityTooLarge:
		return kind{"too-large", "Too large", "The body is too large."}
	case http.StatusUnsupportedMediaType:
		return kind{"unsupported-media-type", "Wrong content type", "Send JSON."}
	case http.StatusUnprocessableEntity:
		return kind{"invalid", "Some fields cannot be accepted", "Mend the fields that are listed."}
	case http.StatusTooManyRequests:
		return kind{"too-many-requests", "Too many requests", "Wait a moment, then try again."}
	case http.StatusServiceUnavailable:
		return kind{"busy", "Busy", "Keepstead is busy or stopping; try again in a moment."}
	case http.StatusInternalServerError:
		return kind{"internal", "Something went wrong", "Something went wrong in Keepstead; its log has more under this request's id."}
	}
	return kind{"http", http.StatusText(status), "The request was not answered."}
}

// problemOf is the one place where an error becomes a status and a document. Only sentences made for people are
// shown; any other error gets the fixed sentence of its status.
func problemOf(err error) Problem {
	var refused refusal
	var conflict model.Conflict
	var busy model.Busy
	var ended restoreEnded
	var hostKey model.HostKeyUnconfirmed
	var web *fiber.Error
	switch fields := model.Refused(err); {
	case len(fields) > 0:
		return withFields(newProblem(http.StatusUnprocessableEntity, ""), fields)
	case errors.As(err, &refused):
		return newProblem(refused.status, refused.detail)
	case errors.As(err, &ended):
		return newProblem(ended.status(), ended.sentence())
	case errors.As(err, &hostKey):
		p := newProblem(http.StatusConflict, hostKey.Error())
		p.OfferedFingerprint, p.PinnedFingerprint = model.Fingerprint(hostKey.Offered), model.Fingerprint(hostKey.Pinned)
		return withFields(p, model.Invalids{{Field: "host_key_fingerprint", Reason: hostKey.Error()}})
	case errors.As(err, &conflict) && conflict.Field != "":
		return withFields(newProblem(http.StatusConflict, conflict.Reason), model.Invalids{{Field: conflict.Field, Reason: conflict.Reason}})
	case errors.As(err, &conflict):
		return newProblem(http.StatusConflict, conflict.Reason)
	case errors.Is(err, model.ErrNotFound):
		return newProblem(http.StatusNotFound, "")
	case errors.Is(err, model.ErrConflict):
		return newProblem(http.StatusConflict, "")
	case errors.As(err, &busy):
		return newProblem(http.StatusServiceUnavailable, busy.Reason)
	case errors.Is(err, model.ErrBusy):
		return newProblem(http.StatusServiceUnavailable, "")
	case errors.As(err, &web):
		return newProblem(web.Code, "")
	}
	return newProblem(http.StatusInternalServerError, "")
}

func newProblem(status int, detail string) Problem {
	k := kindOf(status)
	if detail == "" {
		detail = k.detail
	}
	return Problem{Type: "urn:keepstead:problem:" + k.name, Title: k.title, Status: status, Detail: detail}
}

func withFields(p Problem, fields model.Invalids) Problem {
	for _, f := range fields {
		p.Errors = append(p.Errors, FieldError{Field: f.Field, Detail: f.Reason})
	}
	if len(fields) == 1 {
		p.Detail = fields[0].Reason
	}
	return p
}

// Fail answers with the problem document of err and logs what is our own fault. The web server calls it too, for what
// goes wrong in front of the routes.
func (a *API) Fail(c *fiber.Ctx, err error) error {
	p := problemOf(err)
	p.Instance = requestID(c)
	var ended restoreEnded
	if p.Status >= http.StatusInternalServerError && !errors.As(err, &ended) {
		a.Log.Error("answer an API request", "request", p.Instance, "method", c.Method(), "path", c.Path(), "error", err)
	}
	switch p.Status {
	case http.StatusUnauthorized:
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="Keepstead"`)
	case http.StatusServiceUnavailable:
		c.Set(fiber.HeaderRetryAfter, "5")
	}
	var document any = p
	if r := checked(c); r != nil && r.operation.id == "restoreSnapshot" {
		document = restoreProblem(p, err)
	}
	if err := c.Status(p.Status).JSON(document); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return nil
}

// requestID returns the id that the web server gave the request, or makes one.
func requestID(c *fiber.Ctx) string {
	if id := c.GetRespHeader(fiber.HeaderXRequestID); id != "" {
		return id
	}
	id := uuid.NewString()
	c.Set(fiber.HeaderXRequestID, id)
	return id
}

package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
)

// pathID returns the id in the path, which check has proved to be a UUID.
func pathID(c *fiber.Ctx) uuid.UUID { return parsed(c.Params("id")) }

// declaredID is pathID where the caller chooses the id: all zeros stand for no id, so nothing can have them.
func declaredID(c *fiber.Ctx) (uuid.UUID, error) {
	id := pathID(c)
	if id == uuid.Nil {
		return id, model.Invalid{Field: "id", Reason: "Give an id that is not all zeros."}
	}
	return id, nil
}

// queryID returns a query parameter that is a UUID, or the nil id where it is absent.
func queryID(c *fiber.Ctx, name string) uuid.UUID { return parsed(queryText(c, name)) }

// parsed returns the id that checked text holds; anything else is the nil id, which nothing has.
func parsed(text string) uuid.UUID {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil
	}
	return id
}

// queryText returns a query parameter, or "" where it is absent.
func queryText(c *fiber.Ctx, name string) string {
	if values := checked(c).query[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// queryTime returns a query parameter that is a time. The document checks its form, not that the day exists.
func queryTime(c *fiber.Ctx, name string, problems *model.Invalids) time.Time {
	text := queryText(c, name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		problems.Add(name, "There is no such moment.")
	}
	return t.UTC()
}

// page returns the page that a list is asked for, and one row more, which tells whether there is another page.
func page(c *fiber.Ctx) model.Page {
	limit, err := strconv.Atoi(queryText(c, "limit"))
	if err != nil {
		limit = model.DefaultPage
	}
	return model.Page{Cursor: queryID(c, "cursor"), Limit: limit + 1}
}

// cut takes the row too many off a page and returns the cursor of the next one, nil when there is none.
func cut[T any](rows []T, p model.Page, id func(T) uuid.UUID) ([]T, *uuid.UUID) {
	if len(rows) < p.Limit {
		return rows, nil
	}
	rows = rows[:p.Limit-1]
	last := id(rows[len(rows)-1])
	return rows, &last
}

// mapped turns rows into wire values; the result is never nil, so that an empty list is [] and not null.
func mapped[T, W any](rows []T, wire func(T) W) []W {
	out := make([]W, 0, len(rows))
	for _, row := range rows {
		out = append(out, wire(row))
	}
	return out
}

// created answers 201 with the new thing and where it is.
func created(c *fiber.Ctx, path string, id uuid.UUID, thing any) error {
	locate(c, path, id)
	return c.Status(fiber.StatusCreated).JSON(thing)
}

// createdOr answers 201 where the thing is new and 200 where it was there before.
func createdOr(c *fiber.Ctx, isNew bool, path string, id uuid.UUID, thing any) error {
	if isNew {
		return created(c, path, id, thing)
	}
	return c.JSON(thing)
}

// accepted answers 202 with the job that does the work.
func (a *API) accepted(c *fiber.Ctx, job model.Job) error {
	locate(c, "/jobs/", job.ID)
	return c.Status(fiber.StatusAccepted).JSON(a.wireJob(job))
}

func locate(c *fiber.Ctx, path string, id uuid.UUID) {
	c.Location(Base + path + id.String())
}

// utc returns a time for the wire; utcOr where it may be absent.
func utc(t time.Time) time.Time { return t.UTC() }

func utcOr(t *time.Time) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

// list returns the strings as a list that is never null.
func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

// known returns a count of bytes, or nil where it is not known.
func known(bytes int64) *int64 {
	if bytes < 0 {
		return nil
	}
	return &bytes
}

// prefers says whether the Prefer header (RFC 7240) holds the preference.
func prefers(c *fiber.Ctx, preference string) bool {
	for token := range strings.SplitSeq(c.Get("Prefer"), ",") {
		name, _, _ := strings.Cut(token, ";")
		if strings.EqualFold(strings.TrimSpace(name), preference) {
			return true
		}
	}
	return false
}

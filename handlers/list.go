package handlers

import (
	"context"
	"net/url"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/views"
)

const listRows = 50 // rows of one page of snapshots or jobs

// list answers a page that shows a filtered list: its query read into Q, its props made from that, the page rendered.
func list[Q, P any](
	h *Handlers, c *fiber.Ctx, view string, props func(context.Context, views.Chrome, Q) (P, error), page func(P) templ.Component,
) error {
	frame, err := h.live(c, view, uuid.Nil)
	if err != nil {
		return err
	}
	q, err := query[Q](c)
	if err != nil {
		return err
	}
	p, err := props(c.UserContext(), frame, q)
	if err != nil {
		return err
	}
	return render(c, page(p))
}

// place is where in a list a page is: path and filter written back for another cursor, and whether this is not the first.
type place struct {
	path  string
	at    func(cursor uuid.UUID) url.Values
	later bool
}

// paged cuts rows, one more of which were read than are shown, to one page and links its neighbours.
func paged[T any](rows []T, id func(T) uuid.UUID, at place) ([]T, views.Paging) {
	p := views.Paging{Total: -1}
	if len(rows) > listRows {
		rows = rows[:listRows]
		p.Older = at.path + "?" + at.at(id(rows[listRows-1])).Encode()
	}
	if at.later {
		p.Newer = at.path + "?" + at.at(uuid.Nil).Encode()
	}
	return rows, p
}

// filled writes the fields of a filter that are set as a query.
func filled(fields map[string]string, cursor uuid.UUID) url.Values {
	v := url.Values{}
	for key, value := range fields {
		if value != "" {
			v.Set(key, value)
		}
	}
	if cursor != uuid.Nil {
		v.Set("cursor", cursor.String())
	}
	return v
}

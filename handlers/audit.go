package handlers

import (
	"net/url"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// auditQuery is a filter with the place in its list.
type auditQuery struct {
	views.AuditQuery
	Cursor string `query:"cursor"`
}

// Audit lists who did what. It does not follow what happens: it is read, and grows by being read about.
func (h *Handlers) Audit(c *fiber.Ctx) error {
	q, err := query[auditQuery](c)
	if err != nil {
		return err
	}
	q.AuditQuery = views.KnownAudit(q.AuditQuery)
	f, err := q.filter()
	if err != nil {
		return err
	}
	p := views.AuditProps{Filter: q.AuditQuery}
	if p.Chrome, err = h.chrome(c); err != nil {
		return err
	}
	f.Limit++ // one more than is shown tells whether there is a next page
	rows, err := h.Store.AuditLog(c.UserContext(), f)
	if err != nil {
		return err
	}
	p.Entries, p.Paging = paged(rows, func(e model.AuditEntry) uuid.UUID { return e.ID }, place{views.AuditPath, q.values, q.Cursor != ""})
	if p.Present, err = h.Store.Present(c.UserContext(), views.AuditSubjects(p.Entries)); err != nil {
		return err
	}
	return render(c, views.AuditPage(p))
}

func (q auditQuery) filter() (model.AuditFilter, error) {
	var problems model.Invalids
	f := model.AuditFilter{
		Who: q.Who, Subject: q.Subject, Acts: model.AuditGroup(q.Kind).Acts(), Outcome: model.AuditOutcome(q.Outcome),
		Page: model.Page{Cursor: optionalID(&problems, "cursor", q.Cursor), Limit: listRows},
	}
	return f, problems.Err()
}

func (q auditQuery) values(cursor uuid.UUID) url.Values {
	return filled(map[string]string{"who": q.Who, "kind": q.Kind, "subject": q.Subject, "outcome": q.Outcome}, cursor)
}

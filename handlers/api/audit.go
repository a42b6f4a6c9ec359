package api

import (
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
)

func (a *API) listAuditEntries(c *fiber.Ctx) error {
	filter := model.AuditFilter{
		Who: queryText(c, "who"), Subject: queryText(c, "subject"),
		Outcome: model.AuditOutcome(queryText(c, "outcome")), Page: page(c),
	}
	for _, act := range checked(c).query["act"] {
		filter.Acts = append(filter.Acts, model.AuditAct(act))
	}
	rows, err := a.Store.AuditLog(c.UserContext(), filter)
	if err != nil {
		return err
	}
	rows, next := cut(rows, filter.Page, func(e model.AuditEntry) uuid.UUID { return e.ID })
	return c.JSON(AuditList{Entries: mapped(rows, wireAuditEntry), NextCursor: next})
}

func wireAuditEntry(e model.AuditEntry) AuditEntry {
	out := AuditEntry{
		ID: e.ID, At: utc(e.At), ActorKind: e.ActorKind, Actor: e.Actor, IP: e.IP, Act: e.Act, Outcome: e.Outcome, Reason: e.Reason,
	}
	if e.SubjectKind != "" {
		out.Subject = AuditSubject{Kind: e.SubjectKind, ID: e.SubjectID, Name: e.SubjectName}
	}
	return out
}

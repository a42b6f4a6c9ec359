package views

import (
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// auditSample has an entry of each act, by each kind of actor, and one for each reason.
func auditSample(s sample, at func(string) Chrome) AuditProps {
	p := AuditProps{Chrome: at(AuditPath), Present: map[uuid.UUID]uuid.UUID{}, Filter: AuditQuery{Who: "admin"}, Paging: Paging{Older: "/settings/audit?cursor=x", Newer: "/settings/audit", Total: -1}}
	actors := []model.AuditEntry{
		{ActorKind: model.ActorUser, Actor: "admin", IP: "192.168.178.20"},
		{ActorKind: model.ActorToken, Actor: "orchestrator", IP: "fd00::5"},
		{ActorKind: model.ActorCommand, Actor: "root"},
		{ActorKind: model.ActorUnknown, IP: "203.0.113.9"},
	}
	kinds := []model.SubjectKind{
		model.SubjectApp, model.SubjectConfiguration, model.SubjectDestination, model.SubjectDevice, model.SubjectJob, model.SubjectPolicy,
		model.SubjectSnapshot, model.SubjectToken, model.SubjectUser, "",
	}
	reasons := []model.AuditReason{
		model.ReasonDenied, model.ReasonMuted, model.ReasonForeign, model.ReasonThrottled, model.ReasonInvalid, model.ReasonMissing,
		model.ReasonConflict, model.ReasonFailed,
	}
	for i, act := range append(model.AuditActs(), model.ActBackUp) {
		e := actors[i%len(actors)]
		e.ID, e.At, e.Act, e.Outcome, e.SubjectKind = id(700+i), s.chrome.Now.Add(-time.Duration(i)*time.Hour), act, model.AuditDone, kinds[i%len(kinds)]
		if e.SubjectKind != "" && i%7 != 0 {
			e.SubjectID, e.SubjectName = id(30), "immich"
			p.Present[e.SubjectID] = e.SubjectID
		}
		if i%3 == 0 {
			e.Outcome, e.Reason = model.AuditRefused, reasons[(i/3)%len(reasons)]
		}
		if act == model.ActBackUp && i > 30 {
			e.SubjectKind, e.SubjectName = "", ""
		}
		p.Entries = append(p.Entries, e)
	}
	return p
}

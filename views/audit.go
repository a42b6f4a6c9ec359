package views

import (
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

// AuditProps is the audit log.
type AuditProps struct {
	Chrome
	Entries []model.AuditEntry
	Present map[uuid.UUID]uuid.UUID // the subjects that a page still shows, and its id
	Filter  AuditQuery
	Paging  Paging
}

// AuditQuery is the filter as it stands in the URL.
type AuditQuery struct {
	Who     string `query:"who"`
	Kind    string `query:"kind"` // a model.AuditGroup
	Subject string `query:"subject"`
	Outcome string `query:"outcome"`
}

// KnownAudit drops from a filter what there is no choice for.
func KnownAudit(q AuditQuery) AuditQuery {
	q.Kind, q.Outcome = offered(q.Kind, auditKindOptions()), offered(q.Outcome, auditOutcomeOptions())
	return q
}

// AuditSubjects are the ids of what entries are about.
func AuditSubjects(entries []model.AuditEntry) []uuid.UUID {
	var out []uuid.UUID
	for _, e := range entries {
		if e.SubjectID != uuid.Nil {
			out = append(out, e.SubjectID)
		}
	}
	return out
}

func auditKindOptions() []ui.Option {
	out := []ui.Option{{Text: "Everything"}}
	for _, g := range model.AuditGroups() {
		out = append(out, ui.Option{Value: string(g), Text: auditGroupWord(g)})
	}
	return out
}

func auditGroupWord(g model.AuditGroup) string {
	switch g {
	case model.AuditSignIns:
		return "Sign-ins"
	case model.AuditAccess:
		return "Users, passwords and tokens"
	case model.AuditReading:
		return "Restores and downloads"
	case model.AuditRemoval:
		return "Removals"
	case model.AuditWork:
		return "Backups, tests and upkeep"
	}
	return "Changes"
}

func auditOutcomeOptions() []ui.Option {
	return []ui.Option{{Text: "Every outcome"}, {Value: string(model.AuditDone), Text: "Done"}, {Value: string(model.AuditRefused), Text: "Refused"}}
}

func auditState(e model.AuditEntry) ui.State {
	if e.Outcome == model.AuditDone {
		return ui.State{Class: "is-good", Icon: ui.IconGood, Word: "Done"}
	}
	return ui.State{Class: "is-bad", Icon: ui.IconBad, Word: "Refused"}
}

// subjectPath is the page of what an entry is about; empty where there is none, or none any more.
func subjectPath(p AuditProps, e model.AuditEntry) string {
	page, ok := p.Present[e.SubjectID]
	if !ok {
		return ""
	}
	switch e.SubjectKind {
	case model.SubjectApp, model.SubjectConfiguration:
		return AppPath(page)
	case model.SubjectUser:
		return SettingsPath + "#users"
	case model.SubjectToken:
		return SettingsPath + "#tokens"
	case model.SubjectChannel:
		return NotificationPath(page)
	case model.SubjectDestination:
		return DestinationPath(page)
	case model.SubjectDevice:
		return DevicePath(page)
	case model.SubjectJob:
		return JobPath(page)
	case model.SubjectPolicy:
		return PolicyPath(page)
	case model.SubjectSnapshot:
		return SnapshotPath(page)
	}
	return ""
}

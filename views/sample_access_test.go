package views

import (
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
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

// twoFactorPages are the page of the second factor in each of its states.
func twoFactorPages(s sample, at func(string) Chrome) map[string]templ.Component {
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	frame := at(TwoFactorPath)
	page := func(p TwoFactorProps) templ.Component { p.Chrome = frame; return show(s, TwoFactorPage, p) }
	wrong := model.Invalids{{Field: "code", Reason: "This code is not right, or was used already. Wait for the next one your app shows."}}
	return map[string]templ.Component{
		"two-factor-off":       page(TwoFactorProps{Form: TwoFactorStart, Errors: model.Invalids{{Field: "current_password", Reason: "That took too long. Start once more."}}}),
		"two-factor-enrolment": page(TwoFactorProps{Secret: secret, URL: "otpauth://totp/Keepstead:admin?issuer=Keepstead&secret=" + secret}),
		"two-factor-wrong":     page(TwoFactorProps{Secret: secret, URL: "otpauth://totp/Keepstead:admin?issuer=Keepstead&secret=" + secret, Errors: wrong}),
		"two-factor-codes":     page(TwoFactorProps{On: true, Codes: []string{"1234-5678-9012", "2345-6789-0123", "3456-7890-1234"}}),
		"two-factor-on":        page(TwoFactorProps{On: true, Since: s.chrome.Now.Add(-time.Hour), Left: 9, Form: TwoFactorOff, Errors: wrong}),
		"two-factor-last":      page(TwoFactorProps{On: true, Since: s.chrome.Now.Add(-time.Hour), Form: TwoFactorCodes, Errors: wrong}),
	}
}

// TestQRIsOnThePage draws the secret, and nothing of what fits into no QR code.
func TestQRIsOnThePage(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{"otpauth://totp/Keepstead:admin?secret=ABC": true, strings.Repeat("x", 5000): false} {
		html := render(t, TwoFactorPage(TwoFactorProps{Secret: "ABC", URL: url}))
		if drawn := strings.Contains(html, `<svg class="qr"`); drawn != want || !strings.Contains(html, ">ABC</code>") {
			t.Errorf("%.40s: drawn %t", url, drawn)
		}
	}
}

// Package audit writes down who did what: one entry for each request that changes or hands out something. The web server
// puts a Trail around every request; handlers only add what a route cannot know, such as the name of what was made.
package audit

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/auth"
	"keepstead/model"
	"keepstead/store"
)

// Trail writes the audit log. Make it with New.
type Trail struct {
	store     *store.Store
	log       *slog.Logger
	strangers *quota
}

// New returns a Trail over st. The clock is time.Now when nil.
func New(st *store.Store, log *slog.Logger, clock func() time.Time) *Trail {
	if clock == nil {
		clock = time.Now
	}
	return &Trail{store: st, log: log, strangers: newQuota(clock)}
}

// note is what is known of a request's act while it is answered.
type note struct {
	act  model.AuditAct
	kind model.SubjectKind
	id   uuid.UUID
	name string
	part string // of what has the name, if the act is about that alone: a file of a snapshot, a key of a repository
	half bool   // it was done, by somebody who is not signed in yet
	// known says that somebody who is not signed in gave the right password.
	known  bool
	denied bool // it was refused for want of a right password or code
	failed bool // it was answered, and came to nothing
}

type noteKey struct{}

func noteOf(c *fiber.Ctx) *note {
	n, ok := c.Locals(noteKey{}).(*note)
	if !ok {
		n = &note{}
		c.Locals(noteKey{}, n)
	}
	return n
}

// About says what the request's act is about, where its address does not. The name is of something that is there, never
// what somebody typed.
func About(c *fiber.Ctx, kind model.SubjectKind, id uuid.UUID, name string) {
	n := noteOf(c)
	n.kind, n.id, n.name = kind, id, name
}

// AboutApps says that the act is about several apps.
func AboutApps(c *fiber.Ctx, names []string) {
	if len(names) > 0 {
		About(c, model.SubjectApp, uuid.Nil, strings.Join(names, ", "))
	}
}

// AboutFile says which file of a snapshot the act is about. It is one that was found there.
func AboutFile(c *fiber.Ctx, snapshot uuid.UUID, path string) {
	n := noteOf(c)
	n.kind, n.id, n.part = model.SubjectSnapshot, snapshot, path
}

// AboutKey says which key of the repository that the address names the act is about. It is one that was there.
func AboutKey(c *fiber.Ctx, id string) { noteOf(c).part = id[:min(len(id), shownOfKey)] }

// shownOfKey is how many digits of a key's id stand in the log, as many as restic shows.
const shownOfKey = 8

// PasswordGiven says that the first of two steps of a sign-in is done.
func PasswordGiven(c *fiber.Ctx) {
	n := noteOf(c)
	n.act, n.half, n.known = model.ActEnterPassword, true, true
}

// PasswordKnown says that the request is the second step of somebody who gave the right password. What such a one tries is
// written down always: it may be a thief who has the password and guesses codes.
func PasswordKnown(c *fiber.Ctx) { noteOf(c).known = true }

// Denied says that the act was refused for want of a right password or code, where the status only says that a form was
// not right.
func Denied(c *fiber.Ctx) { noteOf(c).denied = true }

// Tested says how a test ended that the request asked for: the answer to one that failed is as good as any.
func Tested(c *fiber.Ctx, ok bool) { noteOf(c).failed = !ok }

// Act says what was done, where the route says it less exactly.
func Act(c *fiber.Ctx, act model.AuditAct) { noteOf(c).act = act }

// Begin looks up what a change is about while that is still there and has its name. It is called once the request is let
// through.
func (t *Trail) Begin(c *fiber.Ctx) {
	n := noteOf(c)
	if n.kind, n.id = subject(c.Path()); n.id != uuid.Nil {
		n.name = t.nameOf(c.UserContext(), n.kind, n.id)
	}
}

// nameOf is empty for what has no name: that it cannot be named now must not stop the act.
func (t *Trail) nameOf(ctx context.Context, kind model.SubjectKind, id uuid.UUID) string {
	name, _ := t.store.SubjectName(ctx, kind, id)
	return name
}

// End writes down the act of a request that was answered.
func (t *Trail) End(c *fiber.Ctx, act model.AuditAct) {
	e := t.entry(c, act)
	if e.ActorKind == model.ActorUnknown && !noteOf(c).known {
		muted, ok := t.strangers.take(auth.Network(e.IP))
		if !ok {
			return
		}
		if muted {
			e.Reason = model.ReasonMuted
		}
	}
	// The answer is written already, and a client that went away changes nothing about what was done.
	if err := t.store.CreateAuditEntry(context.WithoutCancel(c.UserContext()), e); err != nil {
		t.log.Error("an act is missing in the audit log", "act", e.Act, "actor", e.Actor, "subject", e.SubjectID, "error", err)
	}
}

func (t *Trail) entry(c *fiber.Ctx, act model.AuditAct) model.AuditEntry {
	n := noteOf(c)
	e := model.AuditEntry{ActorKind: model.ActorUnknown, IP: auth.ClientIP(c), Act: act, Outcome: model.AuditDone}
	who, known := auth.Who(c)
	switch {
	case known && who.SessionHash() != nil:
		e.ActorKind, e.Actor = model.ActorUser, who.User.Name
	case known:
		e.ActorKind, e.Actor = model.ActorToken, who.Token.Name
	}
	status := c.Response().StatusCode()
	if status >= 400 || !known && !n.half {
		e.Outcome, e.Reason = model.AuditRefused, model.AuditReasonOf(status)
		if n.denied {
			e.Reason = model.ReasonDenied
		}
	}
	if n.failed && e.Outcome == model.AuditDone {
		e.Outcome, e.Reason = model.AuditRefused, model.ReasonFailed
	}
	t.settle(c, n, &e, status)
	e.SubjectKind, e.SubjectID, e.SubjectName = n.kind, n.id, shorten(n.name)
	return e
}

// settle turns what the route says into what was done: a switch was turned one way, and what was declared may be new.
func (t *Trail) settle(c *fiber.Ctx, n *note, e *model.AuditEntry, status int) {
	if n.act != "" {
		e.Act = n.act
	}
	if e.Act == model.ActSwitch {
		e.Act = model.ActTurnOff
		if c.FormValue("enabled") == "on" {
			e.Act = model.ActTurnOn
		}
	}
	if status == fiber.StatusCreated && e.Act == model.ActChange {
		e.Act = model.ActCreate
	}
	if n.kind == "" && e.Act != model.ActUseToken {
		n.kind, n.id = subject(c.Path())
	}
	if n.id == uuid.Nil && e.Act == model.ActCreate && e.Outcome == model.AuditDone {
		t.made(c, n)
	}
	if n.name == "" && n.id != uuid.Nil {
		n.name = t.nameOf(c.UserContext(), n.kind, n.id)
	}
	if n.part != "" {
		n.name = strings.TrimPrefix(n.name+": "+n.part, ": ")
	}
}

// made takes what is new from where the answer leads.
func (t *Trail) made(c *fiber.Ctx, n *note) {
	for _, header := range []string{fiber.HeaderLocation, "HX-Redirect"} {
		if kind, id := subject(c.GetRespHeader(header)); id != uuid.Nil && kind == n.kind {
			n.id = id
		}
	}
}

const maxSubject = 300 // characters of a name with a path in it

func shorten(name string) string {
	r := []rune(name)
	if len(r) <= maxSubject {
		return name
	}
	return string(r[:maxSubject-1]) + "…"
}

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// lookIntoAudit finds out who removed a user, and that somebody tried to sign in.
func (p *person) lookIntoAudit(*house) {
	p.nav("Settings")
	p.send("Open the audit log")
	p.listed("Remove", "Done")
	p.look("the audit log")
	p.choose("What", "Removals", "Filter")
	p.listed("Remove", "Done")
	p.write("Subject", "ann-"+string(p.way[3:5]))
	p.submitFrom("Filter")
	p.has("main tbody tr", "User ann-"+string(p.way[3:5]))
	p.has("main tbody tr", "admin 127.0.0.1")
	p.write("Subject", "nobody at all")
	p.submitFrom("Filter")
	p.says("No entry matches")
	p.look("the audit log, with a filter that finds nothing")
	p.send("Clear")
	p.listed("Remove", "Done")
}

// useTwoFactor turns two-factor on, signs in with it, and turns it off with a recovery code.
func (p *person) useTwoFactor(*house) {
	p.nav("Settings")
	p.send("Set up two-factor")
	p.write("Your password", adminPassword)
	p.submitFrom("Set up two-factor")
	p.says("Scan this with the app")
	p.look("the secret of two-factor")
	secret := ask[string](p.tab, `document.querySelector("#secret").textContent`)
	p.allow("422 from /settings/two-factor", "401 from /signin/code", "401 from /live/") // streams of a session that is signed out
	p.write("Code", "000000")
	p.submitFrom("Turn on")
	p.has(".field", "This code is not right.")
	p.write("Code", codeOf(p.t, secret, 0))
	p.submitFrom("Turn on")
	p.says("They are shown this once.")
	p.look("the recovery codes")
	codes := strings.Fields(ask[string](p.tab, `document.querySelector("#recovery-codes").textContent`))
	p.send("I have kept them")
	p.says("10 recovery codes are left.")
	p.look("two-factor, turned on")

	p.leave()
	p.visit("/signin")
	p.write("User name", "admin")
	p.write("Password", adminPassword)
	p.submitFrom("Sign in")
	p.await("the second step comes", `location.pathname === "/signin/code"`)
	p.look("the second step of the sign-in")
	p.write("Code", "000000")
	p.submitFrom("Sign in")
	p.says("This code is not right")
	p.write("Code", codeOf(p.t, secret, time.Minute/2)) // one that was not used yet
	p.submitFrom("Sign in")
	p.await("home comes", `location.pathname === "/"`)

	p.nav("Settings")
	p.send("Change two-factor")
	p.act("Turn off")
	p.write("Your password", adminPassword)
	p.write("Code", codes[0])
	p.submitFrom("Turn two-factor off")
	p.says("Two-factor is off.")
}

// codeOf is what an app with the secret shows so much later than now.
func codeOf(t testing.TB, secret string, later time.Duration) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(later))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

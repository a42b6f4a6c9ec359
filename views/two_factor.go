package views

import (
	"time"

	"github.com/a-h/templ"

	"keepstead/model"
	"keepstead/views/ui"
)

// TwoFactorProps is the page of the user's own second factor. POST StartTwoFactorPath: current_password; TwoFactorPath:
// code; RecoveryCodesPath and TwoFactorOffPath: current_password, code.
type TwoFactorProps struct {
	Chrome
	On    bool
	Since time.Time
	Left  int // recovery codes
	// Secret and URL are what an app is given, while it is being set up.
	Secret, URL string
	Codes       []string // recovery codes, shown once
	Form        TwoFactorForm
	Errors      model.Invalids
}

// TwoFactorForm says which form of the page was refused.
type TwoFactorForm string

// The forms that ask for the password.
const (
	TwoFactorStart TwoFactorForm = "start"
	TwoFactorCodes TwoFactorForm = "codes"
	TwoFactorOff   TwoFactorForm = "off"
)

// reasons are those at one of the page's forms.
func (p TwoFactorProps) reasons(form TwoFactorForm) model.Invalids {
	if p.Form != form {
		return nil
	}
	return p.Errors
}

func twoFactorState(on bool) ui.State {
	if on {
		return ui.State{Class: "is-good", Icon: ui.IconProve, Word: "On"}
	}
	return ui.State{Class: "is-idle", Icon: ui.IconRing, Word: "Off"}
}

// signInWords says what a user's sign-in asks for.
func signInWords(two bool) string {
	if two {
		return "Password and a code"
	}
	return "Password alone"
}

// CodesLeft says how many recovery codes are left, and asks for new ones where none is.
func CodesLeft(n int) string {
	if n == 0 {
		return "No recovery code is left. Make new ones now."
	}
	return ui.Plural(n, "recovery code is left", "recovery codes are left") + "."
}

func forCodes() templ.Attributes { return templ.Attributes{"inputmode": "numeric", "maxlength": "20"} }

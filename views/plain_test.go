package views

import (
	"strings"
	"testing"

	"keepstead/model"
)

// TestQuestionsSayInWordsWhatIsLost holds that no part of a question is told by a colour alone, and that it leads back to
// what it is about.
func TestQuestionsSayInWordsWhatIsLost(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	p := ConfirmProps{Chrome: s.chrome, Heading: "Remove Disk?", Lost: []string{"One."}, Stays: []string{"Two."}, Note: "Three.", Action: "/x", Button: "Remove destination", Back: DestinationPath(id(10)), BackName: "Disk"}
	html := render(t, ConfirmPage(p))
	for _, want := range []string{"This is lost", "This stays", "Three.", "Keep it", "Disk</a>"} {
		if !strings.Contains(html, want) {
			t.Errorf("the question does not say %q", want)
		}
	}
	p.Removes, p.BackName, p.Back, p.Keep = true, "", SettingsPath, "Keep the user"
	html = render(t, ConfirmPage(p))
	for _, want := range []string{"This is removed", "Settings", "Keep the user"} {
		if !strings.Contains(html, want) {
			t.Errorf("the question does not say %q", want)
		}
	}
}

// TestRefusedFieldDropsItsHint wants one sentence under a field: the reason says what the hint said.
func TestRefusedFieldDropsItsHint(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	p := SetupProps{Chrome: s.chrome}
	if html := render(t, SetupPage(p)); !strings.Contains(html, `id="f-password-hint"`) {
		t.Error("the form has no hint at the password")
	}
	p.Errors = model.Invalids{{Field: "password", Reason: "Use 10 to 256 characters."}}
	html := render(t, SetupPage(p))
	if strings.Contains(html, "f-password-hint") || !strings.Contains(html, `aria-describedby="f-password-reason"`) {
		t.Error("a refused field shows its hint beside the reason, or is not described by the reason alone")
	}
}

// TestErrorsLeadOn wants a sentence for every status.
func TestErrorsLeadOn(t *testing.T) {
	t.Parallel()
	for _, code := range []int{400, 401, 403, 404, 405, 409, 415, 422, 429, 500, 503} {
		got := ErrorSentence(code)
		if got == "" || code < 500 && strings.Contains(got, "fault of Keepstead") {
			t.Errorf("%d says %q", code, got)
		}
	}
}

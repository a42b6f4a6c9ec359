package views

import (
	"strings"
	"testing"

	"keepstead/model"
)

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

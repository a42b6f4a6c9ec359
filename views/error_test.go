package views

import (
	"strings"
	"testing"
)

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

package model

import (
	"slices"
	"testing"
)

func TestAttemptsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for _, tried := range [][]string{{"delete a pack", "overwrite a pack"}, {"read another destination"}} {
		if got := AttemptsIn(RefusedAttempts(tried)); !slices.Equal(got, tried) {
			t.Errorf("%q came back as %q", tried, got)
		}
	}
	if got := AttemptsIn("The bucket's key could neither delete nor replace a test object."); got != nil {
		t.Errorf("another sentence reads as %q", got)
	}
}

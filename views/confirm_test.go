package views

import (
	"strings"
	"testing"
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

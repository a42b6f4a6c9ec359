package views

import (
	"testing"

	"keepstead/model"
)

// TestChangeMaster writes a command that a shell takes as it is meant.
func TestChangeMaster(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]string{
		"/var/lib/keepstead": "keepstead key change-master file --data /var/lib/keepstead",
		"/it's $(here)":      `keepstead key change-master file --data '/it'\''s $(here)'`,
	} {
		if got := changeMaster(KeysProps{DataDir: dir}, "file"); got != want {
			t.Errorf("%s: %s", dir, got)
		}
	}
}

// TestKitStates judges the kit by when it was taken, and by when what opens the repository last changed.
func TestKitStates(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	rotated := s.kitted()[:1]
	later := rotated[0].KitAt.Add(1)
	rotated[0].AccessChangedAt = &later
	for name, tt := range map[string]struct {
		all   []model.Destination
		word  string
		title string
	}{
		"taken":       {s.kitted()[:1], "In a kit", ""},
		"out of date": {rotated, "Out of date", "Download the recovery kit again"},
		"never":       {s.kitted()[1:2], "1 destination is in no kit", "Keep the recovery kit somewhere else"},
		"both":        {append(rotated, s.kitted()[1]), "1 destination is in no kit", "Keep the recovery kit somewhere else"},
	} {
		title := ""
		for _, n := range needOfKit(HomeProps{Chrome: s.chrome, Destinations: tt.all}) {
			title = n.Title
		}
		if got := kitStateOf(tt.all).Word; got != tt.word || title != tt.title {
			t.Errorf("%s: %q, and Home says %q", name, got, title)
		}
	}
}

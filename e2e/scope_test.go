package e2e

// leaveOut types what an app shall leave out and reads what that comes to: while typing, or at the button without scripts.
func (p *person) leaveOut(h *house) {
	asked := func(pattern string) {
		p.write("Exclude", pattern)
		if p.way == plain {
			p.send("What do these match?")
		}
	}
	p.nav("Apps")
	p.send("Photos")
	if p.way != plain {
		p.act("What do these match?")
	}
	for _, each := range []struct{ pattern, says string }{
		{"*.txt", "The next backup leaves out 522 files"},
		{"album", "2 files, "},
		{"[x", "is not a valid pattern"},
		{"/nowhere", "matches nothing"},
	} {
		asked(each.pattern)
		p.says(each.says)
		p.await("what was typed is there", `document.querySelector("main [name=exclude_paths]").value === `+quote(each.pattern))
	}
	p.keepsPlace("while the preview follows")
	p.look("what an app leaves out, as it is typed")
	var list struct {
		Configurations []struct {
			App      string   `json:"app_id"`
			Excludes []string `json:"exclude_paths"`
		}
	}
	h.call("GET", "/backup/configurations", nil, &list)
	found := 0
	for _, c := range list.Configurations {
		if c.App == h.app {
			found += 1 + len(c.Excludes)
		}
	}
	if found != 2 { // its own, and the one that was made by itself
		p.t.Errorf("a look saved something: %+v", list)
	}
}

package views

import (
	"fmt"
	"strings"
	"testing"

	"keepstead/model"
)

// TestPagesOfApps walks the pages of a long list: each app is on one, each device is named on every page it is on.
func TestPagesOfApps(t *testing.T) {
	t.Parallel()
	p := AppsProps{Query: "a b"}
	for i := range 2*AppsPerPage + 20 {
		device := model.Device{ID: id(1 + i%2), Name: fmt.Sprint("machine ", i%2)}
		p.Apps = append(p.Apps, model.AppOverview{App: model.App{ID: id(1000 + i), Name: fmt.Sprint("app ", i)}, Device: device})
	}
	p.Total = len(p.Apps)
	seen := map[string]int{}
	for n := range 4 {
		p.Page = n
		page := pageOfApps(p)
		if want := max(n, 1); page.Page != want || page.Pages != 3 {
			t.Errorf("page %d is %d of %d", n, page.Page, page.Pages)
		}
		rows := 0
		for _, g := range page.Groups {
			for _, a := range g.Apps {
				rows++
				if n > 0 {
					seen[a.App.Name]++
				}
				if a.Device.ID != g.Device.ID {
					t.Errorf("%s stands under %s", a.App.Name, g.Device.Name)
				}
			}
		}
		if rows != page.Last-page.First+1 || rows > AppsPerPage {
			t.Errorf("page %d has %d rows, from %d to %d", n, rows, page.First, page.Last)
		}
	}
	if len(seen) != len(p.Apps) {
		t.Errorf("the pages show %d of %d apps", len(seen), len(p.Apps))
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%s is shown %d times", name, n)
		}
	}
	p.Page = 2
	html := render(t, AppsList(p))
	for _, want := range []string{`href="/apps?q=a+b"`, `href="/apps?page=3&amp;q=a+b"`, "51–100 of 120 apps"} {
		if !strings.Contains(html, want) {
			t.Errorf("the second page does not have %s", want)
		}
	}
	if one := render(t, AppsList(AppsProps{Apps: p.Apps[:3], Total: 3})); strings.Contains(one, "pager") {
		t.Error("a short list has pages")
	}
}

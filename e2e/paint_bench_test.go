package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// BenchmarkPaint measures in Chromium, on a desktop and a phone, how soon the main pages of a Keepstead of 500 apps are
// painted, and how far they shift meanwhile.
func BenchmarkPaint(b *testing.B) {
	h := manyOf(b)
	for b.Loop() {
		for _, s := range screens {
			h.paint(b, s)
		}
	}
}

// paintings asks the page for its first paint in milliseconds and for the sum of its layout shifts.
const paintings = `new Promise(done => {
	let shift = 0, paint = 0;
	new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) shift += e.value; }).observe({type: "layout-shift", buffered: true});
	new PerformanceObserver(list => { for (const e of list.getEntries()) if (e.name === "first-contentful-paint") paint = e.startTime; }).observe({type: "paint", buffered: true});
	setTimeout(() => done([paint, shift]), 700);
})`

func (h *largeLab) paint(b *testing.B, s screen) {
	b.Helper()
	tab := browse(b, h.url, s)
	tab.visit("/signin")
	tab.fill("name", "admin")
	tab.fill("password", adminPassword)
	tab.submit()
	tab.await("home comes", `location.pathname === "/"`)
	worst := [2]float64{}
	for _, path := range []string{"/", "/apps", "/apps/" + h.app, "/snapshots", "/snapshots/" + h.snapshot, "/destinations", "/policies", "/activity", "/jobs/" + h.job, "/devices", "/settings"} {
		var paints, shifts []float64
		for range 5 {
			tab.do("visit "+path, chromedp.Navigate(tab.base+path), chromedp.WaitReady("main"))
			got := ask[[]float64](tab, paintings)
			if len(got) != 2 || got[0] == 0 {
				b.Fatalf("%s was not painted: %v", path, got)
			}
			paints, shifts = append(paints, got[0]), append(shifts, got[1])
		}
		slices.Sort(paints)
		paint, shift := paints[len(paints)/2], slices.Max(shifts)
		b.Logf("%s: first paint %4.0f ms (best %4.0f), shift %.3f: %s", s.name, paint, paints[0], shift, h.short(path))
		worst = [2]float64{max(worst[0], paint), max(worst[1], shift)}
	}
	b.ReportMetric(worst[0], fmt.Sprintf("%s-paint-ms", s.name))
	b.ReportMetric(worst[1], fmt.Sprintf("%s-shift", s.name))
}

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	changesPerMinute = 10_000
	burstFor         = 15 * time.Second
)

// gaps has the page note how long its one thread kept others waiting, each time anew.
const gaps = `
	window.gaps = [];
	let last = performance.now();
	const {port1, port2} = new MessageChannel();
	port1.onmessage = () => { const now = performance.now(); window.gaps.push(now - last); last = now; setTimeout(() => port2.postMessage(0), 5) };
	port2.postMessage(0)`

// BenchmarkBurst changes a policy ten thousand times a minute while the list of policies of a Keepstead of 500 apps is open
// in Chromium, and measures how long the page cannot answer to a finger.
func BenchmarkBurst(b *testing.B) {
	h := manyOf(b)
	tab := browse(b, h.url, screens[0])
	tab.signIn()
	policy := h.defaultPolicy()
	for b.Loop() {
		tab.visit("/policies")
		tab.script("watch", gaps)
		begin, n := time.Now(), 0
		var calls errgroup.Group
		calls.SetLimit(8)
		for ; time.Since(begin) < burstFor; n++ {
			time.Sleep(time.Until(begin.Add(time.Duration(n) * time.Minute / changesPerMinute)))
			calls.Go(func() error {
				if status, raw := h.try("PATCH", "/backup/policies/"+policy, body{"description": fmt.Sprintf("edit %d", n)}); status >= 300 {
					return fmt.Errorf("%d: %s", status, raw)
				}
				return nil
			})
		}
		if err := calls.Wait(); err != nil {
			b.Fatal(err)
		}
		tab.await("the last edits are shown", `/edit \d+/.test(document.querySelector("main").innerText)`)
		waits := ask[[]float64](tab, "gaps")
		slices.Sort(waits)
		b.ReportMetric(float64(n)/burstFor.Minutes(), "changes/min")
		b.ReportMetric(waits[len(waits)*99/100], "p99-wait-ms")
		b.ReportMetric(waits[len(waits)-1], "longest-wait-ms")
	}
}

package e2e

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	changesPerMinute = 10_000
	burstFor         = 15 * time.Second
	editors          = 8
)

// gaps has the page note how long its one thread kept others waiting, each time anew.
const gaps = `
	window.gaps = [];
	let last = performance.now();
	const {port1, port2} = new MessageChannel();
	port1.onmessage = () => { const now = performance.now(); window.gaps.push(now - last); last = now; setTimeout(() => port2.postMessage(0), 5) };
	port2.postMessage(0)`

// BenchmarkBurst changes policies ten thousand times a minute while the list of policies of a Keepstead of 500 apps is open
// in Chromium, and measures how long the page cannot answer to a finger.
func BenchmarkBurst(b *testing.B) {
	h := manyOf(b)
	tab := browse(b, h.url, screens[0])
	tab.signIn()
	disk := h.addFolder("Spare", newFolder(b, "spare"))
	var policies []string // one for each that edits, so that nobody is in another's way
	for i := range editors {
		policies = append(policies, h.addPolicy(fmt.Sprintf("Edited %d", i), []string{disk.ID}, nil))
	}
	for b.Loop() {
		tab.visit("/policies")
		tab.script("watch", gaps)
		begin := time.Now()
		var editing errgroup.Group
		var done atomic.Int64
		for _, policy := range policies {
			editing.Go(func() error {
				for i := 0; time.Since(begin) < burstFor; i++ {
					time.Sleep(time.Until(begin.Add(time.Duration(i) * editors * time.Minute / changesPerMinute)))
					if status, raw := h.try("PATCH", "/backup/policies/"+policy, body{"description": fmt.Sprintf("edit %d", i)}); status >= 300 {
						return fmt.Errorf("%d: %s", status, raw)
					}
					done.Add(1)
				}
				return nil
			})
		}
		if err := editing.Wait(); err != nil {
			b.Fatal(err)
		}
		tab.await("the last edits are shown", `/edit \d+/.test(document.querySelector("main").innerText)`)
		waits := ask[[]float64](tab, "gaps")
		slices.Sort(waits)
		b.ReportMetric(float64(done.Load())/burstFor.Minutes(), "changes/min")
		b.ReportMetric(waits[len(waits)*99/100], "p99-wait-ms")
		b.ReportMetric(waits[len(waits)-1], "longest-wait-ms")
	}
}

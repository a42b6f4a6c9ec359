package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	alone    = 40 // requests for each page by one client
	together = 10 // and by each of eight at once
	clients  = 8
)

// What a page may take at the 95th percentile in milliseconds, and weigh in packed kilobytes; pages over it are named.
const (
	wantAlone    = 25
	wantTogether = 100
	wantWeight   = 60
)

// look is one page that is measured.
type look struct {
	path     string
	fragment bool // asked for by htmx
}

// looks are all pages with the ids of the large homelab, and with every filter.
func (h *largeLab) looks() []look {
	file, dir := url.QueryEscape(h.folder+"/file 000777.txt"), url.QueryEscape(h.folder)
	older := h.older
	out := []look{
		{"/snapshots/" + h.snapshot + "/files?dir=" + dir, true}, {"/snapshots/" + h.snapshot + "/files?dir=" + dir + "&after=" + url.QueryEscape("1file 100000.txt"), true},
	}
	for _, path := range []string{
		"/", "/apps", "/apps?page=6", "/apps?q=app+4", "/apps?status=failed", "/apps?kind=compose&page=3", "/apps/new",
		"/apps/" + h.app, "/apps/" + h.app + "/files", "/apps/" + h.app + "/files?q=file+0007", "/apps/" + h.app + "/files/versions?path=" + file, "/apps/" + h.app + "/forget",
		"/policies", "/policies/new", "/policies/" + h.policy,
		"/activity", "/activity?kind=prune", "/activity?kind=backup&state=failed", "/activity?state=open", "/activity?app_id=" + h.app,
		"/activity?destination_id=" + h.destination, "/activity?cursor=" + older, "/jobs/" + h.job, "/jobs/" + older,
		"/snapshots", "/snapshots?app_id=" + h.app, "/snapshots?destination_id=" + h.destination, "/snapshots?status=partial", "/snapshots?from=2026-01-01&to=2026-12-31",
		"/snapshots?app_id=" + h.app + "&destination_id=" + h.destination + "&status=success", "/snapshots?cursor=" + older,
		"/snapshots/" + h.snapshot, "/snapshots/" + h.snapshot + "?dir=" + dir, "/snapshots/" + h.foreign, "/snapshots/" + h.snapshot + "/search?q=file+0007", "/snapshots/" + h.snapshot + "/compare",
		"/snapshots/" + h.snapshot + "/restore", "/snapshots/" + h.snapshot + "/forget",
		"/destinations", "/destinations/new", "/destinations/" + h.destination, "/destinations/" + h.destination + "/edit", "/destinations/" + h.destination + "/remove",
		"/devices", "/devices/new", "/devices/" + h.device, "/devices/" + h.device + "/edit",
		"/settings", "/settings/recovery-kit", "/settings/keys", "/settings/audit", "/settings/two-factor", "/settings/notifications", "/settings/notifications/new", "/reference", "/setup/destination", "/setup/apps", "/signin", "/_ui", "/nothing",
	} {
		out = append(out, look{path: path})
	}
	return out
}

// BenchmarkPages measures every page of a Keepstead with 500 apps, 50 destinations and 100,000 jobs and snapshots: how
// long the server takes for one client and for eight at once, and how much goes over the wire. A folder of the snapshot
// has 200,000 files, the log of the job a million lines.
func BenchmarkPages(b *testing.B) {
	h := manyOf(b)
	browser := h.signIn()
	looks := h.looks()
	for b.Loop() {
		h.sizes(b, browser, looks)
		one := h.measure(b, browser, looks, 1, alone)
		eight := h.measure(b, browser, looks, clients, together)
		for i, l := range looks {
			if ms(one[i]) > wantAlone || ms(eight[i]) > wantTogether {
				b.Logf("p95 %7.1f ms alone, %7.1f ms of eight: %s", ms(one[i]), ms(eight[i]), h.short(l.path))
			}
		}
		b.ReportMetric(ms(slices.Max(one)), "p95-ms")
		b.ReportMetric(ms(slices.Max(eight)), "p95-of-8-ms")
		b.ReportMetric(h.residentMiB(), "MiB")
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// short is an address without what makes it long.
func (h *largeLab) short(path string) string {
	path = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).ReplaceAllString(path, ":id")
	return strings.ReplaceAll(path, url.QueryEscape(h.folder), "FOLDER")
}

// measure asks for each page and returns the 95th percentile of each. The clients go through the pages from different
// ones on, so that all pages are asked for beside all others.
func (h *largeLab) measure(b *testing.B, browser *http.Client, looks []look, clients, times int) []time.Duration {
	b.Helper()
	var mu sync.Mutex
	took := make([][]time.Duration, len(looks))
	var wait sync.WaitGroup
	for c := range clients {
		wait.Go(func() {
			for n := range times * len(looks) {
				i := (n + c*len(looks)/clients) % len(looks)
				begun := time.Now()
				h.look(b, browser, looks[i])
				mu.Lock()
				took[i] = append(took[i], time.Since(begun))
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	out := make([]time.Duration, len(looks))
	for i, all := range took {
		slices.Sort(all)
		out[i] = all[len(all)*95/100]
	}
	return out
}

// look asks for a page as a browser does and returns it as it came.
func (h *largeLab) look(b *testing.B, browser *http.Client, l look) []byte {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, h.url+l.path, nil)
	if err != nil {
		b.Error(err)
		return nil
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if l.fragment {
		req.Header.Set("HX-Request", "true")
	}
	res, err := browser.Do(req)
	if err != nil {
		b.Error(err)
		return nil
	}
	packed, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK && l.path != "/nothing" {
		b.Errorf("GET %s: %d, %v", l.path, res.StatusCode, err)
	}
	return packed
}

// unpacked is the size of what was packed, its own size where it was not.
func unpacked(packed []byte) int64 {
	in, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return int64(len(packed))
	}
	n, _ := io.Copy(io.Discard, in)
	return n
}

var assets = regexp.MustCompile(`/static/[^"]+\.(css|js)`)

// sizes reports what goes over the wire.
func (h *largeLab) sizes(b *testing.B, browser *http.Client, looks []look) {
	b.Helper()
	worst := 0
	for _, l := range looks {
		packed := h.look(b, browser, l)
		worst = max(worst, len(packed))
		if len(packed) > wantWeight*1000 {
			b.Logf("%6.1f kB packed of %7.1f kB: %s", float64(len(packed))/1000, float64(unpacked(packed))/1000, h.short(l.path))
		}
	}
	b.ReportMetric(float64(worst)/1000, "html-kB")
	res, err := browser.Get(h.url + "/")
	if err != nil {
		b.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		b.Fatal(err)
	}
	sum := map[string]int{}
	for _, m := range assets.FindAllStringSubmatch(string(page), -1) {
		packed := h.look(b, browser, look{path: m[0]})
		sum[m[1]] += len(packed)
	}
	b.ReportMetric(float64(sum["js"])/1000, "scripts-kB")
	b.ReportMetric(float64(sum["css"])/1000, "css-kB")
}

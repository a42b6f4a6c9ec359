package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	openPages = 500
	perSecond = 10
	watched   = 10 * time.Second
)

// BenchmarkStreams holds 500 home pages open in a Keepstead of 500 apps, changes something ten times a second, and
// measures from the request that changes it to the arrival at each page, and the memory that a page takes.
func BenchmarkStreams(b *testing.B) {
	h := manyOf(b)
	browser := h.signIn()
	before := h.settled()
	for b.Loop() {
		ctx, end := context.WithCancel(b.Context())
		l := &listeners{b: b}
		for range openPages {
			l.open(ctx, h, browser)
		}
		time.Sleep(2 * time.Second)
		idle := h.residentMiB()
		for n := range int(watched.Seconds()) * perSecond {
			tick := time.After(time.Second / perSecond)
			l.change(n, h)
			<-tick
		}
		time.Sleep(time.Second)
		busy := h.residentMiB()
		end()
		l.wait.Wait()
		b.ReportMetric(l.percentile(50), "median-ms")
		b.ReportMetric(l.percentile(99), "p99-ms")
		b.ReportMetric(float64(l.arrived.Load())/float64(l.changes*openPages), "arrived")
		b.ReportMetric((idle-before)*1024/openPages, "idle-KiB/stream")
		b.ReportMetric((busy-before)*1024/openPages, "busy-KiB/stream")
	}
}

// settled is the memory of a Keepstead whose pages were read once.
func (h *largeLab) settled() float64 {
	h.t.Helper()
	browser := h.signIn()
	for range 5 {
		res, err := browser.Get(h.url + "/")
		if err != nil {
			h.t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	time.Sleep(2 * time.Second)
	return h.residentMiB()
}

// listeners are the open pages, and when what they wait for was changed.
type listeners struct {
	b       *testing.B
	wait    sync.WaitGroup
	changes int
	begun   [int(watched/time.Second) * perSecond]atomic.Int64 // Unix nanoseconds
	arrived atomic.Int64
	mu      sync.Mutex
	took    []time.Duration
}

// change renames a policy, whose name stands on the home page.
func (l *listeners) change(n int, h *largeLab) {
	l.changes++
	l.begun[n].Store(time.Now().UnixNano())
	h.call("PATCH", "/backup/policies/"+h.policy, body{"name": fmt.Sprintf("Change-%04d", n)}, nil)
}

// open opens one page's stream, on a connection of its own.
func (l *listeners) open(ctx context.Context, h *largeLab, browser *http.Client) {
	l.b.Helper()
	client := &http.Client{Jar: browser.Jar, Transport: &http.Transport{DisableCompression: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/live/home", nil)
	if err != nil {
		l.b.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := client.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		l.b.Fatalf("open a stream: %v", err)
	}
	l.wait.Go(func() {
		defer func() { _ = res.Body.Close() }()
		l.read(res.Body)
	})
}

func (l *listeners) read(from io.Reader) {
	var took []time.Duration
	last := -1
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadSlice('\n')
		if _, rest, found := bytes.Cut(line, []byte("Change-")); found && len(rest) >= 4 {
			if n, err := strconv.Atoi(string(rest[:4])); err == nil && n > last {
				last = n
				took = append(took, time.Since(time.Unix(0, l.begun[n].Load())))
				l.arrived.Add(1)
			}
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, took...)
}

// percentile is one of all arrivals, in milliseconds.
func (l *listeners) percentile(n int) float64 {
	slices.Sort(l.took)
	if len(l.took) == 0 {
		l.b.Fatal("nothing arrived")
	}
	return ms(l.took[len(l.took)*n/100])
}

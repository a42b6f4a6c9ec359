package device_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"keepstead/device"
)

var errStop = errors.New("a person pressed stop")

// stopAt returns a context that ends, with errStop, when text was written to the writer it returns.
func stopAt(t *testing.T, text string) (context.Context, *watcher) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	return ctx, &watcher{text: text, act: func() { cancel(errStop) }}
}

// watcher calls act once, when text was written to it.
type watcher struct {
	text string
	act  func()

	mu   sync.Mutex
	all  bytes.Buffer
	done bool
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all.Write(p)
	if !w.done && strings.Contains(w.all.String(), w.text) {
		w.done = true
		go w.act()
	}
	return len(p), nil
}

func (w *watcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

func cancelIsOneInterrupt(t *testing.T, b bed) {
	l := b.open(t)
	ctx, out := stopAt(t, "ready")
	c := gated(shell(t, `trap 'n=$((n+1)); echo "interrupt $n"' INT
		echo ready; i=0; while [ $i -lt 50 ]; do sleep 0.01; i=$((i+1)); done; echo "counted $n"; exit 130`))
	c.Stdout = out
	err := l.Run(ctx, c)
	var exit *device.ExitError
	if !errors.Is(err, errStop) || !errors.As(err, &exit) || exit.Code != 130 {
		t.Errorf("error is %v", err)
	}
	if !strings.HasSuffix(out.String(), "counted 1\n") {
		t.Errorf("output is %q", out)
	}
}

func cancelOfACommandThatEndsWell(t *testing.T, b bed) {
	l := b.open(t)
	ctx, out := stopAt(t, "ready")
	c := gated(shell(t, `trap 'echo done; exit 0' INT; echo ready; while :; do sleep 0.01; done`))
	c.Stdout = out
	if err := l.Run(ctx, c); err != nil {
		t.Errorf("error is %v", err)
	}
}

func cancelKillsTheGroupAfterGrace(t *testing.T, b bed) {
	l := b.open(t)
	ctx, out := stopAt(t, "ready")
	c := gated(shell(t, `trap '' INT; sleep 1000 & echo "$!"; echo ready; while :; do sleep 1; done`))
	c.Stdout, c.Grace = out, 300*time.Millisecond
	began := time.Now()
	err := l.Run(ctx, c)
	var exit *device.ExitError
	if !errors.Is(err, errStop) || !errors.As(err, &exit) || exit.Signal != "killed" {
		t.Errorf("error is %v", err)
	}
	if took := time.Since(began); took < c.Grace {
		t.Errorf("killed after %s", took)
	}
	b.wantGone(t, strings.Fields(out.String())[0])
}

func nothingIsLeftBehind(t *testing.T, b bed) {
	l := b.open(t)
	for how, bend := range map[string]func(device.Cmd) device.Cmd{"gated": gated, "streamed": streamed} {
		var out bytes.Buffer
		c := bend(shell(t, `sleep 1000 & echo "$!"`)) // the background process holds the output open
		c.Stdout = &out
		if err := l.Run(t.Context(), c); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		b.wantGone(t, strings.TrimSpace(out.String()))
	}
}

func closeKills(t *testing.T, b bed) {
	l := b.open(t)
	ready := make(chan struct{})
	out := &watcher{text: "ready", act: func() { close(ready) }}
	c := gated(shell(t, `trap '' INT TERM; sleep 1000 & echo "$!"; echo ready; while :; do sleep 1; done`))
	c.Stdout = out
	ended := make(chan error, 1)
	go func() { ended <- l.Run(t.Context(), c) }()
	<-ready
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, device.ErrClosed) {
		t.Errorf("error is %v", err)
	}
	b.wantGone(t, strings.Fields(out.String())[0])
}

// wantGone fails the test when the process still runs after a while.
func (b bed) wantGone(t *testing.T, pid string) {
	t.Helper()
	if _, err := strconv.Atoi(pid); err != nil {
		t.Fatalf("%q is no process id", pid)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		raw, err := os.ReadFile(filepath.Join(b.root, "/proc", pid, "stat"))
		if err != nil || strings.Contains(string(raw), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %s is still there: %s", pid, raw)
		}
	}
}

// TestThreadsMayComeAndGo proves that a child does not depend on a thread of Go's that ends.
func TestThreadsMayComeAndGo(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	churn, stop := make(chan struct{}), sync.WaitGroup{}
	for range 4 {
		stop.Go(func() {
			for {
				select {
				case <-churn:
					return
				default:
				}
				var one sync.WaitGroup
				one.Go(func() { runtime.LockOSThread() }) // never unlocked: its thread ends with it
				one.Wait()
				time.Sleep(time.Millisecond)
			}
		})
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := l.Run(t.Context(), gated(shell(t, "sleep 0.5"))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	close(churn)
	stop.Wait()
}

package docker

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestOneLookAtADiskThatHangs(t *testing.T) {
	t.Parallel()
	var m memory
	hangs := make(chan struct{})
	first := m.look("a", func() composed { <-hangs; return composed{problem: "late"} })
	again := m.look("a", func() composed { t.Error("a second look began"); return composed{} })
	if first != again {
		t.Error("the second look did not join the first")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if got := first.wait(gone, composeSet{dir: "/srv/a"}); !strings.Contains(got.problem, "/srv/a, does not answer") {
		t.Errorf("got %q", got.problem)
	}
	close(hangs)
	if got := again.wait(t.Context(), composeSet{}); got.problem != "late" {
		t.Errorf("got %q", got.problem)
	}
	if got := m.look("a", func() composed { return composed{problem: "anew"} }).wait(t.Context(), composeSet{}); got.problem != "anew" {
		t.Errorf("after the end: %q", got.problem)
	}
}

func TestSlotsComeBack(t *testing.T) {
	t.Parallel()
	slots, hangs, late := make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	ended := make(chan struct{})
	go func() {
		hold(slots, 10*time.Millisecond, func() { close(late) }, func() { <-hangs })
		close(ended)
	}()
	<-late
	hold(slots, time.Hour, func() { t.Error("late") }, func() {})
	close(hangs)
	<-ended
	if len(slots) != 0 {
		t.Error("a slot is taken")
	}
}

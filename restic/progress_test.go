package restic

import (
	"math"
	"testing"
	"time"
)

// TestMeter has the rate and the time left agree, through a steady run, a stall and its end.
func TestMeter(t *testing.T) {
	t.Parallel()
	const total = 1 << 30
	at := time.Unix(0, 0)
	var m meter
	done := int64(0)
	step := func(after time.Duration, bytes int64) (float64, time.Duration) {
		at, done = at.Add(after), done+bytes
		return m.measure(done, total-done, at)
	}
	if rate, left := step(time.Hour, 0); rate != 0 || left != 0 {
		t.Errorf("before anything went by: %v, %v", rate, left)
	}
	if rate, left := step(time.Second, 10<<20); rate != 10<<20 || left != 101*time.Second {
		t.Errorf("after the first second: %v, %v", rate, left)
	}
	if rate, _ := step(50*time.Millisecond, 5<<20); rate != 10<<20 {
		t.Errorf("a report too close to the last one: %v", rate)
	}
	stalled := m.rate
	for n := range 120 {
		rate, left := step(time.Second, 0)
		if rate > 0 && rate >= stalled {
			t.Fatalf("second %d of a stall: %v after %v", n, rate, stalled)
		}
		stalled = rate
		if rate > 0 && left > 0 && (math.Abs(left.Seconds()-float64(total-done)/rate) > 1 || left > farthest) {
			t.Fatalf("second %d of a stall: %v at %v", n, left, rate)
		}
	}
	if stalled != 0 {
		t.Errorf("two minutes into a stall: %v", stalled)
	}
	if rate, left := step(time.Second, 10<<20); rate < 1<<20 || left <= 0 {
		t.Errorf("when it goes on: %v, %v", rate, left)
	}
}

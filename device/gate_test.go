package device_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"keepstead/device"
)

func gate(t *testing.T, b bed) {
	l, refused := b.open(t), errors.New("the row was not written")
	ran := filepath.Join(b.dir(t), "ran")
	for _, c := range []struct {
		name   string
		answer error
		cancel bool
		runs   bool
	}{
		{"agreed", nil, false, true},
		{"refused", refused, false, false},
		{"cancelled meanwhile", nil, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			cmd := shell(t, `: >"$1"`, ran)
			cmd.Started = func(p device.Process) error {
				if !b.alive(t, p) || p.BootID == "" || p.Start == 0 {
					t.Errorf("told of %+v, which is not alive", p)
				}
				time.Sleep(50 * time.Millisecond)
				if _, err := os.Stat(ran); err == nil {
					t.Error("it ran before it was allowed to")
				}
				if c.cancel {
					cancel(refused)
				}
				return c.answer
			}
			err := l.Run(ctx, cmd)
			if c.runs && err != nil || !c.runs && !errors.Is(err, refused) {
				t.Errorf("error is %v", err)
			}
			if err := os.Remove(ran); c.runs != (err == nil) {
				t.Errorf("it ran: %t", err == nil)
			}
		})
	}
}

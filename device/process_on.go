package device

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// BootIDOn is BootID of a machine.
func BootIDOn(ctx context.Context, h Host) (string, error) {
	if _, ok := h.(*Local); ok {
		return BootID(), nil
	}
	return tell(ctx, h, "cat /proc/sys/kernel/random/boot_id")
}

// AliveOn is Alive for a process on a machine. An error says that the machine did not tell.
func AliveOn(ctx context.Context, h Host, p Process) (bool, error) {
	if _, ok := h.(*Local); ok {
		return Alive(p), nil
	}
	if p.PID <= 0 {
		return false, nil
	}
	said, err := tell(ctx, h, fmt.Sprintf("cat /proc/sys/kernel/random/boot_id; cat /proc/%d/stat 2>/dev/null || true", p.PID))
	if err != nil {
		return false, err
	}
	boot, raw, _ := strings.Cut(said, "\n")
	if boot != p.BootID || raw == "" {
		return false, nil
	}
	s, err := parseStat(raw)
	return err == nil && s.start == p.Start && !s.ended(), err
}

// TrafficOn is Traffic of a process on a machine; 0 too where the machine does not tell.
func TrafficOn(ctx context.Context, h Host, p Process) int64 {
	if _, ok := h.(*Local); ok {
		return Traffic(p)
	}
	if alive, err := AliveOn(ctx, h, p); err != nil || !alive {
		return 0
	}
	raw, err := tell(ctx, h, fmt.Sprintf("cat /proc/%d/io", p.PID))
	if err != nil {
		return 0
	}
	return moved(raw)
}

// InterruptOn is Interrupt for a process on a machine.
func InterruptOn(ctx context.Context, h Host, p Process, grace time.Duration) error {
	if _, ok := h.(*Local); ok {
		return Interrupt(p, grace)
	}
	if p.PID <= 0 {
		return nil
	}
	for _, step := range []struct {
		signal, group string
		wait          time.Duration
	}{{"INT", "", grace}, {"KILL", "-", killWait}} {
		if _, err := tell(ctx, h, fmt.Sprintf(signalScript, p.PID, Quote(p.BootID), p.Start, step.signal, step.group)); err != nil {
			return fmt.Errorf("interrupt process %d: %w", p.PID, err)
		}
		gone, err := vanishesOn(ctx, h, p, step.wait)
		if gone || err != nil {
			return err
		}
	}
	return fmt.Errorf("process %d is still there after SIGKILL", p.PID)
}

// vanishPause is how often a machine is asked whether a process is gone.
const vanishPause = 200 * time.Millisecond

func vanishesOn(ctx context.Context, h Host, p Process, within time.Duration) (bool, error) {
	tick := time.NewTicker(vanishPause)
	defer tick.Stop()
	for deadline := time.Now().Add(within); ; {
		alive, err := AliveOn(ctx, h, p)
		if err != nil || !alive {
			return !alive && err == nil, err
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// tell returns what a script prints on a machine, without the last line end.
func tell(ctx context.Context, h Host, script string) (string, error) {
	if s, ok := h.(*SSH); ok {
		said, err := s.ask(ctx, script, s.config.Sudo)
		return strings.TrimSuffix(said, "\n"), err
	}
	var out strings.Builder
	err := h.Run(ctx, Cmd{Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=" + searchPath}, Stdout: &out, Stream: true})
	return strings.TrimSuffix(out.String(), "\n"), err
}

package device

import (
	"context"
	"fmt"
)

// signalScript signals a process unless its number belongs to another by now. Its whole group is meant with a minus.
const signalScript = `
IFS= read -r boot </proc/sys/kernel/random/boot_id
[ "$boot" = %[2]s ] || exit 0
IFS= read -r stat 2>/dev/null </proc/%[1]d/stat || exit 0
set -- ${stat##*) }
shift 19
[ "$1" = %[3]d ] || exit 0
kill -%[4]s %[5]s%[1]d 2>/dev/null || kill -%[4]s %[1]d 2>/dev/null || [ ! -e /proc/%[1]d ]
`

func (s *SSH) signal(ctx context.Context, p Process, name string, group bool) error {
	minus := ""
	if group {
		minus = "-"
	}
	_, err := s.ask(ctx, fmt.Sprintf(signalScript, p.PID, Quote(p.BootID), p.Start, name, minus), s.config.Sudo)
	return err
}

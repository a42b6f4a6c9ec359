package restic

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// CheckProgram proves that bin is a restic whose options and messages are understood: 0.17.1 or later.
func CheckProgram(ctx context.Context, bin string) error {
	out, err := exec.CommandContext(ctx, bin, "version").Output()
	if err != nil {
		return fmt.Errorf("%s does not run (%w); name a working restic with --restic", bin, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	var major, minor, patch int
	if n, err := fmt.Sscanf(line, "restic %d.%d.%d", &major, &minor, &patch); n != 3 {
		return fmt.Errorf("%s is not restic (%w): its version reads %.60q; name restic with --restic", bin, err, line)
	}
	if major == 0 && (minor < 17 || minor == 17 && patch < 1) {
		return fmt.Errorf("%s is restic %d.%d.%d, which is too old; install 0.17.1 or later, or name one with --restic", bin, major, minor, patch)
	}
	return nil
}

package config

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminalOf returns a real terminal, and the end that somebody types at.
func terminalOf(t *testing.T) (in, keys *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	if err := unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	in, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	return in, keys
}

// TestNewMasterIsAskedTwice: nobody sees what is typed, and a slip would become the key to everything.
func TestNewMasterIsAskedTwice(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ typed, want, refused string }{
		"twice the same": {"correct horse battery\ncorrect horse battery\n", "correct horse battery", ""},
		"a slip":         {"correct horse battery\ncorrect horse batterz\n", "", "differ"},
		"short":          {"elevenchars\nelevenchars\n", "", "too short"},
		"nothing":        {"\n", "", "give the new passphrase"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, keys := terminalOf(t)
			if _, err := io.WriteString(keys, tt.typed); err != nil {
				t.Fatal(err)
			}
			got, err := Config{}.AskNewMaster(in, io.Discard)
			if got != tt.want || (err == nil) != (tt.refused == "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

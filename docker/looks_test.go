package docker

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestLooksAtTheDisk(t *testing.T) {
	t.Parallel()
	e, files := offline(t)
	dir := laid(t, map[string]string{"small/a": "12345", "small/b/c": "67"})
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, maxBytes+1); err != nil {
		t.Fatal(err)
	}
	if c := measure(files, filepath.Join(dir, "small"), time.Now().Add(time.Minute)); !c.done || c.over || c.bytes != 7 || c.entries != 3 {
		t.Errorf("a small folder is %+v", c)
	}
	if c := measure(files, dir, time.Now().Add(time.Minute)); !c.over {
		t.Errorf("a large folder is %+v", c)
	}
	if c := measure(files, filepath.Join(dir, "small"), time.Now()); !c.gaveUp {
		t.Errorf("without time a folder is %+v", c)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := see(files, self{}, filepath.Join(dir, "pipe")); s.err != nil || s.mode&fs.ModeNamedPipe == 0 {
		t.Errorf("a pipe is %+v", s)
	}
	first := e.looks.size(files, dir)
	<-first.ended
	if again := e.looks.size(files, dir); again != first {
		t.Error("a size was counted twice")
	}
	if c := e.looks.result(first); !c.over {
		t.Errorf("the size is %+v", c)
	}
}

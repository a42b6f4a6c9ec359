package restic_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keepstead/restic"
	"keepstead/testbed"
)

func TestCheckProgram(t *testing.T) {
	t.Parallel()
	if err := restic.CheckProgram(t.Context(), testbed.Restic(t)); err != nil {
		t.Errorf("the tested restic: %v", err)
	}
	dir := t.TempDir()
	for name, tt := range map[string]struct{ script, want string }{
		"old":      {"echo restic 0.14.0 compiled with go1.19.8 on linux/amd64", "0.14.0, which is too old"},
		"just old": {"echo restic 0.17.0 compiled with go1.22", "too old"},
		"oldest":   {"echo restic 0.17.1 compiled with go1.22", ""},
		"dev":      {"echo 'restic 0.20.0-dev (compiled manually) compiled with go1.26'", ""},
		"one":      {"echo restic 1.0.0 compiled with go1.30", ""},
		"other":    {"echo true 9.7", "is not restic"},
		"silent":   {"", "is not restic"},
		"fails":    {"exit 3", "does not run"},
	} {
		bin := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(bin, []byte("#!/bin/sh\n"+tt.script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		err := restic.CheckProgram(t.Context(), bin)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

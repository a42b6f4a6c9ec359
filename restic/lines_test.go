package restic

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"keepstead/model"
)

func TestLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxLine)
	for _, c := range []struct {
		name string
		in   []string
		want []string
	}{
		{"whole lines", []string{"a\nb\n"}, []string{"a", "b"}},
		{"in pieces", []string{"a", "b\n", "c", "d", "\ne\n"}, []string{"ab", "cd", "e"}},
		{"no end", []string{"a\nb"}, []string{"a", "b"}},
		{"empty lines", []string{"\n\na\n"}, []string{"", "", "a"}},
		{"longest", []string{long[:100], long[100:], "\nnext\n"}, []string{long, "next"}},
		{"longer", []string{long, "yy", "zz\nnext\n"}, []string{long, "next"}},
		{"much longer in one piece", []string{long + long + "\nnext\n"}, []string{long + long, "next"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			l := &lines{each: func(line []byte) error { got = append(got, string(line)); return nil }}
			for _, piece := range c.in {
				if n, err := l.Write([]byte(piece)); err != nil || n != len(piece) {
					t.Fatalf("write: %d, %v", n, err)
				}
			}
			if err := l.close(); err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d lines, want %d", len(got), len(c.want))
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("line %d has %d bytes, want %d", i, len(got[i]), len(c.want[i]))
				}
			}
		})
	}
}

func TestLinesStopAtAnError(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	l := &lines{each: func([]byte) error { return stop }}
	if _, err := l.Write([]byte("a\nb\n")); !errors.Is(err, stop) {
		t.Errorf("error is %v", err)
	}
}

func TestBufferHasAnEnd(t *testing.T) {
	t.Parallel()
	var b buffer
	if _, err := b.Write(bytes.Repeat([]byte("x"), maxLine)); err != nil {
		t.Error(err)
	}
	if _, err := b.Write([]byte("y")); err == nil {
		t.Error("a byte too much was taken")
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	if got := clean([]byte("\r\x1b[2Ksignal interrupt received, cleaning up \r")); got != "signal interrupt received, cleaning up" {
		t.Errorf("got %q", got)
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{"message_type":"status","percent_done":1}`: "status",
		`{"version":2}`: "object", `not json`: "", ``: "", `{"message_type":`: "", `["x"]`: "",
	} {
		if got := kind([]byte(line)); got != want {
			t.Errorf("%s is %q, want %q", line, got, want)
		}
	}
}

func TestBackupLines(t *testing.T) {
	t.Parallel()
	var seen []model.Progress
	b := &backup{progress: func(p model.Progress) { seen = append(seen, p) }}
	for _, line := range []string{
		`{"message_type":"status","percent_done":0.098,"total_files":204,"total_bytes":40002826,"bytes_done":3938516,"current_files":["/src/big.bin","/src/d1/d2/naïve file.txt"]}`,
		`using parent snapshot 6c9022ef`,
		`{"message_type":"status","percent_done":"odd"}`,
		`{"message_type":"verbose_status","action":"unchanged","item":"/src/big.bin"}`,
		`{"message_type":"status","seconds_elapsed":1,"seconds_remaining":3,"percent_done":0.5,"total_files":2,"files_done":1,"total_bytes":4,"bytes_done":2,"error_count":2}`,
		`{"message_type":"summary","files_new":204,"files_changed":1,"files_unmodified":2,"dirs_new":4,"dirs_changed":5,"dirs_unmodified":6,"data_blobs":227,"tree_blobs":5,"data_added":40077057,"data_added_packed":40033737,"total_files_processed":207,"total_bytes_processed":40002826,"total_duration":1.718274054,"backup_start":"2026-11-23T01:05:53.479750964Z","backup_end":"2026-11-23T01:05:55.198025018Z","snapshot_id":"6c9022ef40c3bd1bc30bac72d90092fe8b859f95e9065419927a5f8fbda97532"}`,
	} {
		if err := b.line([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 3 || seen[0].TotalFiles != 204 || len(seen[0].CurrentFiles) != 2 || seen[1].BytesDone != 2 || seen[1].Errors != 2 || seen[2].Percent != 1 {
		t.Errorf("progress was %+v", seen)
	}
	s := b.summary
	if s.SnapshotID[:8] != "6c9022ef" || s.FilesNew != 204 || s.FilesChanged != 1 || s.FilesUnmodified != 2 || s.DirsNew != 4 ||
		s.DataAdded != 40077057 || s.DataAddedPacked != 40033737 || s.TotalFiles != 207 || s.TotalBytes != 40002826 ||
		s.Duration.Round(time.Millisecond) != 1718*time.Millisecond || s.Started.Second() != 53 || s.Ended.Second() != 55 {
		t.Errorf("summary is %+v", s)
	}
}

func TestBackupErrors(t *testing.T) {
	t.Parallel()
	b := &backup{}
	var log bytes.Buffer
	r := Repo{Log: &log}
	d := &diagnosis{}
	for _, line := range []string{
		`{"message_type":"error","error":{"message":"open /data/un/sub: permission denied"},"during":"scan","item":"/data/un/sub"}`,
		`{"message_type":"error","error":{"message":"open un/sub: permission denied"},"during":"archival","item":"un/sub"}`,
		`/nonexistent/x does not exist, skipping`,
		`/closed/x cannot be accessed, skipping`,
		`subprocess ssh: something`,
		`{"message_type":"exit_error","code":3,"message":"Warning: at least one source file could not be read"}`,
	} {
		r.hear(call{message: b.message, plain: b.plain}, d, line, false)
	}
	r.hear(call{}, &diagnosis{}, `{"message_type":"exit_error","code":130,"message":"interrupted"}`, true)
	if got := log.String(); strings.Contains(got, "{") || strings.Contains(got, "interrupted") || !strings.Contains(got, "\nun/sub: permission denied\n") {
		t.Errorf("the log has what restic meant for a program, or not what it says:\n%s", got)
	}
	want := []FileError{{"un/sub", "open un/sub: permission denied"}, {"/nonexistent/x", "does not exist"}, {"/closed/x", "cannot be accessed"}}
	if b.failed.count != 3 {
		t.Fatalf("failed: %+v", b.failed)
	}
	for i, f := range b.failed.list {
		if f != want[i] {
			t.Errorf("%d is %+v, want %+v", i, f, want[i])
		}
	}
	if trimPrefixes(d.last) != "at least one source file could not be read" || d.plain != "subprocess ssh: something" {
		t.Errorf("last words %q and %q", d.last, d.plain)
	}
	for range 2 * model.MaxFailedFiles {
		b.failed.add("x", "y")
	}
	if len(b.failed.list) != model.MaxFailedFiles || b.failed.count != 3+2*model.MaxFailedFiles {
		t.Errorf("kept %d of %d", len(b.failed.list), b.failed.count)
	}
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/srv/a": "/srv/a", "srv/a/": "/srv/a", "/[x]*?": `/\[x]\*\?`, `/back\slash`: `/back\\slash`, "/new\nline": "/new\nline",
		"/!x": "/!x", "/bad\uFFFD": "/bad[\uFFFD]", "/**/x": `/\*\*/x`,
	} {
		if got := literal(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

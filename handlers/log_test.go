package handlers

import (
	"fmt"
	"strings"
	"testing"

	"keepstead/views"
)

// counted says how much of a log was read.
type counted struct {
	*strings.Reader
	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func TestTailOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2*maxLogLine)
	many := strings.Repeat("a line\n", 3*views.MaxLogLines)
	huge := strings.Repeat("x", 2*maxLogTail) + "\n"
	tests := []struct {
		name, log   string
		from        int64
		lines       int
		first, last string
		cut         bool
		end         int
	}{
		{"nothing", "", 0, 0, "", "", false, 0},
		{"some lines", "one\n\nthree\n", 0, 3, "one", "three", false, 11},
		{"a line that has not ended", "one\ntwo", 0, 1, "one", "one", false, 4},
		{"after the first", "one\ntwo\n", 4, 1, "two", "two", false, 8},
		{"nothing new", "one\n", 4, 0, "", "", false, 4},
		{"a new line that has not ended", "one\ntw", 4, 0, "", "", false, 4},
		{"a log begun anew", "one\n", 100, 0, "", "", false, 4},
		{"a long line", long + "\nshort\n", 0, 2, long[:maxLogLine], "short", false, 2*maxLogLine + 7},
		{"many lines", many, 0, views.MaxLogLines, "a line", "a line", true, len(many)},
		{"a line longer than is read", huge, 0, 1, huge[:maxLogLine], huge[:maxLogLine], true, len(huge)},
		{"and one behind it", huge + "end\n", 0, 1, "end", "end", true, len(huge) + 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tailOf(strings.NewReader(tt.log), tt.from)
			if err != nil || len(got.lines) != tt.lines || got.cut != tt.cut || got.end != int64(tt.end) {
				t.Fatalf("%d lines, cut %v, to %d (%v); want %d, %v, %d", len(got.lines), got.cut, got.end, err, tt.lines, tt.cut, tt.end)
			}
			if tt.lines > 0 && (got.lines[0] != tt.first || got.lines[tt.lines-1] != tt.last) {
				t.Errorf("from %.20q to %.20q, want %.20q to %.20q", got.lines[0], got.lines[tt.lines-1], tt.first, tt.last)
			}
		})
	}
}

// TestTailOfAMillionLines reads the end alone, and then what came since.
func TestTailOfAMillionLines(t *testing.T) {
	t.Parallel()
	const lines = 1_000_000
	var text strings.Builder
	for i := range lines {
		_, _ = fmt.Fprintf(&text, "02:00:00 saved /srv/photos/%07d.jpg\n", i)
	}
	log := &counted{Reader: strings.NewReader(text.String())}
	tail, err := tailOf(log, 0)
	if err != nil || len(tail.lines) != views.MaxLogLines || !tail.cut || tail.end != int64(text.Len()) {
		t.Fatalf("%d lines to %d of %d, cut %v, %v", len(tail.lines), tail.end, text.Len(), tail.cut, err)
	}
	if want := fmt.Sprintf("%07d.jpg", lines-1); !strings.HasSuffix(tail.lines[len(tail.lines)-1], want) {
		t.Errorf("the last line is %q", tail.lines[len(tail.lines)-1])
	}
	if log.read > maxLogTail {
		t.Errorf("%d bytes were read for %d lines", log.read, len(tail.lines))
	}
	text.WriteString("the end\n")
	since, err := tailOf(strings.NewReader(text.String()), tail.end)
	if err != nil || len(since.lines) != 1 || since.lines[0] != "the end" || since.cut {
		t.Errorf("what came since is %q, cut %v, %v", since.lines, since.cut, err)
	}
}

package model

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
)

func TestDownloadFileName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 127)
	tests := []struct {
		path    string
		archive Archive
		want    string
	}{
		{"/srv/photos/cat.jpg", ArchiveNone, "cat.jpg"},
		{"/srv/photos", ArchiveZip, "photos.zip"},
		{"/srv/עברית.txt", ArchiveNone, "עברית.txt"},
		{"/srv/photo\u202Egpj.exe", ArchiveNone, "photo_gpj.exe"},
		{"/srv/a\"b\r\nSet-Cookie: x", ArchiveNone, "a_b__Set-Cookie_ x"},
		{"/srv/bad\xff\xfe", ArchiveTar, "bad__.tar"},
		{`/srv/..\evil`, ArchiveNone, ".._evil"},
		{"/srv/" + long + ".jpg", ArchiveNone, strings.Repeat("é", 118) + ".jpg"},
		{"/srv/" + long, ArchiveTar, strings.Repeat("é", 118) + ".tar"},
		{"/srv/x." + long, ArchiveNone, "x." + strings.Repeat("é", 119)},
		{"/", ArchiveTar, "snapshot-" + uuid.Nil.String() + ".tar"},
	}
	for _, tt := range tests {
		if got := (Download{Path: tt.path, Archive: tt.archive}).FileName(); got != tt.want || !utf8.ValidString(got) {
			t.Errorf("%q is saved as %q, want %q", tt.path, got, tt.want)
		}
	}
}

func TestDownloadValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind    string
		archive Archive
		field   string
	}{
		{"file", ArchiveNone, ""},
		{"dir", ArchiveTar, ""},
		{"dir", ArchiveZip, ""},
		{"file", ArchiveZip, "format"},
		{"dir", ArchiveNone, "format"},
		{"dir", "rar", "format"},
		{"symlink", ArchiveNone, "path"},
		{"fifo", ArchiveNone, "path"},
	}
	for _, tt := range tests {
		d := Download{Node: Node{Type: tt.kind, Size: 7}, Archive: tt.archive}
		field := ""
		for _, r := range Refused(d.Validate()) {
			field = r.Field
		}
		if field != tt.field {
			t.Errorf("%s as %q: refused for %q, want %q", tt.kind, tt.archive, field, tt.field)
		}
		if want := map[bool]int64{true: 7, false: -1}[tt.archive == ArchiveNone]; d.Size() != want {
			t.Errorf("%s as %q: size %d, want %d", tt.kind, tt.archive, d.Size(), want)
		}
	}
}

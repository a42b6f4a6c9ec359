package jobs

import (
	"bytes"
	"strings"
	"testing"

	"keepstead/model"
)

func TestPreviewKinds(t *testing.T) {
	t.Parallel()
	png := "\x89PNG\x0D\x0A\x1A\x0A\x00\x00\x00\x0DIHDR"
	long := strings.Repeat("é", model.MaxPreviewText/2)
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(128 + i%127)
	}
	tests := []struct {
		name, head string
		size       int64 // of the file; 0 is that of the head
		kind       model.PreviewKind
		text       string // how it begins
		encoding   string
	}{
		{name: "empty", kind: model.PreviewText, encoding: "UTF-8"},
		{name: "text", head: "naïve\n\tline\r\n", kind: model.PreviewText, text: "naïve\n\tline\r\n", encoding: "UTF-8"},
		{name: "begins like a bitmap", head: "BM is a text", kind: model.PreviewText, text: "BM is", encoding: "UTF-8"},
		{name: "cut in a character", head: "x" + long[:len(long)-1], size: 1 << 30, kind: model.PreviewText, text: "xé", encoding: "UTF-8"},
		{name: "half a character at its end", head: "naïve caf\xc3", kind: model.PreviewText, text: "naÃ¯ve", encoding: "Windows-1252"},
		{name: "byte order mark", head: "\xef\xbb\xbfhello", kind: model.PreviewText, text: "hello", encoding: "UTF-8"},
		{name: "UTF-16", head: "\xff\xfeh\x00i\x00", kind: model.PreviewText, text: "hi", encoding: "UTF-16"},
		{name: "UTF-16, big end first", head: "\xfe\xff\x00h\x00i\x00", kind: model.PreviewText, text: "hi", encoding: "UTF-16"},
		{name: "Latin", head: "caf\xe9 cr\xe8me, tr\xe8s bon", kind: model.PreviewText, text: "café crème", encoding: "Windows-1252"},
		{name: "colours of a terminal", head: "\x1b[31mred\x1b[0m and more of the text", kind: model.PreviewText, text: "␛[31mred", encoding: "UTF-8"},
		{name: "page", head: "<html><script>", kind: model.PreviewText, text: "<html>", encoding: "UTF-8"},
		{name: "vector image", head: "<svg onload='x'>", kind: model.PreviewText, text: "<svg", encoding: "UTF-8"},
		{name: "a zero", head: "almost\x00text", kind: model.PreviewBinary},
		{name: "noise", head: string(noise), kind: model.PreviewBinary},
		{name: "image", head: png, kind: model.PreviewImage},
		{name: "large image", head: png, size: model.MaxPreviewImage + 1, kind: model.PreviewBinary},
		{name: "other image", head: "\x00\x00\x01\x00\x01", kind: model.PreviewBinary},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			size := max(tt.size, int64(len(tt.head)))
			p := preview(model.Node{Size: size}, []byte(tt.head))
			if p.Kind != tt.kind || !strings.HasPrefix(p.Text, tt.text) || !strings.HasPrefix(p.Encoding, tt.encoding) {
				t.Errorf("%s %q %.20q", p.Kind, p.Encoding, p.Text)
			}
			if p.Kind != model.PreviewImage && p.Truncated != (p.Shown < size) || p.Truncated && tt.size == 0 && size <= model.MaxPreviewHex {
				t.Errorf("%d of %d bytes, truncated: %t", p.Shown, size, p.Truncated)
			}
			if p.Kind == model.PreviewBinary && (!bytes.HasPrefix([]byte(tt.head), p.Head) || len(p.Head) > model.MaxPreviewHex) {
				t.Errorf("head %q", p.Head)
			}
			if p.TooLarge != (tt.name == "large image") {
				t.Errorf("too large: %t", p.TooLarge)
			}
		})
	}
}

package attachment

import (
	"mime"
	"strings"
	"testing"
)

func TestDisposition(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"cat.jpg", "with space.txt", `quo"te\back`, "100%.txt", "日本語.zip", "עברית", "naïve;x=y", "a'b*c", "tab\tand\r\nline",
		strings.Repeat("é", 120), "emoji 🗄️",
	} {
		header := Disposition(name)
		if strings.ContainsAny(header, "\r\n\t") || strings.ContainsFunc(header, func(r rune) bool { return r > '~' }) {
			t.Errorf("%q makes the header %q", name, header)
		}
		kind, parameters, err := mime.ParseMediaType(header)
		if err != nil || kind != "attachment" || parameters["filename"] != name {
			t.Errorf("%q is read back as %q, %q, %v", name, kind, parameters["filename"], err)
		}
	}
	if got := Disposition("naïve.txt"); !strings.Contains(got, `filename="na_ve.txt"`) || !strings.Contains(got, `filename*=UTF-8''na%C3%AFve.txt`) {
		t.Errorf("header %q", got)
	}
}

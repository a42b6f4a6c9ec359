package views

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestScriptsAreToldWhatTheySay holds the whole texts that app.js says against those that pages of other languages give it.
func TestScriptsAreToldWhatTheySay(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../static/app.js")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, call := range regexp.MustCompile(`\bsay\((.*)\)`).FindAllStringSubmatch(string(script), -1) {
		for _, text := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(call[1], -1) {
			found++
			if !slices.Contains(saidByScripts, text[1]) {
				t.Errorf("app.js says %q, which no page tells it in its language", text[1])
			}
		}
	}
	for _, text := range saidByScripts {
		if !strings.ContainsAny(text, "12") && !strings.Contains(string(script), `"`+text+`"`) {
			t.Errorf("app.js no longer says %q", text)
		}
	}
	if found < 5 {
		t.Errorf("only %d texts were found in app.js", found)
	}
}

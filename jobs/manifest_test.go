package jobs

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/google/uuid"

	"keepstead/model"
)

// What dotenv writes is what compose reads, whatever the values hold.
func TestStagedEnvironmentIsReadBack(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"PLAIN": "value", "EMPTY": "", "SPACES": "  two  words  ", "QUOTES": `say "hi" and 'ho'`, "DOLLAR": "pa$$word ${HOME} $1",
		"LINES": "first\nsecond\n", "BACKSLASH": `C:\new\table`, "HASH": "a # no comment", "EMOJI": "☕ ü", "EQUALS": "a=b=c", "TAB": "a\tb",
	}
	got, err := dotenv.Parse(bytes.NewReader(dotenvText(env)))
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, env) {
		t.Errorf("read back %q, want %q", got, env)
	}
}

func TestForgetEnv(t *testing.T) {
	t.Parallel()
	specs := []model.ContainerSpec{{Name: "a", Config: json.RawMessage(`{"Image":"x","Env":["PASSWORD=geheim"],"Labels":{"k":"v"}}`)}}
	if err := forgetEnv(specs); err != nil {
		t.Fatal(err)
	}
	text := string(specs[0].Config)
	if strings.Contains(text, "geheim") || !strings.Contains(text, `"k":"v"`) || !strings.Contains(text, `"Image":"x"`) {
		t.Errorf("the description is %s", text)
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"db": "db", "a/b": "a_b", "..": "_..", ".": "_.", "": "_", "a\x00b\n": "a_b_", "ü ☕": "ü ☕"} {
		if got := fileName(name); got != want {
			t.Errorf("fileName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestStagedIn(t *testing.T) {
	t.Parallel()
	own, other, third := uuid.New(), uuid.New(), uuid.New()
	at := func(id uuid.UUID) string { return "/data/staging/" + id.String() }
	tests := []struct {
		name  string
		paths []string
		want  string
	}{
		{"its own", []string{"/srv", at(own)}, at(own)},
		{"its own beside one that an app made", []string{at(other), at(own)}, at(own)},
		{"adopted by another configuration", []string{"/srv/app", at(other)}, at(other)},
		{"two that may be it", []string{at(other), at(third)}, ""},
		{"a folder of an app", []string{"/srv/staging/app"}, ""},
		{"none", []string{"/srv/photos"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := stagedIn(model.Snapshot{ConfigurationID: own, Paths: tt.paths})
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestHooksOfAService(t *testing.T) {
	t.Parallel()
	chosen := &model.Capture{Hooks: map[string]model.Hooks{"web": {Pre: "page", Post: "page after", Timeout: 7, OnFailure: "go_on"}}}
	tests := []struct {
		name    string
		service model.FoundService
		chosen  *model.Capture
		want    model.Hooks
	}{
		{"none", model.FoundService{Name: "web"}, nil, model.Hooks{}},
		{"of a person", model.FoundService{Name: "web"}, chosen, model.Hooks{Pre: "page", Post: "page after", Timeout: 7, OnFailure: "go_on"}},
		{"of another service", model.FoundService{Name: "db"}, chosen, model.Hooks{}},
		{
			"a label beats a person",
			model.FoundService{Name: "web", Labels: map[string]string{"pre": "label", "timeout": "9", "on-failure": "fail"}},
			chosen,
			model.Hooks{Pre: "label", Post: "page after", Timeout: 9, OnFailure: "fail"},
		},
		{"a timeout that is none", model.FoundService{Name: "web", Labels: map[string]string{"timeout": "soon"}}, chosen, chosen.Hooks["web"]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := hooksOf(tt.service, tt.chosen); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestTailAndScrub(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := &tail{&b}
	for i := range 3000 {
		_, _ = w.Write([]byte{byte('a' + i%26)})
	}
	_, _ = w.Write([]byte(strings.Repeat("x", 5000) + " end"))
	if got := b.String(); len(got) != tailBytes || !strings.HasSuffix(got, "x end") {
		t.Errorf("kept %d bytes, ending in %q", len(got), got[len(got)-8:])
	}
	got := scrub("login with correct-horse as me", map[string]string{"P": "correct-horse", "SHORT": "me"})
	if got != "login with […] as me" {
		t.Errorf("scrubbed to %q", got)
	}
}

package restic

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestReadNodeAgreesWithJSON reads lines of every shape both ways.
func TestReadNodeAgreesWithJSON(t *testing.T) {
	t.Parallel()
	plain := `{"name":"f","type":"file","path":"/src/f","uid":0,"gid":0,"size":3,"mode":420,"permissions":"-rw-r--r--",` +
		`"mtime":"2026-11-28T22:34:43.323809114+02:00","atime":"2026-11-28T22:34:43Z","inode":10003562,"message_type":"node","struct_type":"node"}`
	lines := []string{
		plain,
		strings.ReplaceAll(plain, `"f"`, `"q\"\\x"`), strings.ReplaceAll(plain, `"f"`, `"bad\ufffd\nname["`),
		strings.ReplaceAll(plain, `"f"`, `"שלום"`), strings.ReplaceAll(plain, `"f"`, "\"\xff\""), strings.ReplaceAll(plain, `"f"`, `"\ud83d\ude00\u0000"`),
		strings.ReplaceAll(plain, `:3`, `:-3`), strings.ReplaceAll(plain, `:3`, `:9223372036854775807`), strings.ReplaceAll(plain, `:3`, `:99999999999999999999`),
		strings.ReplaceAll(plain, `:420`, `:4294967296`), strings.ReplaceAll(plain, `:420`, `:2147484141`), strings.ReplaceAll(plain, `:3`, `:1e3`),
		strings.ReplaceAll(plain, `:3,`, `:null,`), strings.ReplaceAll(plain, `:3,`, `:"3",`), strings.ReplaceAll(plain, `:0,`, `:{"a":[1]},`),
		strings.ReplaceAll(plain, `2026`, `soon`), strings.ReplaceAll(plain, `,`, ` , `), plain + " ", plain + "x", plain[:40], `{}`, `{"name"`, `{"name":`, `{"name":"\`, `[]`, ``, `null`,
	}
	for _, line := range lines {
		var want nodeMessage
		good := json.Unmarshal([]byte(line), &want) == nil
		got, ok := readNode([]byte(line))
		if ok != good {
			t.Errorf("%s: read %t, want %t", line, ok, good)
			continue
		}
		if !ok {
			continue
		}
		if !got.ModTime.Equal(want.ModTime) {
			t.Errorf("%s: time %v, want %v", line, got.ModTime, want.ModTime)
		}
		got.ModTime, want.ModTime = time.Time{}, time.Time{}
		if got != want {
			t.Errorf("%s: %+v, want %+v", line, got, want)
		}
	}
	if _, ok := plainNode([]byte(plain)); !ok {
		t.Error("the lines that restic writes are not read without encoding/json")
	}
}

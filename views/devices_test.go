package views

import (
	"testing"

	"keepstead/model"
)

// TestFullness says with a word, not by a colour alone, that a disk gets full.
func TestFullness(t *testing.T) {
	t.Parallel()
	for free, want := range map[int64]string{100: "", 16: "", 15: "getting full", 6: "getting full", 5: "almost full", 0: "almost full"} {
		if got := fullness(model.DeviceMount{Total: 100, Free: free}); got.Word != want || (got.Class == "") != (want == "") {
			t.Errorf("with %d of 100 free it is %+v, want %q", free, got, want)
		}
	}
	if got := fullness(model.DeviceMount{}); got.Word != "" {
		t.Errorf("a file system of an unknown size is %q", got.Word)
	}
}

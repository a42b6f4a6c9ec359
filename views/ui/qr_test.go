package ui

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
)

// TestQRPath paints the rectangles and compares each module with the code's.
func TestQRPath(t *testing.T) {
	t.Parallel()
	rectangle := regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
	for _, text := range []string{"", "a", "otpauth://totp/Keepstead:admin?secret=JBSWY3DPEHPK3PXP", strings.Repeat("otpauth", 200)} {
		code, err := qr.Encode(text, qr.M, qr.Auto)
		if err != nil {
			t.Fatal(err)
		}
		path, size := qrPath(text)
		width := code.Bounds().Dx()
		if size != width+2*quietZone || rectangle.ReplaceAllString(path, "") != "" {
			t.Fatalf("%.20s: %d modules of %d, or a path of other things", text, size, width)
		}
		dark := map[[2]int]bool{}
		for _, m := range rectangle.FindAllStringSubmatch(path, -1) {
			var n [4]int
			for i := range n {
				n[i], _ = strconv.Atoi(m[i+1])
			}
			if n[2] != n[3] {
				t.Fatalf("%.20s: %s is not closed", text, m[0])
			}
			for x := n[0]; x < n[0]+n[2]; x++ {
				dark[[2]int{x - quietZone, n[1] - quietZone}] = true
			}
		}
		wrong := 0
		for y := range width {
			for x := range width {
				if r, _, _, _ := code.At(x, y).RGBA(); (r == 0) != dark[[2]int{x, y}] {
					wrong++
				}
			}
		}
		if wrong > 0 || len(dark) < width {
			t.Errorf("%.20s: %d modules are wrong, %d dark", text, wrong, len(dark))
		}
	}
	if path, size := qrPath(fmt.Sprint(strings.Repeat("x", 5000))); path != "" || size != 0 {
		t.Error("too long a text is drawn")
	}
}

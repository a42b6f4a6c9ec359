package ui

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/boombuler/barcode/qr"
)

// quietZone is how many modules around a QR code stay white, so that it is recognised.
const quietZone = 4

// QR draws a text as a QR code: black on white in either theme, since many readers know nothing else. It draws nothing of
// a text that fits into none. The label is read out.
func QR(text, label string) templ.Component {
	path, size := qrPath(text)
	if size == 0 {
		return templ.NopComponent
	}
	return templ.Raw(fmt.Sprintf(`<svg class="qr" viewBox="0 0 %d %d" role="img" aria-label="%s" shape-rendering="crispEdges">`+
		`<rect width="100%%" height="100%%" fill="#fff"/><path d="%s" fill="#000"/></svg>`,
		size, size, templ.EscapeString(label), path))
}

// qrPath is the outline of the dark modules, a rectangle for each run of them in a row, and the width of the whole.
func qrPath(text string) (path string, size int) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", 0
	}
	var out strings.Builder
	width := code.Bounds().Dx()
	dark := func(x, y int) bool {
		return x < width && color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y < 128
	}
	for y := range width {
		for x := 0; x < width; x++ {
			from := x
			for dark(x, y) {
				x++
			}
			if x > from {
				out.WriteString(rectangle(from+quietZone, y+quietZone, x-from))
			}
		}
	}
	return out.String(), width + 2*quietZone
}

func rectangle(x, y, width int) string {
	n := strconv.Itoa
	return strings.Join([]string{"M", n(x), " ", n(y), "h", n(width), "v1h-", n(width), "z"}, "")
}

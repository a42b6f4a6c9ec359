//go:build screenshots

package e2e

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Pictures of the documentation are as tall as this at the most.
const docsHeight = 960

// docsPictures are the pictures that the documentation shows: as drawn → as named there.
func docsPictures() map[string]string {
	return map[string]string{
		"home-running-desktop-light": "home-light", "home-running-desktop-dark": "home-dark", "home-running-phone-light": "home-phone",
		"app-desktop-light": "app", "snapshot-desktop-light": "snapshot", "restore-app-plan-desktop-light": "restore",
		"policy-desktop-light": "policy", "destinations-desktop-light": "destinations", "devices-desktop-light": "devices", "job-restore-desktop-light": "job",
	}
}

// publish writes what the documentation shows of the pictures into a folder beside them, with 256 colours each: they are
// a fifth as large, and look the same.
func (c *camera) publish(t *testing.T) {
	t.Helper()
	to := filepath.Join(c.dir, "docs")
	check(t, os.MkdirAll(to, 0o755))
	for from, name := range docsPictures() {
		f, err := os.Open(filepath.Join(c.dir, from+".png"))
		check(t, err)
		m, err := png.Decode(f)
		check(t, err)
		check(t, f.Close())
		out, err := os.Create(filepath.Join(to, name+".png"))
		check(t, err)
		check(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, fewColours(m)))
		check(t, out.Close())
	}
}

// fewColours returns the top of a picture in the 256 colours that it has most of. Pages are flat, so that these are
// nearly all of its own.
func fewColours(m image.Image) image.Image {
	area := m.Bounds().Intersect(image.Rect(0, 0, m.Bounds().Dx(), docsHeight))
	count := map[color.RGBA]int{}
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			count[color.RGBAModel.Convert(m.At(x, y)).(color.RGBA)]++
		}
	}
	all := make([]color.RGBA, 0, len(count))
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int { return count[b] - count[a] })
	var palette color.Palette
	for _, c := range all[:min(256, len(all))] {
		palette = append(palette, c)
	}
	out := image.NewPaletted(area, palette)
	draw.Draw(out, area, m, area.Min, draw.Src)
	return out
}

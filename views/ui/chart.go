package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"keepstead/model"
	"keepstead/views/lang"
)

// The chart's own units: it is stretched to the room it gets, so lines keep their width by CSS and no text is in it.
const (
	chartWidth  = 900.0
	chartHeight = 240.0
)

// sizeChart is a line of stored bytes by day, laid out.
type sizeChart struct {
	Line, Area string // SVG paths
	Grid       []string
	Scale      []string // the words at the grid's lines, from the top
	Days       []string // the words below, from the left
	Hits       []chartHit
	Summary    string
	Rows       []model.StoragePoint // a week apart, the newest first
}

// chartHit is the strip of one day, which says its value under the pointer.
type chartHit struct{ X, Width, Title string }

// chartOf lays at least two points out, over zero; its days are in a language.
func chartOf(l *lang.Language, points []model.StoragePoint) sizeChart {
	most, least := int64(1), points[0].Stored
	for _, p := range points {
		most, least = max(most, p.Stored), min(least, p.Stored)
	}
	step := scaleStep(most)
	top := float64(4 * step)
	last := len(points) - 1
	x := func(i int) float64 { return chartWidth * float64(i) / float64(last) }
	var c sizeChart
	var line strings.Builder
	for i, p := range points {
		fmt.Fprintf(&line, "%c%s %s", "ML"[min(i, 1)], unit(x(i)), unit(chartHeight*(1-float64(p.Stored)/top)))
		stored, _ := l.Text(Bytes(p.Stored))
		from, to := max(0, x(i)-x(1)/2), min(chartWidth, x(i)+x(1)/2)
		c.Hits = append(c.Hits, chartHit{unit(from), unit(to - from), l.Format(p.Day, "Mon 2 Jan 2006") + ": " + stored})
	}
	c.Line = line.String()
	c.Area = c.Line + "L" + unit(chartWidth) + " " + unit(chartHeight) + "L0 " + unit(chartHeight) + "z"
	for i := range 5 {
		c.Grid = append(c.Grid, unit(chartHeight*float64(i)/4))
		c.Scale = append(c.Scale, Bytes(int64(4-i)*step))
	}
	for i := range min(4, len(points)) {
		c.Days = append(c.Days, l.Format(points[last*i/(min(4, len(points))-1)].Day, "2 Jan"))
	}
	for i := last; i >= 0; i -= 7 {
		c.Rows = append(c.Rows, points[i])
	}
	c.Summary = fmt.Sprintf("Stored from %s to %s: %s at first, %s at last; at least %s, at most %s.", l.Format(points[0].Day, "2 Jan 2006"),
		l.Format(points[last].Day, "2 Jan 2006"), Bytes(points[0].Stored), Bytes(points[last].Stored), Bytes(least), Bytes(most))
	return c
}

// scaleStep is a quarter of a round number of bytes that is at least most.
func scaleStep(most int64) int64 {
	base := int64(1)
	for most/base >= 1024 {
		base *= 1024
	}
	steps := []int64{1, 2, 3, 4, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 125, 150, 200, 250, 256}
	if base > 1 && most <= 2*base { // halves and quarters of what can be divided
		if most <= base {
			return base / 4
		}
		return base / 2
	}
	quarter := most/4 + min(1, most%4)
	i := slices.IndexFunc(steps, func(s int64) bool { return s*base >= quarter })
	return steps[i] * base
}

func unit(v float64) string { return strconv.FormatFloat(v, 'f', -1, 32) }

// chartDay writes a day of a chart's table, machine-readable.
func chartDay(t time.Time) string { return t.Format(time.DateOnly) }

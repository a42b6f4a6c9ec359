package ui

import (
	"strings"
	"testing"
	"time"

	"keepstead/model"
)

func TestScaleStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ most, top int64 }{
		{1, 4},
		{2, 4},
		{4, 4},
		{5, 8},
		{1023, 1024},
		{1024, 1024},
		{1025, 2048},
		{2049, 4096},
		{9 << 30, 12 << 30},
		{739 << 30, 800 << 30},
		{900 << 30, 1000 << 30},
		{1010 << 30, 1024 << 30},
		{3 << 40, 4 << 40},
	} {
		if got := scaleStep(c.most) * 4; got != c.top {
			t.Errorf("a scale for %d ends at %d, want %d", c.most, got, c.top)
		}
	}
	if got := scaleStep(1<<63 - 1); got != 1<<61 {
		t.Errorf("a scale for the largest number steps by %d", got)
	}
}

func TestChartOf(t *testing.T) {
	t.Parallel()
	var points []model.StoragePoint
	for i := range 15 {
		points = append(points, model.StoragePoint{Day: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC), Stored: int64(i) << 30})
	}
	c := chartOf(nil, points)
	if !strings.HasPrefix(c.Line, "M0 240L") || !strings.HasSuffix(c.Line, "L900 30") || len(c.Hits) != 15 {
		t.Errorf("the line is %s", c.Line)
	}
	if c.Scale[0] != "16 GiB" || c.Scale[4] != "0 B" || len(c.Grid) != 5 {
		t.Errorf("the scale is %v", c.Scale)
	}
	if got := strings.Join(c.Days, ", "); got != "1 Jan, 5 Jan, 10 Jan, 15 Jan" {
		t.Errorf("the days are %s", got)
	}
	if len(c.Rows) != 3 || c.Rows[0] != points[14] || c.Rows[2] != points[0] {
		t.Errorf("the table has %v", c.Rows)
	}
	if !strings.Contains(c.Summary, "0 B at first, 14 GiB at last") {
		t.Errorf("the summary is %s", c.Summary)
	}
	flat := chartOf(nil, []model.StoragePoint{{Day: points[0].Day}, {Day: points[1].Day}})
	if flat.Line != "M0 240L900 240" || strings.Join(flat.Days, ", ") != "1 Jan, 2 Jan" {
		t.Errorf("nothing stored is drawn as %s, %v", flat.Line, flat.Days)
	}
}

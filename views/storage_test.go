package views

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

func TestMeasures(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	p := HomeProps{Chrome: s.chrome, Apps: s.apps, Destinations: s.destinations, Samples: s.samples()}
	line := lineOf(p.Clock, p.Samples, uuid.Nil)
	if len(line) != storageDays {
		t.Fatalf("a line of %d days", len(line))
	}
	for i, want := range []measure{
		{Value: ui.Bytes(model.ProtectedNow(s.apps))},
		{Value: "41 TiB", Note: "What 831 snapshots would take as full copies."},
		{Value: "1.5 TiB"},
		{Value: "96 %", Note: "40 TiB less than full copies, by deduplication and compression."},
		{Value: "+248 GiB", Note: "In stored bytes, over the last 30 days."}, // twice 80, and the garage
		{Value: "4.52 USD", Note: "Stored bytes at the prices you set; 1 of 3 destinations has one."},
	} {
		got := homeMeasures(p, line)[i]
		if got.Value != want.Value || want.Note != "" && got.Note != want.Note {
			t.Errorf("%s is %q (%s), want %q (%s)", got.Label, got.Value, got.Note, want.Value, want.Note)
		}
	}
	for _, m := range homeMeasures(HomeProps{Chrome: s.chrome, Destinations: []model.Destination{{TotalSize: 500, RestorableSize: 300}}}, nil) {
		if m.Label == "Saved" && m.Value != "Nothing yet" || m.Label == "Growth" && m.Value != "Not known yet" || m.Label == "Cost a month" && m.Value != "No price set" {
			t.Errorf("of a new destination %s is %q", m.Label, m.Value)
		}
	}
}

func TestDestinationMeasures(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	find := func(d model.Destination, label string) measure {
		for _, m := range destinationMeasures(DestinationProps{Chrome: s.chrome, Destination: d}, nil) {
			if m.Label == label {
				return m
			}
		}
		t.Fatalf("no %s", label)
		return measure{}
	}
	if m := find(s.destinations[0], "Free"); m.Value != "1.0 TiB" || m.Note != "Room left there, asked today 09:15." {
		t.Errorf("the disk has free: %+v", m)
	}
	if m := find(s.destinations[1], "Free"); m.Value != "Not told" || !strings.HasPrefix(m.Note, "Object storage") {
		t.Errorf("the bucket has free: %+v", m)
	}
	if m := find(s.destinations[1], "Cost a month"); m.Value != "4.52 USD" || m.Note != "Stored bytes at 6.00 USD a TB, the price you set." {
		t.Errorf("the bucket costs %+v", m)
	}
	if m := find(s.destinations[0], "Cost a month"); m.Value != "No price set" || m.Link == "" {
		t.Errorf("the disk costs %+v", m)
	}
	if m := find(s.destinations[0], "Compression"); m.Value != "1.58 : 1" || m.Note != "What was written shrank from 1.1 TiB to 730 GiB." {
		t.Errorf("the disk compresses %+v", m)
	}
	for bytes, want := range map[int64]string{3 << 30: "+3.0 GiB", -5 << 20: "−5.0 MiB", 0: "None"} {
		if got := signed(bytes); got != want {
			t.Errorf("%d is %q, want %q", bytes, got, want)
		}
	}
	if got := money(model.Cost{Currency: "€", Amount: 0.0001}); got != "under 0.01 €" {
		t.Errorf("next to nothing is %q", got)
	}
}

func TestPriceOfAForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"": 0, "\t6,99": 6.99, "6.99": 6.99, "0": 0, "-1": -1} {
		if got, ok := Price(text); !ok || got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"six", "1.2.3", "6 USD"} {
		if got, ok := Price(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
	if o := listPriceOptions("Wasabi"); o[0].Value != "" || o[1].Value != "wasabi" || len(o) != 1+len(model.ListPrices()) {
		t.Errorf("the choices for Wasabi are %+v", o)
	}
	if f := NewDestinationForm(model.Destination{PricePerTBMonth: 6.99, PriceCurrency: "USD"}); f.Price != "6.99" || f.Currency != "USD" {
		t.Errorf("the form shows %q %q", f.Price, f.Currency)
	}
}

// TestRuleParts: each part that is missing says so with a way to mend it, and one that is kept has none.
func TestRuleParts(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	p := HomeProps{Chrome: s.chrome, Apps: s.apps, Destinations: s.destinations, Devices: []model.Device{s.device}}
	r := model.JudgeRule(p.Apps, p.Destinations, p.Devices, p.Now)
	parts := ruleParts(p, r)
	for i, one := range parts {
		kept := r.Parts()[i].Met()
		if (one.Link == "") != kept || (one.Text == "") != kept || (one.State.Word == "Kept") != kept || one.Fact == "" || one.Asks == "" {
			t.Errorf("%+v is kept: %v", one, kept)
		}
	}
	for i, one := range parts {
		s := r.Parts()[i]
		if want := ui.Count(s.Have) + " of " + ui.Count(s.Of); (one.Tally == "") != s.Met() || one.Tally != "" && !strings.HasPrefix(one.Tally, want) {
			t.Errorf("%s shows the tally %q, want %q", one.Title, one.Tally, want)
		}
	}
	if mend := kindsMend(p); mend != [2]string{PoliciesPath, "Use Backblaze B2 in more policies"} {
		t.Errorf("with a bucket the kinds are mended by %v", mend)
	}
	if mend := kindsMend(HomeProps{Destinations: s.destinations[:1], Devices: p.Devices}); mend[0] != NewDestinationPath {
		t.Errorf("with a folder of this machine alone the kinds are mended by %v", mend)
	}
	if last := parts[4]; last.Fact != "Missing for Backblaze B2." || last.Link != DestinationPath(id(11)) {
		t.Errorf("the checks are %+v", last)
	}
	one := HomeProps{Chrome: s.chrome, Apps: s.apps[:1], Destinations: s.destinations[:1]}
	if first := ruleParts(one, model.JudgeRule(one.Apps, one.Destinations, nil, one.Now))[0]; first.Link != NewDestinationPath {
		t.Errorf("with one destination the copies are mended by %+v", first)
	}
	garage := s.destinations[2]
	garage.Enabled = true
	if mend := offsiteMend(model.JudgeRule(s.apps, []model.Destination{garage}, nil, p.Now).Offsite); mend[0] != DestinationEditPath(garage.ID)+"#f-site" {
		t.Errorf("a place that is not known is mended by %v", mend)
	}
}

package model

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestStorageOver(t *testing.T) {
	t.Parallel()
	a, b := uuid.New(), uuid.New()
	today := time.Date(2026, 3, 30, 0, 30, 0, 0, time.FixedZone("", 2*3600)) // the 29th in UTC
	samples := []StorageSample{
		{a, "2026-03-20", 100}, // before the days asked for: where the line begins
		{a, "2026-03-27", 150},
		{a, "2026-03-29", 90},
		{b, "2026-03-28", 1000},
	}
	got := StorageOver(samples, today, 4)
	want := []int64{100, 150, 1150, 1090}
	if len(got) != len(want) {
		t.Fatalf("%d points: %v", len(got), got)
	}
	for i, p := range got {
		if day := time.Date(2026, 3, 26+i, 0, 0, 0, 0, time.UTC); !p.Day.Equal(day) || p.Stored != want[i] {
			t.Errorf("point %d is %v, want %d on %v", i, p, want[i], day)
		}
	}
	if got := StorageOver(samples[3:], today, 90); len(got) != 2 || got[0].Stored != 1000 || got[1].Stored != 1000 {
		t.Errorf("a line shorter than the days asked for: %v", got)
	}
	if got := StorageOver(nil, today, 90); got != nil {
		t.Errorf("no samples gave %v", got)
	}
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	line := func(values ...int64) (out []StoragePoint) {
		for _, v := range values {
			out = append(out, StoragePoint{Stored: v})
		}
		return out
	}
	for _, c := range []struct {
		points []StoragePoint
		bytes  int64
		over   int
	}{
		{nil, 0, 0},
		{line(7), 0, 0},
		{line(7, 9), 2, 1},
		{line(1, 5, 9, 4), -1, 2},
		{line(5, 9, 4), -1, 2},
	} {
		if bytes, over := Growth(c.points, 2); bytes != c.bytes || over != c.over {
			t.Errorf("growth of %v is %d over %d, want %d over %d", c.points, bytes, over, c.bytes, c.over)
		}
	}
}

func TestProtectedNow(t *testing.T) {
	t.Parallel()
	at := func(hour int) *time.Time { t := time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC); return &t }
	apps := []AppOverview{
		{Configurations: []ConfigurationOverview{
			{Coverage: []Coverage{{LastGoodAt: at(1), LastGoodSize: 500}, {LastGoodAt: at(2), LastGoodSize: 300}, {}}},
			{Coverage: []Coverage{{LastGoodAt: at(5), LastGoodSize: 40}}},
		}},
		{Configurations: []ConfigurationOverview{{Coverage: []Coverage{{LastGoodSize: 0}}}, {}}},
	}
	if got := ProtectedNow(apps); got != 340 {
		t.Errorf("protected are %d, want the newest of each configuration: 340", got)
	}
}

func TestStorageSaved(t *testing.T) {
	t.Parallel()
	s := StorageOf(
		Destination{TotalSize: 200, RestorableSize: 900, AddedSize: 300, AddedPackedSize: 150},
		Destination{TotalSize: 50, RestorableSize: 100, AddedSize: 60, AddedPackedSize: 30},
	)
	if bytes, share := s.Saved(); bytes != 750 || share != 0.75 {
		t.Errorf("saved are %d, %v", bytes, share)
	}
	if got := s.Compression(); got != 2 {
		t.Errorf("compression is %v", got)
	}
	for _, s := range []Storage{{}, {Restorable: 900}, {Stored: 900, Restorable: 900}, {Stored: 900, Restorable: 100, Added: 5}} {
		if bytes, share := s.Saved(); bytes != 0 || share != 0 {
			t.Errorf("%+v saved %d, %v", s, bytes, share)
		}
		if s.Compression() != 0 {
			t.Errorf("%+v is compressed", s)
		}
	}
}

func TestMonthlyCosts(t *testing.T) {
	t.Parallel()
	costs, priced := MonthlyCosts([]Destination{
		{TotalSize: 2e12, PricePerTBMonth: 6, PriceCurrency: "USD"},
		{TotalSize: 5e11, PricePerTBMonth: 5, PriceCurrency: "EUR"},
		{TotalSize: 1e12, PricePerTBMonth: 1, PriceCurrency: "USD"},
		{TotalSize: 9e12, PriceCurrency: "USD"},
	})
	if priced != 3 || len(costs) != 2 || costs[0] != (Cost{"EUR", 2.5}) || costs[1] != (Cost{"USD", 13}) {
		t.Errorf("%d priced: %v", priced, costs)
	}
}

func TestPriceIsChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		price    float64
		currency string
		field    string
	}{
		{0, "", ""},
		{0, "USD", ""},
		{6.99, "€", ""},
		{100_000, "Fr.", ""},
		{6.99, "", "price_currency"},
		{1, "much too long", "price_currency"},
		{1, "U\n", "price_currency"},
		{-1, "USD", "price_per_tb_month"},
		{100_001, "USD", "price_per_tb_month"},
		{math.NaN(), "USD", "price_per_tb_month"},
		{math.Inf(1), "USD", "price_per_tb_month"},
	} {
		d := Destination{Name: "n", Type: DestinationLocal, LocalDeviceID: uuid.New(), LocalPath: "/srv/b", PricePerTBMonth: c.price, PriceCurrency: c.currency}
		var refused Invalids
		errors.As(d.Validate(), &refused)
		field := ""
		if len(refused) > 0 {
			field = refused[0].Field
		}
		if field != c.field || len(refused) > 1 {
			t.Errorf("%v %q is refused at %v, want %q", c.price, c.currency, refused, c.field)
		}
	}
	for _, p := range ListPrices() {
		d := Destination{PricePerTBMonth: p.Price, PriceCurrency: p.Currency}
		var refused Invalids
		if d.checkPrice(&refused); len(refused) > 0 || p.Price == 0 {
			t.Errorf("the list price of %s: %v", p.Name, refused)
		}
	}
}

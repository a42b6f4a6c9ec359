package views

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// storageDays is how far back a line of stored bytes reaches; growthDays what growth is told over.
const (
	storageDays = 90
	growthDays  = 30
)

// measure is one figure with the line that says what it means.
type measure struct {
	Label, Value, Exact, Note string
	Costs                     []model.Cost // that Value is made of; currencies are no words of ours
	Link, LinkText            string       // the way to what is missing
}

func sized(label string, bytes int64, note string) measure {
	return measure{Label: label, Value: ui.Bytes(bytes), Exact: ui.ExactBytes(bytes), Note: note}
}

// homeMeasures are the figures of all destinations together.
func homeMeasures(p HomeProps, line []model.StoragePoint) []measure {
	s := model.StorageOf(p.Destinations...)
	snapshots := 0
	for _, d := range p.Destinations {
		snapshots += d.TotalSnapshots
	}
	return []measure{
		sized("Protected now", model.ProtectedNow(p.Apps), "The newest good snapshot of each app, counted once."),
		restorable(s, snapshots),
		sized("Stored", s.Stored, "What your destinations hold, every copy counted."),
		saved(s),
		growth(line),
		costs(p.Destinations),
	}
}

// destinationMeasures are the figures of one destination.
func destinationMeasures(p DestinationProps, line []model.StoragePoint) []measure {
	s := model.StorageOf(p.Destination)
	return []measure{
		restorable(s, p.Destination.TotalSnapshots),
		saved(s),
		compression(s),
		growth(line),
		freeSpace(p.Clock, p.Destination),
		price(p.Destination),
	}
}

func restorable(s model.Storage, snapshots int) measure {
	note := "What " + ui.Plural(snapshots, "snapshot", "snapshots") + " would take as full copies."
	return sized("Restorable", s.Restorable, note)
}

func saved(s model.Storage) measure {
	bytes, share := s.Saved()
	if bytes == 0 {
		return measure{Label: "Saved", Value: "Nothing yet", Note: "Deduplication shows from the second snapshot on."}
	}
	note := ui.Bytes(bytes) + " less than full copies, by deduplication and compression"
	return measure{Label: "Saved", Value: ui.Percent(share), Exact: ui.ExactBytes(bytes), Note: note + "."}
}

// compression is what compressing alone did to the data that the kept snapshots added.
func compression(s model.Storage) measure {
	ratio := s.Compression()
	if ratio == 0 {
		return measure{Label: "Compression", Value: "Not known yet", Note: "Known after the first backup."}
	}
	note := "What was written shrank from " + ui.Bytes(s.Added) + " to " + ui.Bytes(s.AddedPacked) + "."
	return measure{Label: "Compression", Value: strconv.FormatFloat(ratio, 'f', 2, 64) + " : 1", Note: note}
}

func growth(line []model.StoragePoint) measure {
	bytes, over := model.Growth(line, growthDays)
	if over == 0 {
		return measure{Label: "Growth", Value: "Not known yet", Note: "Sizes are noted once a day; this needs two days."}
	}
	return measure{Label: "Growth", Value: signed(bytes), Exact: signedExact(bytes), Note: "In stored bytes, over the last " + ui.Plural(over, "day", "days") + "."}
}

// signed writes a difference of sizes: +1.2 GiB, −3 MiB, or that there is none.
func signed(bytes int64) string {
	switch {
	case bytes > 0:
		return "+" + ui.Bytes(bytes)
	case bytes < 0:
		return "−" + ui.Bytes(-bytes)
	}
	return "None"
}

func signedExact(bytes int64) string {
	if bytes < 0 {
		return "−" + ui.ExactBytes(-bytes)
	}
	return ui.ExactBytes(bytes)
}

func freeSpace(c ui.Clock, d model.Destination) measure {
	if d.FreeSize == nil || d.FreeAt == nil {
		note := "Asked for after each backup; this storage has not told yet."
		if d.Type == model.DestinationS3 {
			note = "Object storage does not tell how much room is left."
		}
		return measure{Label: "Free", Value: "Not told", Note: note}
	}
	return sized("Free", *d.FreeSize, "Room left there, asked "+c.Moment(*d.FreeAt)+".")
}

func costs(destinations []model.Destination) measure {
	m := measure{Label: "Cost a month", Value: "No price set", Note: "Set what a TB costs at a destination, under Edit there."}
	sums, priced := model.MonthlyCosts(destinations)
	if priced == 0 {
		return m
	}
	m.Value, m.Costs, m.Note = amounts(sums), sums, "Stored bytes at the prices you set"
	if priced < len(destinations) {
		have := "have"
		if priced == 1 {
			have = "has"
		}
		m.Note += fmt.Sprintf("; %d of %d destinations %s one", priced, len(destinations), have)
	}
	m.Note += "."
	return m
}

func price(d model.Destination) measure {
	m := measure{Label: "Cost a month", Value: "No price set", Note: "Set what a TB costs here, where you pay by size.", Link: DestinationEditPath(d.ID) + "#f-price", LinkText: "Set a price"}
	if d.PricePerTBMonth > 0 {
		m.Value, m.Costs, m.LinkText = money(d.MonthlyCost()), []model.Cost{d.MonthlyCost()}, "Change"
		m.Note = "Stored bytes at " + money(model.Cost{Currency: d.PriceCurrency, Amount: d.PricePerTBMonth}) + " a TB, the price you set."
	}
	return m
}

// linkIn is the text of a measure's link in the reader's language.
func (m measure) linkIn(ctx context.Context) string {
	if m.LinkText == "Change" {
		return wordFor(ctx, m.LinkText, "act")
	}
	return lang.T(ctx, m.LinkText)
}

// figure is the value of a measure in the reader's language.
func figure(ctx context.Context, m measure) string {
	if len(m.Costs) == 0 {
		return lang.T(ctx, m.Value)
	}
	words := make([]string, len(m.Costs))
	for i, c := range m.Costs {
		words[i] = lang.T(ctx, amount(c)) + " " + c.Currency
	}
	return strings.Join(words, " + ")
}

// amounts writes costs one after the other.
func amounts(costs []model.Cost) string {
	words := make([]string, len(costs))
	for i, c := range costs {
		words[i] = money(c)
	}
	return strings.Join(words, " + ")
}

// money writes an amount with its currency: “4.43 USD”.
func money(c model.Cost) string { return amount(c) + " " + c.Currency }

func amount(c model.Cost) string {
	if c.Amount > 0 && c.Amount < 0.005 {
		return "under 0.01"
	}
	return strconv.FormatFloat(c.Amount, 'f', 2, 64)
}

// lineOf is what one destination stored over time; uuid.Nil adds all up.
func lineOf(c ui.Clock, samples []model.StorageSample, id uuid.UUID) []model.StoragePoint {
	own := samples
	if id != uuid.Nil {
		own = nil
		for _, s := range samples {
			if s.DestinationID == id {
				own = append(own, s)
			}
		}
	}
	return model.StorageOver(own, c.Now, storageDays)
}

// listPriceOptions are the choices of a list price, the one of the destination's own provider first.
func listPriceOptions(provider string) []ui.Option {
	options := []ui.Option{{Value: "", Text: "No, as typed"}}
	var others []ui.Option
	for _, p := range model.ListPrices() {
		o := ui.Option{Value: p.Key, Text: p.Name + ": " + money(model.Cost{Currency: p.Currency, Amount: p.Price}) + " a TB (list price, please check)"}
		if p.Provider == provider {
			options = append(options, o)
		} else {
			others = append(others, o)
		}
	}
	return append(options, others...)
}

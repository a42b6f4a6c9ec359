package model

import (
	"math"
	"sort"
	"unicode/utf8"
)

// terabyte is what storage is priced by: 10¹² bytes, as providers count.
const terabyte = 1e12

// Bounds of a price.
const (
	maxPrice    = 100_000
	maxCurrency = 8 // characters
)

func (d Destination) checkPrice(problems *Invalids) {
	if math.IsNaN(d.PricePerTBMonth) || d.PricePerTBMonth < 0 || d.PricePerTBMonth > maxPrice {
		problems.Add("price_per_tb_month", "Use a price from 0 to 100,000 for a TB and month, or 0 where nothing is paid by size.")
	}
	switch n := utf8.RuneCountInString(d.PriceCurrency); {
	case n == 0 && d.PricePerTBMonth > 0:
		problems.Add("price_currency", "Say in which currency, such as USD or €.")
	case n > maxCurrency:
		problems.Add("price_currency", "Use at most %d characters, such as USD or €.", maxCurrency)
	case !printable(d.PriceCurrency):
		problems.Add("price_currency", "Leave out control characters and line breaks.")
	}
}

// MonthlyCost is what the destination's stored bytes cost a month at its price; zero without one.
func (d Destination) MonthlyCost() Cost {
	return Cost{Currency: d.PriceCurrency, Amount: float64(d.TotalSize) / terabyte * d.PricePerTBMonth}
}

// Cost is an amount of money.
type Cost struct {
	Currency string
	Amount   float64
}

// MonthlyCosts adds up what destinations cost a month, by currency in order, and counts those that have a price.
func MonthlyCosts(destinations []Destination) (costs []Cost, priced int) {
	sums := map[string]float64{}
	for _, d := range destinations {
		if d.PricePerTBMonth > 0 {
			priced++
			c := d.MonthlyCost()
			sums[c.Currency] += c.Amount
		}
	}
	for currency, amount := range sums {
		costs = append(costs, Cost{Currency: currency, Amount: amount})
	}
	sort.Slice(costs, func(i, j int) bool { return costs[i].Currency < costs[j].Currency })
	return costs, priced
}

// ListPrice is what a provider asks by its public list for 10¹² bytes and a month, without traffic, taxes or minimums.
type ListPrice struct {
	Key      string // a stable word for forms
	Provider string // as FailureDomain derives it, for the price that fits a destination
	Name     string
	Price    float64
	Currency string
}

// ListPrices are prices as they were known when this Keepstead was made: a help to begin with, which somebody has to
// check. Nothing asks the providers.
func ListPrices() []ListPrice {
	return []ListPrice{
		{Key: "b2", Provider: "Backblaze", Name: "Backblaze B2", Price: 6, Currency: "USD"},
		{Key: "wasabi", Provider: "Wasabi", Name: "Wasabi", Price: 6.99, Currency: "USD"},
		{Key: "s3", Provider: "Amazon", Name: "AWS S3 Standard", Price: 23, Currency: "USD"},
		{Key: "r2", Provider: "Cloudflare", Name: "Cloudflare R2", Price: 15, Currency: "USD"},
		{Key: "hetzner", Provider: "Hetzner", Name: "Hetzner Object Storage", Price: 4.99, Currency: "EUR"},
	}
}

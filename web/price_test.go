package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keepstead/model"
)

// TestPriceForm types a price, is refused at its field, and takes a list price.
func TestPriceForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	d, form := s.folder()
	edit := "/destinations/" + d.ID.String() + "/edit"
	for _, tt := range []struct {
		price, currency, list, want string
		saved                       model.Cost // of a TB
	}{
		{price: "six", currency: "USD", want: "Use a number, such as 6.99"},
		{price: "-6", currency: "USD", want: "Use a price from 0"},
		{price: "6", want: "Say in which currency"},
		{price: "6,99", currency: " € ", saved: model.Cost{Currency: "€", Amount: 6.99}},
		{price: "6,99", currency: "€", list: "b2", saved: model.Cost{Currency: "USD", Amount: 6}},
		{},
	} {
		r := s.post(edit, cookie, form(url.Values{"price": {tt.price}, "currency": {tt.currency}, "list_price": {tt.list}}))
		if tt.want != "" {
			if r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, tt.want) || !strings.Contains(r.body, `value="`+tt.price+`"`) {
				t.Errorf("%+v is answered with %d", tt, r.status)
			}
			continue
		}
		got, err := s.store.Destination(t.Context(), d.ID)
		if err != nil || r.status != http.StatusSeeOther || got.PricePerTBMonth != tt.saved.Amount || got.PriceCurrency != tt.saved.Currency {
			t.Errorf("%+v is answered with %d and saved as %v %q (%v)", tt, r.status, got.PricePerTBMonth, got.PriceCurrency, err)
		}
	}
}

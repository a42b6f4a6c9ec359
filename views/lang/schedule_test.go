package lang

import (
	"testing"

	"keepstead/model"
)

// TestSchedulesInGerman reads what a schedule says of itself, with the lists that it may hold.
func TestSchedulesInGerman(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		"0 2 * * *":                 "Täglich um 02:00 Uhr",
		"@hourly":                   "Stündlich",
		"@yearly":                   "Jedes Jahr am 1. Januar um 00:00 Uhr",
		"5,35 * * * *":              "Stündlich um :05 und :35",
		"*/15 * * * *":              "Alle 15 Minuten",
		"*/7 * * * *":               "Stündlich alle 7 Minuten von :00 bis :56",
		"0 */6 * * *":               "Täglich um 00:00, 06:00, 12:00 und 18:00 Uhr",
		"0 9-17 * * 1-5":            "Stündlich von 09:00 bis 17:00 Uhr, täglich von Montag bis Freitag",
		"*/15 1-5,23 * jan-mar mon": "Alle 15 Minuten der Stunden 01, 02, 03, 04, 05 und 23, jeden Montag von Januar bis März",
		"10,20 1,2,3,5 * * *":       "Um :10 und :20 der Stunden 01, 02, 03 und 05",
		"0 22 * 6,9 1,3,6":          "Jeden Montag, Mittwoch und Samstag im Juni und September um 22:00 Uhr",
		"0 2 1,15 * *":              "Am 1. und 15. jedes Monats um 02:00 Uhr",
		"0 2 31 * *":                "Am 31. jedes Monats (wo es ihn gibt) um 02:00 Uhr",
		"0 2 */2 * *":               "An jedem 2. Tag vom 1. bis 31. jedes Monats um 02:00 Uhr",
		"0 12 1 */3 *":              "Am 1. Januar, April, Juli und Oktober um 12:00 Uhr",
		"0 2 13 * 5":                "Am 13. jedes Monats und jeden Freitag um 02:00 Uhr",
		"1-40 2 1,13 2 1-5":         "Jede Minute von :01 bis :40 der Stunden 02, am 1. und 13. Februar und täglich von Montag bis Freitag im Februar",
	} {
		cron, err := model.Policy{Schedule: schedule}.Cron()
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := Of(model.German, "").Text(cron.Words()); !ok || got != want {
			t.Errorf("%q says %q, want %q (%s)", schedule, got, want, cron.Words())
		}
	}
}

package model

import (
	"testing"
	"time"
)

func TestScheduleWords(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		"0 2 * * *":                 "Every day at 02:00",
		"@daily":                    "Every day at 00:00",
		"@hourly":                   "Every hour",
		"@weekly":                   "Every Sunday at 00:00",
		"@monthly":                  "On the 1st of every month at 00:00",
		"@yearly":                   "Every year on 1 January at 00:00",
		"* * * * *":                 "Every minute",
		"5 * * * *":                 "Every hour at :05",
		"5,35 * * * *":              "Every hour at :05 and :35",
		"*/15 * * * *":              "Every 15 minutes",
		"*/30 * * * *":              "Every 30 minutes",
		"*/7 * * * *":               "Every hour every 7 minutes from :00 to :56",
		"0 */6 * * *":               "Every day at 00:00, 06:00, 12:00 and 18:00",
		"15 */2 * * *":              "Every 2 hours from 00:15 to 22:15",
		"0 9-17 * * 1-5":            "Every hour from 09:00 to 17:00, every day from Monday to Friday",
		"*/15 9-17 * * *":           "Every 15 minutes from 09:00 to 17:45",
		"* 3 * * *":                 "Every minute from 03:00 to 03:59",
		"*/15 1-5,23 * jan-mar mon": "Every 15 minutes of the hours 01, 02, 03, 04, 05 and 23, every Monday from January to March",
		"10,20 1,2,3,5 * * *":       "At :10 and :20 of the hours 01, 02, 03 and 05",
		"0 0,1,2,3,5,8,13 * * *":    "At :00 of the hours 00, 01, 02, 03, 05, 08 and 13",
		"0 2,14 * * *":              "Every day at 02:00 and 14:00",
		"30 2 * * MON,WED":          "Every Monday and Wednesday at 02:30",
		"0 2 * * 7":                 "Every Sunday at 02:00",
		"0 2 * * 5-7":               "Every day from Friday to Sunday at 02:00",
		"0 2 * * 0,6":               "Every Saturday and Sunday at 02:00",
		"0 2 1,15 * *":              "On the 1st and 15th of every month at 02:00",
		"0 2 31 * *":                "On the 31st of every month that has one at 02:00",
		"0 2 1-7 * *":               "From the 1st to the 7th of every month at 02:00",
		"0 2 */2 * *":               "On every 2nd day from the 1st to the 31st of every month at 02:00",
		"0 0 29 2 *":                "Every year on 29 February at 00:00",
		"0 12 1 */3 *":              "On the 1st of January, April, July and October at 12:00",
		"0 22 * 6-8 *":              "Every day from June to August at 22:00",
		"0 2 13 * 5":                "On the 13th of every month, and every Friday at 02:00",
		"0 2 1-31 * 5":              "Every day at 02:00", // day or weekday: each day is one of them
		"0 2 ? * *":                 "Every day at 02:00",
	} {
		if got := cronOf(t, schedule, "UTC").Words(); got != want {
			t.Errorf("%q is %q, want %q", schedule, got, want)
		}
	}
	if fields := cronOf(t, "@weekly", "").Fields(); fields != "0 0 * * 0" {
		t.Errorf("fields are %q", fields)
	}
}

func TestNextRunsOverClockChangesInNewYork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, schedule, from string
		want                 []string
	}{
		{"spring skips an hour", "30 2 * * *", "2024-03-09T12:00:00-05:00", []string{"2024-03-10T03:30:00-04:00", "2024-03-11T02:30:00-04:00"}},
		{"autumn repeats one", "30 1 * * *", "2024-11-02T12:00:00-04:00", []string{"2024-11-03T01:30:00-04:00", "2024-11-04T01:30:00-05:00"}},
		{"hourly in spring", "0 * * * *", "2024-03-10T00:30:00-05:00", []string{"2024-03-10T01:00:00-05:00", "2024-03-10T03:00:00-04:00"}},
		{"weekly over the change", "0 2 * * 0", "2024-11-01T12:00:00-04:00", []string{"2024-11-03T02:00:00-05:00", "2024-11-10T02:00:00-05:00"}},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		for i, next := range cronOf(t, c.schedule, "America/New_York").NextRuns(from, len(c.want)) {
			if got := next.Format(time.RFC3339); got != c.want[i] {
				t.Errorf("%s: run %d is at %s, want %s", c.name, i, got, c.want[i])
			}
		}
	}
}

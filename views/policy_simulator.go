package views

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// SimulatedDays are the spans the simulator offers.
func SimulatedDays() []int { return []int{30, 90, 400, 1100} }

// DefaultSimulatedDays shows a year with the months around it.
const DefaultSimulatedDays = 400

func daysWords(days int) string {
	switch days {
	case 400:
		return "13 months"
	case 1100:
		return "3 years"
	}
	return fmt.Sprintf("%d days", days)
}

func dayOptions() []ui.Option {
	var out []ui.Option
	for _, d := range SimulatedDays() {
		out = append(out, ui.Option{Value: fmt.Sprint(d), Text: daysWords(d)})
	}
	return out
}

// era is one column of the timeline. The columns are of one width each, so that the days just past, where most of what
// stays is, have room.
type era struct {
	Label string
	from  int // days before the end, the younger edge
	to    int
}

// eras are the columns for a span, the oldest first.
func eras(days int) []era {
	switch {
	case days <= 30:
		return []era{{"older", 14, 30}, {"2 weeks", 7, 14}, {"last 7 days", 0, 7}}
	case days <= 90:
		return []era{{"older", 31, 90}, {"1 month", 7, 31}, {"last 7 days", 0, 7}}
	case days <= 400:
		return []era{{"older", 92, 400}, {"3 months", 31, 92}, {"1 month", 7, 31}, {"last 7 days", 0, 7}}
	}
	return []era{{"older", 365, 1100}, {"1 year", 31, 365}, {"1 month", 7, 31}, {"last 7 days", 0, 7}}
}

// timelineWidth is the length of the timeline in units of its drawing.
const timelineWidth = 1200

// closest is how near two marks may stand and still be told apart.
const closest = 7

// placed is where a moment stands on the timeline.
func placed(t, at time.Time, all []era) int {
	age := at.Sub(t).Hours() / 24
	width := float64(timelineWidth) / float64(len(all))
	for i, e := range slices.Backward(all) {
		if age <= float64(e.to) || i == 0 {
			share := min(1, (age-float64(e.from))/float64(e.to-e.from))
			return int(width*(float64(i+1)-share)*0.99) + 6
		}
	}
	return 0
}

// lane is one rule with the snapshots it keeps, or those that no rule keeps.
type lane struct {
	Word, Says string
	Class      string
	Icon       ui.IconName
	marks      []int
}

// Path draws the marks as one path: upright strokes, tall for what stays, short for what goes.
func (l lane) Path() string {
	var b strings.Builder
	for _, x := range l.marks {
		if l.Class == "is-idle" {
			_, _ = fmt.Fprintf(&b, "M%d 7v6", x)
		} else {
			_, _ = fmt.Fprintf(&b, "M%d 3v14", x)
		}
	}
	return b.String()
}

// lanes sorts the decisions of a simulation by their reasons. Every rule has its lane, also one that keeps nothing, so
// that the page stays where it is while somebody types.
func lanes(c ui.Clock, s model.Simulation, r model.Retention, days int) []lane {
	all := eras(days)
	words := []string{"last", "hourly", "daily", "weekly", "monthly", "yearly"}
	if r.KeepsAll() {
		words = []string{"everything"}
	}
	var out []lane
	for _, word := range words {
		out = append(out, laneOf(c, word, "is-good", ui.IconGood, s, all, func(d model.Decision) bool { return slices.Contains(d.Reasons, word) }))
	}
	return append(out, laneOf(c, "goes", "is-idle", ui.IconForget, s, all, func(d model.Decision) bool { return !d.Keep }))
}

func laneOf(c ui.Clock, word, class string, icon ui.IconName, s model.Simulation, all []era, takes func(model.Decision) bool) lane {
	shown := word
	if word == "last" {
		shown = "latest" // as its field is called
	}
	l := lane{Word: strings.ToUpper(shown[:1]) + shown[1:], Class: class, Icon: icon, Says: "none"}
	var first, last time.Time
	n := 0
	for _, d := range s.Decisions {
		if !takes(d) {
			continue
		}
		if n++; n == 1 {
			last = d.Time
		}
		first = d.Time
		if x := placed(d.Time, s.At, all); len(l.marks) == 0 || l.marks[len(l.marks)-1]-x >= closest {
			l.marks = append(l.marks, x)
		}
	}
	switch {
	case n == 0 && class == "is-good":
		l.Icon = ui.IconRing
	case n == 1:
		l.Says = "1, of " + c.In(first.Location()).Day(first)
	case n > 1:
		c = c.In(first.Location())
		begins := c.Day(first)
		if first.Year() == last.Year() {
			begins = c.ShortDay(first)
		}
		l.Says = fmt.Sprintf("%s, %s – %s", ui.Count(n), begins, c.Day(last))
	}
	return l
}

// simulationWords says what the timeline shows.
func simulationWords(s model.Simulation, days int) string {
	n, of := model.Staying(s.Decisions), len(s.Decisions)
	if of == 0 {
		return "No run falls into " + daysWords(days) + "."
	}
	if s.Cut {
		return fmt.Sprintf("After the first %s runs, %s would be kept of each app.", ui.Count(of), ui.Plural(n, "snapshot", "snapshots"))
	}
	if n == of {
		return fmt.Sprintf("After %s all %s would be kept of each app.", daysWords(days), ui.Plural(of, "snapshot", "snapshots"))
	}
	return fmt.Sprintf("After %s, %s of %s would be kept of each app.", daysWords(days), ui.Count(n), ui.Plural(of, "snapshot", "snapshots"))
}

// maxDecided bounds the decisions that a list names.
const maxDecided = 60

// decided are the decisions worth naming: what stays, and for snapshots that are there also what goes.
func decided(all []model.Decision, going bool) (shown []model.Decision, left int) {
	for _, d := range all {
		if d.Keep || going {
			shown = append(shown, d)
		}
	}
	if len(shown) > maxDecided {
		return shown[:maxDecided], len(shown) - maxDecided
	}
	return shown, 0
}

func whyKept(ctx context.Context, d model.Decision) string {
	words := make([]string, len(d.Reasons))
	for i, reason := range d.Reasons {
		words[i] = lang.T(ctx, reason)
	}
	why := strings.Join(words, ", ")
	switch {
	case d.Partial:
		why += lang.T(ctx, "; partial, counted apart")
	case d.Safety:
		why += lang.T(ctx, "; safety snapshot, counted apart")
	}
	return why
}

// forecastWords says what saving would do to the snapshots that are there.
func forecastWords(f model.PolicyForecast) string {
	switch going, of := f.Going(); {
	case of == 0:
		return "There is no snapshot under this policy yet."
	case going == 0:
		return fmt.Sprintf("Saved like this, all %s that are there would stay.", ui.Plural(of, "snapshot", "snapshots"))
	default:
		return fmt.Sprintf("Saved like this, %s of %s that are there would go, each with the next backup of its app.", ui.Count(going), ui.Plural(of, "snapshot", "snapshots"))
	}
}

// comparedWords says how many snapshots more or fewer would go than by the policy as it is saved; nothing where its
// destinations differ too, as the forecast is then about other snapshots.
func comparedWords(p PolicyProps) string {
	cron, err := p.Policy.Cron()
	going, _ := p.Forecast.Going()
	if err != nil || going == 0 || !sameDestinations(p) {
		return ""
	}
	switch more := going - p.Forecast.GoingBy(p.Policy.Retention, cron.Zone()); {
	case more > 0:
		return "That is " + ui.Count(more) + " more than as it is saved now."
	case more < 0:
		return "That is " + ui.Count(-more) + " fewer than as it is saved now."
	}
	return "That is as many as now."
}

func sameDestinations(p PolicyProps) bool {
	var saved []string
	for _, id := range p.Policy.DestinationIDs {
		saved = append(saved, id.String())
	}
	typed := slices.Clone(p.Form.DestinationIDs)
	slices.Sort(saved)
	slices.Sort(typed)
	return slices.Equal(saved, typed)
}

func forecastPlace(f model.Forecast) string {
	if f.Own {
		return "in " + ui.Plain(f.Destination) + ", by a rule of its own"
	}
	return "in " + ui.Plain(f.Destination)
}

func forecastState(f model.Forecast) ui.State {
	going, of := f.Going(), len(f.Decisions)
	switch {
	case f.Frozen:
		return ui.State{Class: "is-ice", Icon: ui.IconFrozen, Word: fmt.Sprintf("Held back: all %s stay", ui.Count(of))}
	case going == 0:
		return ui.State{Class: "is-good", Icon: ui.IconGood, Word: fmt.Sprintf("All %s stay", ui.Count(of))}
	}
	return ui.State{Class: "is-warn", Icon: ui.IconForget, Word: fmt.Sprintf("%s of %s would go", ui.Count(going), ui.Count(of))}
}

// maxForecasts bounds the apps that a forecast names.
const maxForecasts = 25

// forecasts are the entries to show, those that lose something first.
func forecasts(f model.PolicyForecast) (shown []model.Forecast, left int) {
	shown = slices.Clone(f.Each)
	slices.SortStableFunc(shown, func(a, b model.Forecast) int { return b.Going() - a.Going() })
	if len(shown) > maxForecasts {
		return shown[:maxForecasts], len(shown) - maxForecasts
	}
	return shown, 0
}

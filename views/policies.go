package views

import (
	"context"
	"strconv"
	"time"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

func policyTitle(ctx context.Context, p PolicyProps) string {
	if p.Policy == nil {
		return lang.T(ctx, "Add policy")
	}
	return p.Policy.Name
}

// newAppsFollow says what the default policy does with a new app; the way to change that stands between the gaps.
func newAppsFollow(p PoliciesProps) string {
	if p.Discovery == model.DiscoverAsk {
		return "A new app " + gap + "waits for your decision" + gap + ", and follows the default one once you protect it."
	}
	return "A new app " + gap + "follows the default one" + gap + " at once."
}

func policyAction(p PolicyProps) string {
	if p.Policy == nil {
		return PoliciesPath
	}
	return PolicyPath(p.Policy.ID)
}

func policyPreviewPath(p PolicyProps) string {
	if p.Policy == nil {
		return NewPolicyPreviewPath
	}
	return PolicyPreviewPath(p.Policy.ID)
}

func destinationNames(ctx context.Context, p model.Policy, destinations []model.Destination) []string {
	var names []string
	for _, id := range p.DestinationIDs {
		names = append(names, nameOf(ctx, id, destinations))
	}
	return names
}

// nextRun is when the first app of a policy starts next, zero when it is off or has nowhere to write to.
func nextRun(p PoliciesProps, policy model.Policy) time.Time {
	var first time.Time
	for _, r := range nextRuns(p.Apps) {
		if policy.JitterMinutes > 0 && r.Policy.ID == policy.ID {
			first = r.At
		}
	}
	if first.IsZero() {
		first = nextSlot(policy, p.Clock)
	}
	return first
}

// nextSlot is the policy's next planned moment, zero when it is off or has nowhere to write to.
func nextSlot(p model.Policy, c ui.Clock) time.Time {
	cron, err := p.Cron()
	if err != nil || !p.Enabled || len(p.DestinationIDs) == 0 {
		return time.Time{}
	}
	return cron.Next(c.Now)
}

// previewRuns is how many coming runs the editor shows.
const previewRuns = 5

// previewOf says the schedule in the form in words with its next runs, or why it cannot be read.
func previewOf(p PolicyProps) SchedulePreviewProps {
	cron, err := model.Policy{Schedule: p.Form.Schedule, TimeZone: p.Form.TimeZone}.Cron()
	if err != nil {
		return SchedulePreviewProps{Clock: p.Clock, Errors: model.Refused(err)}
	}
	out := SchedulePreviewProps{Clock: p.Clock, Words: cron.Words(), Runs: cron.NextRuns(p.Now, previewRuns)}
	if n, err := strconv.Atoi(p.Form.Jitter); err == nil && n > 0 && reason(p.Errors, "jitter_minutes") == "" {
		out.Jitter = time.Duration(n) * time.Minute
	}
	return out
}

func commonSchedules() []ui.Option {
	return []ui.Option{
		{Value: "0 * * * *", Text: "Hourly"},
		{Value: "0 */6 * * *", Text: "Every 6 hours"},
		{Value: "0 2 * * *", Text: "Daily"},
		{Value: "0 3 * * 0", Text: "Weekly"},
		{Value: "0 3 1 * *", Text: "Monthly"},
	}
}

func zoneHint(server string) string {
	if server == "" {
		return "the server’s own"
	}
	return server + " (the server’s own)"
}

type keepNumber struct{ Name, Label, Value string }

func keepNumbers(f KeepForm) []keepNumber {
	return []keepNumber{
		{"keep_last", "Latest", f.Last},
		{"keep_hourly", "Hourly", f.Hourly},
		{"keep_daily", "Daily", f.Daily},
		{"keep_weekly", "Weekly", f.Weekly},
		{"keep_monthly", "Monthly", f.Monthly},
		{"keep_yearly", "Yearly", f.Yearly},
	}
}

// orNothing is a value in a comparison, where an empty one needs a word.
func orNothing(value string) string {
	if value == "" {
		return "–"
	}
	return value
}

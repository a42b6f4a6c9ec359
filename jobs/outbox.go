package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/notify"
)

// Voice words what channels are told, as the pages word things: they decide what needs somebody, and say it.
type Voice struct {
	// Alerts is what needs somebody now, and what does not any more.
	Alerts func(context.Context) ([]model.Alert, error)
	// Summary is how things stand.
	Summary func(context.Context) (model.Notification, error)
	// Message makes one message of what waits for a channel; it has no title where nothing of that is left to say.
	Message func(context.Context, model.Channel, []model.Notification) (model.Message, error)
}

// Speak gives the manager its voice, before Start. Without one nobody is told of anything.
func (m *Manager) Speak(v Voice) { m.voice = v }

const (
	tellEvery   = time.Minute // how often what needs somebody is looked at when nothing happens
	tellSoon    = time.Second // after something happened: much comes at once
	tellAtStart = 5 * time.Second

	firstRetry, longestRetry = 30 * time.Second, time.Hour
)

// outbox is the part of a Manager that tells.
type outbox struct {
	voice  Voice
	sender *notify.Sender
	pace   model.Pace
	nudge  chan struct{} // a delivery has ended

	changes sync.Mutex // one change of a channel at a time

	claims  sync.Mutex
	sending map[uuid.UUID]bool // channels that a message is on its way to
}

// tell looks at what needs somebody, and delivers what waits, until Keepstead stops. A service that hangs holds up its own
// channel alone.
func (m *Manager) tell() {
	defer m.loops.Done()
	heard := m.Hub.Subscribe(m.base)
	look := time.NewTimer(tellAtStart)
	defer look.Stop()
	send := time.NewTimer(0)
	defer send.Stop()
	soon := false // the next look is near: what happens on and on must not put it off
	for {
		select {
		case <-m.base.Done():
			return
		case e, open := <-heard:
			switch {
			case !open: // it was too slow, or the hub is closed
				heard = nil
			case e.Kind == model.EventProgress, e.Kind == model.EventLog:
			case !soon:
				soon = true
				look.Reset(tellSoon)
			}
			continue
		case <-look.C:
			soon = false
			look.Reset(tellEvery)
			if heard == nil {
				heard = m.Hub.Subscribe(m.base)
			}
			m.logTelling("look at what needs somebody", m.lookAtAlerts(m.base))
		case <-send.C:
		case <-m.nudge:
		}
		next, err := m.deliverDue(m.base)
		m.logTelling("deliver notifications", err)
		send.Reset(max(next, 10*time.Millisecond))
	}
}

func (m *Manager) logTelling(doing string, err error) {
	if err != nil && m.base.Err() == nil {
		m.logger.Error(doing, "error", err)
	}
}

// lookAtAlerts tells each channel what began or ended since it was told last.
func (m *Manager) lookAtAlerts(ctx context.Context) error {
	channels, err := m.Store.Channels(ctx)
	if err != nil {
		return err
	}
	channels = keep(channels, func(c model.Channel) bool { return c.Enabled && c.TellsNeeds })
	if len(channels) == 0 {
		return nil
	}
	alerts, err := m.voice.Alerts(ctx)
	if err != nil {
		return err
	}
	open, err := m.Store.OpenAlerts(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, c := range channels {
		told := model.Tell(c.ID, keep(open, func(o model.OpenAlert) bool { return o.ChannelID == c.ID }), alerts)
		if len(told.Begun)+len(told.Ended)+len(told.Dropped) == 0 {
			continue
		}
		if err := m.Store.Tell(ctx, c.ID, told); err != nil && !errors.Is(err, model.ErrNotFound) { // it was switched off meanwhile
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func keep[T any](all []T, wanted func(T) bool) (out []T) {
	for _, one := range all {
		if wanted(one) {
			out = append(out, one)
		}
	}
	return out
}

// deliverDue sends what is due, each channel's on its own, and says how long nothing else is.
func (m *Manager) deliverDue(ctx context.Context) (time.Duration, error) {
	waiting, err := m.Store.Notifications(ctx)
	if err != nil || len(waiting) == 0 {
		return tellEvery, err
	}
	channels, err := m.Store.Channels(ctx)
	if err != nil {
		return tellEvery, err
	}
	next := tellEvery
	for _, c := range channels {
		parts := keep(waiting, func(n model.Notification) bool { return n.ChannelID == c.ID })
		if len(parts) == 0 || !c.Enabled {
			continue
		}
		if due := c.DueAt(parts, m.pace).Sub(m.now()); due > 0 {
			next = min(next, due)
			continue
		}
		if m.claimChannel(c.ID) {
			m.loops.Add(1)
			go m.deliver(c.ID)
		}
	}
	return next, nil
}

// claimChannel says whether a message may go to a channel: one at a time.
func (m *Manager) claimChannel(id uuid.UUID) bool {
	m.claims.Lock()
	defer m.claims.Unlock()
	if m.sending[id] {
		return false
	}
	m.sending[id] = true
	return true
}

// deliver sends a claimed channel its next message, made of what waits now: what waited before the claim another message may
// have taken along.
func (m *Manager) deliver(id uuid.UUID) {
	defer m.loops.Done()
	defer func() {
		m.claims.Lock()
		delete(m.sending, id)
		m.claims.Unlock()
		select {
		case m.nudge <- struct{}{}:
		default:
		}
	}()
	c, parts, err := m.dueParts(m.base, id)
	if err == nil && len(parts) > 0 {
		err = m.recordSent(c, parts, m.send(c, parts))
	}
	m.logTelling("deliver a notification", err)
}

// dueParts is a channel with what is due to it, which may be nothing.
func (m *Manager) dueParts(ctx context.Context, id uuid.UUID) (model.Channel, []model.Notification, error) {
	c, err := m.Store.Channel(ctx, id)
	if errors.Is(err, model.ErrNotFound) { // it was deleted meanwhile
		return c, nil, nil
	}
	if err != nil {
		return c, nil, err
	}
	parts, err := m.Store.NotificationsFor(ctx, id)
	if err != nil || !c.Enabled || c.DueAt(parts, m.pace).After(m.now()) {
		return c, nil, err
	}
	return c, parts, nil
}

// recordSent records how a message went. When Keepstead stops meanwhile nothing is recorded: the message is sent again after
// the next start, rather than never.
func (m *Manager) recordSent(c model.Channel, parts []model.Notification, failed error) (err error) {
	ctx := context.WithoutCancel(m.base)
	var told *notify.Error
	switch {
	case m.base.Err() != nil && failed != nil:
		return nil
	case failed == nil:
		err = m.Store.RecordDelivery(ctx, c.ID, m.now(), partIDs(parts))
	default:
		reason := "Keepstead could not make the message. Its log has the details."
		if errors.As(failed, &told) {
			reason = told.Reason
		}
		m.logger.Warn("a notification was not delivered", "channel", c.Name, "error", failed)
		now := m.now()
		err = m.Store.RecordFailure(ctx, c.ID, now, now.Add(retryAfter(c.Attempts)), reason, now.Add(-model.GiveUpAfter))
	}
	m.publish(model.EventChannel, c.ID)
	return err
}

func partIDs(parts []model.Notification) []uuid.UUID {
	ids := make([]uuid.UUID, len(parts))
	for i, n := range parts {
		ids[i] = n.ID
	}
	return ids
}

// send words the parts and hands them over. A panic is a failure of this message alone.
func (m *Manager) send(c model.Channel, parts []model.Notification) (err error) {
	defer func() {
		if p := recover(); p != nil {
			m.logger.Error("a notification panicked", "channel", c.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	message, err := m.word(m.base, c, parts)
	if err != nil || message.Title == "" {
		return err
	}
	secrets, err := m.openChannel(c)
	if err != nil {
		return err
	}
	return m.sender.Send(m.base, c, secrets, message)
}

// word makes a message, plainly where there is no voice.
func (m *Manager) word(ctx context.Context, c model.Channel, parts []model.Notification) (model.Message, error) {
	if m.voice.Message != nil {
		return m.voice.Message(ctx, c, parts)
	}
	var lines []string
	for _, n := range parts {
		lines = append(lines, n.Text)
	}
	return model.Message{Title: parts[0].Title, Text: strings.Join(lines, "\n")}, nil
}

// retryAfter is the pause before the next attempt, after so many that failed before this one.
func retryAfter(attempts int) time.Duration {
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstRetry), backoff.WithMultiplier(2), backoff.WithMaxInterval(longestRetry),
		backoff.WithMaxElapsedTime(0), backoff.WithRandomizationFactor(0.1),
	)
	for range min(attempts, 20) {
		pauses.NextBackOff()
	}
	return pauses.NextBackOff()
}

// The weekly summary: when, in the server's zone, and where it is kept that one was made.
const (
	weeklySchedule = "0 8 * * 1"
	weeklyKey      = "notifications/weekly"
)

// tickWeekly queues the summary of a week once. The first one comes at the first slot after the first look.
func (m *Manager) tickWeekly(ctx context.Context) error {
	if m.voice.Summary == nil {
		return nil
	}
	text, err := m.Store.Setting(ctx, weeklyKey)
	if errors.Is(err, model.ErrNotFound) {
		return m.Store.SetSetting(ctx, weeklyKey, m.now().Format(time.RFC3339))
	}
	if err != nil {
		return err
	}
	since, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return m.Store.SetSetting(ctx, weeklyKey, m.now().Format(time.RFC3339))
	}
	cron, err := model.Policy{Schedule: weeklySchedule}.Cron()
	if err != nil {
		return err
	}
	slot := cron.LastMissed(since, m.now()).UTC()
	if slot.IsZero() {
		return nil
	}
	summary, err := m.voice.Summary(ctx)
	if err != nil {
		return err
	}
	if err := m.Store.TellAll(ctx, summary, weeklyKey, slot.Format(time.RFC3339)); err != nil {
		return err
	}
	m.publish(model.EventChannel, uuid.Nil)
	return nil
}

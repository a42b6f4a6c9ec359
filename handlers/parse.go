package handlers

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// form reads the body of a posted form.
func form[T any](c *fiber.Ctx) (T, error) {
	var f T
	if err := c.BodyParser(&f); err != nil {
		return f, fiber.NewError(fiber.StatusBadRequest, "This is not a form that Keepstead can read.")
	}
	return f, nil
}

// query reads the filter in the URL.
func query[T any](c *fiber.Ctx) (T, error) {
	var q T
	if err := c.QueryParser(&q); err != nil {
		return q, fiber.NewError(fiber.StatusBadRequest, "This address has a query that Keepstead cannot read.")
	}
	return q, nil
}

// optionalID reads an id from a form or a query; empty is the nil id, and so is what is no id when problems is nil.
func optionalID(problems *model.Invalids, field, text string) uuid.UUID {
	if text == "" {
		return uuid.Nil
	}
	id, err := uuid.Parse(text)
	if err != nil && problems != nil {
		problems.Add(field, "Choose one from the list.")
	}
	return id
}

// retention reads the numbers of a form.
func retention(problems *model.Invalids, f views.KeepForm) model.Retention {
	return model.Retention{
		KeepLast:    count(problems, "keep_last", f.Last),
		KeepHourly:  count(problems, "keep_hourly", f.Hourly),
		KeepDaily:   count(problems, "keep_daily", f.Daily),
		KeepWeekly:  count(problems, "keep_weekly", f.Weekly),
		KeepMonthly: count(problems, "keep_monthly", f.Monthly),
		KeepYearly:  count(problems, "keep_yearly", f.Yearly),
	}
}

func count(problems *model.Invalids, field, text string) int {
	if text = strings.TrimSpace(text); text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		problems.Add(field, "Use a whole number.")
	}
	return n
}

// day reads a date of a filter as its first moment in the page's zone; days later for the end of a span.
func day(zone *time.Location, field, text string, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return t, model.Invalid{Field: field, Reason: fmt.Sprintf("%q is not a date such as 2026-01-31.", text)}
	}
	return t.AddDate(0, 0, later), nil
}

// merge returns the form's own problems together with those of the call, or the call's other error.
func merge(problems model.Invalids, err error) error {
	if found := model.Refused(err); len(found) > 0 || err == nil {
		return append(problems, found...).Err()
	}
	return err
}

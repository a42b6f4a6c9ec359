package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

// getStatus counts the apps by how well they are protected; the verdict is the worst of them.
func (a *API) getStatus(c *fiber.Ctx) error {
	apps, err := a.Jobs.Overview(c.UserContext())
	if err != nil {
		return err
	}
	running, err := a.Store.RunningJobs(c.UserContext())
	if err != nil {
		return err
	}
	out := Status{
		Version: a.Version, Verdict: model.Protected, Apps: len(apps), Counts: map[string]int{},
		RunningJobs: len(running), Time: utc(a.now()),
	}
	for _, app := range apps {
		if app.LeftOut() { // somebody decided so
			out.Counts["left_out"]++
			continue
		}
		out.Counts[string(app.Status)]++
		if app.Status.Severity() > out.Verdict.Severity() {
			out.Verdict = app.Status
		}
	}
	return c.JSON(out)
}

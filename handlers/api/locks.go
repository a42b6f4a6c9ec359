package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

func (a *API) listLocks(c *fiber.Ctx) error {
	locks, err := a.Jobs.Locks(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	now := a.now()
	return c.JSON(LockList{Locks: mapped(locks, func(l model.Lock) Lock {
		return Lock{ID: l.ID, Host: l.Host, User: l.User, PID: l.PID, Since: utc(l.Since), Exclusive: l.Exclusive, Stale: l.Stale(now)}
	})})
}

func (a *API) removeLocks(c *fiber.Ctx) error {
	var in LockRemoval
	if err := decode(c, &in); err != nil {
		return err
	}
	removed, err := a.Jobs.RemoveLocks(c.UserContext(), pathID(c), in.Locks)
	if err != nil {
		return err
	}
	return c.JSON(LocksRemoved{Removed: removed})
}

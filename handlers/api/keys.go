package api

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/handlers/audit"
	"keepstead/model"
)

func (a *API) listKeys(c *fiber.Ctx) error {
	keys, err := a.Jobs.Keys(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return c.JSON(KeyList{Keys: mapped(keys, func(k model.RepositoryKey) Key {
		return Key{ID: k.ID, User: k.User, Host: k.Host, MadeAt: utc(k.Made), Current: k.Current}
	})})
}

func (a *API) addKey(c *fiber.Ctx) error {
	var in KeyCreate
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := a.Jobs.AddKey(c.UserContext(), pathID(c), model.OwnKey{Name: in.Name, Password: in.Password})
	if err != nil {
		return err
	}
	audit.AboutKey(c, id)
	return c.Status(fiber.StatusCreated).JSON(KeyAdded{ID: id})
}

func (a *API) removeKey(c *fiber.Ctx) error {
	var in KeyRemoval
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := a.Jobs.RemoveKey(c.UserContext(), pathID(c), in.Key); err != nil {
		return err
	}
	audit.AboutKey(c, in.Key)
	return c.SendStatus(fiber.StatusNoContent)
}

func (a *API) getKeys(c *fiber.Ctx) error {
	k, err := a.Jobs.OwnKeys(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(OwnKeys{Master: k.Master, MadeAt: utc(k.Made), Sealed: k.Sealed})
}

func (a *API) rotateKeys(c *fiber.Ctx) error {
	if err := a.Jobs.RotateDataKey(c.UserContext()); err != nil {
		return err
	}
	return a.getKeys(c)
}

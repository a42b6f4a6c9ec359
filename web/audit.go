package web

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/model"
)

// audit writes down what a request did, once its answer is there. It stands around record, which makes answers of errors.
func (s *server) audit(c *fiber.Ctx) error {
	if err := c.Next(); err != nil {
		return err
	}
	if act := actOf(c); act != silent {
		s.Trail.End(c, act)
	}
	return nil
}

// actOf is the word of the request's route. A request to the API without a valid token never comes as far as its route.
func actOf(c *fiber.Ctx) model.AuditAct {
	if _, known := auth.Who(c); isAPI(c) && !known {
		if c.Get(fiber.HeaderAuthorization) != "" || changes(c.Method()) {
			return model.ActUseToken
		}
		return silent
	}
	return acts[c.Method()+" "+c.Route().Path]
}

func changes(method string) bool {
	return method != fiber.MethodGet && method != fiber.MethodHead && method != fiber.MethodOptions
}

// silent is the word of a route that changes nothing and hands out nothing.
const silent model.AuditAct = ""

// acts has the word of every route that changes something, and of those that hand out what was saved. A test finds a
// changing route that has none.
var acts = map[string]model.AuditAct{
	"POST /setup":             model.ActSetUp,
	"POST /setup/destination": model.ActCreate,
	"POST /setup/apps":        model.ActSetUp,
	"POST /signin":            model.ActSignIn,
	"POST /signin/code":       model.ActSignIn,
	"POST /signout":           model.ActSignOut,

	"POST /backup":                             model.ActBackUp,
	"POST /apps":                               model.ActCreate,
	"POST /apps/discover":                      model.ActDiscover,
	"POST /apps/accept":                        model.ActAccept,
	"POST /apps/bulk":                          model.ActChange,
	"POST /apps/:id":                           model.ActChange,
	"POST /apps/:id/backup":                    model.ActBackUp,
	"POST /apps/:id/toggle":                    model.ActSwitch,
	"POST /apps/:id/accept":                    model.ActAccept,
	"POST /apps/:id/decline":                   model.ActDecline,
	"POST /apps/:id/capture":                   model.ActChange,
	"POST /apps/:id/binds":                     model.ActChange,
	"POST /apps/:id/configurations":            model.ActChange,
	"POST /apps/:id/forget":                    model.ActRemove,
	"POST /configurations/:id":                 model.ActChange,
	"POST /configurations/:id/preview":         silent,
	"POST /configurations/:id/backup":          model.ActBackUp,
	"POST /configurations/:id/unfreeze":        model.ActUnfreeze,
	"POST /configurations/:id/delete":          model.ActRemove,
	"POST /policies":                           model.ActCreate,
	"POST /policies/preview":                   silent,
	"POST /policies/:id":                       model.ActChange,
	"POST /policies/:id/preview":               silent,
	"POST /policies/:id/delete":                model.ActRemove,
	"POST /jobs/:id/cancel":                    model.ActCancel,
	"POST /jobs/:id/retry":                     model.ActRetry,
	"POST /destinations":                       model.ActCreate,
	"POST /destinations/test":                  model.ActTest,
	"POST /destinations/host-key":              silent, // asks a server for its key
	"POST /destinations/s3-rights":             silent,
	"POST /destinations/:id/edit":              model.ActChange,
	"POST /destinations/:id/edit/host-key":     silent,
	"POST /destinations/:id/test":              model.ActTest,
	"POST /destinations/:id/toggle":            model.ActSwitch,
	"POST /destinations/:id/check":             model.ActCheck,
	"POST /destinations/:id/prune":             model.ActPrune,
	"POST /destinations/:id/sync":              model.ActSync,
	"POST /destinations/:id/tamper":            model.ActTamper,
	"POST /destinations/:id/direct":            model.ActChange,
	"POST /destinations/:id/locks":             model.ActRemoveLocks,
	"POST /destinations/:id/remove":            model.ActRemove,
	"POST /destinations/:id/keys":              model.ActAddKey,
	"POST /destinations/:id/keys/rotate":       model.ActRotateKey,
	"POST /destinations/:id/keys/:hash/remove": model.ActRemoveKey,
	"POST /devices":                            model.ActCreate,
	"POST /devices/host-key":                   silent,
	"POST /devices/:id/edit":                   model.ActChange,
	"POST /devices/:id/edit/host-key":          silent,
	"POST /devices/:id/test":                   model.ActTest,
	"POST /devices/:id/host-key":               model.ActPinHostKey,
	"POST /devices/:id/remove":                 model.ActRemove,
	"POST /snapshots/:id/index":                model.ActIndex,
	"POST /snapshots/:id/restore":              model.ActRestore,
	"POST /snapshots/:id/restore/plan":         silent,
	"POST /snapshots/:id/forget":               model.ActRemove,
	"POST /snapshots/:id/download":             silent, // the download itself is written down
	"GET /downloads/:token":                    model.ActDownload,
	"GET /snapshots/:id/preview":               model.ActView,
	"GET /snapshots/:id/preview/image":         model.ActView,

	"POST /settings/password":                 model.ActChangePassword,
	"POST /settings/two-factor/start":         model.ActPrepareTwoFactor,
	"POST /settings/two-factor":               model.ActTwoFactorOn,
	"POST /settings/two-factor/codes":         model.ActRenewCodes,
	"POST /settings/two-factor/off":           model.ActTwoFactorOff,
	"POST /settings/users":                    model.ActCreate,
	"POST /settings/keys/rotate":              model.ActRotateKey,
	"POST /settings/notifications":            model.ActCreate,
	"POST /settings/notifications/test":       model.ActTest,
	"POST /settings/notifications/:id":        model.ActChange,
	"POST /settings/notifications/:id/test":   model.ActTest,
	"POST /settings/notifications/:id/toggle": model.ActSwitch,
	"POST /settings/notifications/:id/delete": model.ActRemove,
	"POST /settings/users/:id/remove":         model.ActRemove,
	"POST /settings/discovery":                model.ActChangeSettings,
	"POST /settings/theme":                    model.ActChangeLook,
	"POST /settings/appearance":               model.ActChangeLook,
	"POST /settings/recovery-kit":             model.ActTakeKit,
	"POST /settings/tokens":                   model.ActCreate,
	"POST /settings/tokens/:id/revoke":        model.ActRevoke,
	"POST /settings/sessions/others/revoke":   model.ActSignOutOther,
	"POST /settings/sessions/:hash/revoke":    model.ActSignOutOther,

	"POST /api/v1/backup/destinations/s3":               model.ActCreate,
	"POST /api/v1/backup/destinations/local":            model.ActCreate,
	"POST /api/v1/backup/destinations/sftp":             model.ActCreate,
	"POST /api/v1/backup/destinations/test":             model.ActTest,
	"PATCH /api/v1/backup/destinations/:id":             model.ActChange,
	"DELETE /api/v1/backup/destinations/:id":            model.ActRemove,
	"POST /api/v1/backup/destinations/:id/test":         model.ActTest,
	"POST /api/v1/backup/destinations/:id/check":        model.ActCheck,
	"POST /api/v1/backup/destinations/:id/prune":        model.ActPrune,
	"POST /api/v1/backup/destinations/:id/sync":         model.ActSync,
	"POST /api/v1/backup/destinations/:id/tamper":       model.ActTamper,
	"POST /api/v1/backup/destinations/:id/locks/remove": model.ActRemoveLocks,
	"POST /api/v1/backup/destinations/:id/keys":         model.ActAddKey,
	"POST /api/v1/backup/destinations/:id/keys/remove":  model.ActRemoveKey,
	"POST /api/v1/backup/destinations/:id/keys/rotate":  model.ActRotateKey,
	"POST /api/v1/keys/rotate":                          model.ActRotateKey,
	"POST /api/v1/notifications":                        model.ActCreate,
	"PATCH /api/v1/notifications/:id":                   model.ActChange,
	"DELETE /api/v1/notifications/:id":                  model.ActRemove,
	"POST /api/v1/notifications/:id/test":               model.ActTest,
	"POST /api/v1/backup/policies":                      model.ActCreate,
	"PUT /api/v1/backup/policies/:id":                   model.ActChange,
	"PATCH /api/v1/backup/policies/:id":                 model.ActChange,
	"DELETE /api/v1/backup/policies/:id":                model.ActRemove,
	"POST /api/v1/backup/configurations":                model.ActCreate,
	"PATCH /api/v1/backup/configurations/:id":           model.ActChange,
	"DELETE /api/v1/backup/configurations/:id":          model.ActRemove,
	"POST /api/v1/backup/configurations/:id/backup":     model.ActBackUp,
	"POST /api/v1/backup/configurations/:id/unfreeze":   model.ActUnfreeze,
	"DELETE /api/v1/backup/snapshots/:id":               model.ActRemove,
	"GET /api/v1/backup/snapshots/:id/files/content":    model.ActDownload,
	"POST /api/v1/backup/snapshots/:id/index":           model.ActIndex,
	"POST /api/v1/backup/snapshots/:id/restore":         model.ActRestore,
	"POST /api/v1/backup/snapshots/:id/restore/plan":    silent,
	"POST /api/v1/backup/discover":                      model.ActDiscover,
	"POST /api/v1/jobs/:id/cancel":                      model.ActCancel,
	"POST /api/v1/jobs/:id/retry":                       model.ActRetry,
	"PUT /api/v1/devices/:id":                           model.ActChange,
	"DELETE /api/v1/devices/:id":                        model.ActRemove,
	"POST /api/v1/devices/:id/test":                     model.ActTest,
	"POST /api/v1/apps":                                 model.ActCreate,
	"PUT /api/v1/apps/:id":                              model.ActChange,
	"DELETE /api/v1/apps/:id":                           model.ActRemove,
	"POST /api/v1/apps/:id/accept":                      model.ActAccept,
	"POST /api/v1/apps/:id/decline":                     model.ActDecline,
	"PATCH /api/v1/settings":                            model.ActChangeSettings,
}

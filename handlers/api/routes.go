package api

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

// route is one operation of the document and the method that answers it.
type route struct {
	method, path string
	handler      fiber.Handler
}

// key is the route as the document writes it: "GET /jobs/{id}".
func (r route) key() string { return r.method + " " + strings.ReplaceAll(r.path, ":id", "{id}") }

// routes lists every route under Base. All of them need a bearer token.
func (a *API) routes() []route { return slices.Concat(a.backups(), a.house(), a.keyRoutes()) }

// backups is what is kept, where, when, and the way back.
func (a *API) backups() []route {
	return []route{
		{"GET", "/backup/destinations", a.listDestinations},
		{"POST", "/backup/destinations/s3", a.createS3Destination},
		{"POST", "/backup/destinations/local", a.createLocalDestination},
		{"POST", "/backup/destinations/sftp", a.createSFTPDestination},
		{"POST", "/backup/destinations/test", a.testDestinationDraft},
		{"GET", "/backup/destinations/:id", a.getDestination},
		{"PATCH", "/backup/destinations/:id", a.changeDestination},
		{"DELETE", "/backup/destinations/:id", a.removeDestination},
		{"POST", "/backup/destinations/:id/test", a.testDestination},
		{"POST", "/backup/destinations/:id/check", a.maintain(model.JobCheck)},
		{"POST", "/backup/destinations/:id/prune", a.maintain(model.JobPrune)},
		{"POST", "/backup/destinations/:id/sync", a.maintain(model.JobSync)},
		{"POST", "/backup/destinations/:id/tamper", a.maintain(model.JobTamper)},
		{"GET", "/backup/destinations/:id/locks", a.listLocks},
		{"POST", "/backup/destinations/:id/locks/remove", a.removeLocks},

		{"GET", "/backup/policies", a.listPolicies},
		{"POST", "/backup/policies", a.createPolicy},
		{"GET", "/backup/policies/:id", a.getPolicy},
		{"PUT", "/backup/policies/:id", a.replacePolicy},
		{"PATCH", "/backup/policies/:id", a.changePolicy},
		{"DELETE", "/backup/policies/:id", a.deletePolicy},

		{"GET", "/backup/configurations", a.listConfigurations},
		{"POST", "/backup/configurations", a.createConfiguration},
		{"GET", "/backup/configurations/:id", a.getConfiguration},
		{"PATCH", "/backup/configurations/:id", a.changeConfiguration},
		{"DELETE", "/backup/configurations/:id", a.deleteConfiguration},
		{"POST", "/backup/configurations/:id/backup", a.startBackup},
		{"POST", "/backup/configurations/:id/unfreeze", a.unfreezeConfiguration},

		{"GET", "/backup/snapshots", a.listSnapshots},
		{"GET", "/backup/snapshots/:id", a.getSnapshot},
		{"DELETE", "/backup/snapshots/:id", a.forgetSnapshot},
		{"GET", "/backup/snapshots/:id/files", a.listFiles},
		{"GET", "/backup/snapshots/:id/files/content", a.fileContent},
		{"GET", "/backup/snapshots/:id/files/search", a.searchSnapshotFiles},
		{"POST", "/backup/snapshots/:id/index", a.indexSnapshot},
		{"GET", "/backup/snapshots/:id/compare", a.compareSnapshots},
		{"GET", "/backup/snapshots/:id/contents", a.getContents},
		{"POST", "/backup/snapshots/:id/restore", a.restoreSnapshot},
		{"POST", "/backup/snapshots/:id/restore/plan", a.planRestore},

		{"POST", "/backup/discover", a.discover},
	}
}

// house is the work, what it is done for, and Keepstead itself.
func (a *API) house() []route {
	return []route{
		{"GET", "/jobs", a.listJobs},
		{"GET", "/jobs/:id", a.getJob},
		{"GET", "/jobs/:id/log", a.getJobLog},
		{"POST", "/jobs/:id/cancel", a.cancelJob},
		{"POST", "/jobs/:id/retry", a.retryJob},

		{"GET", "/devices", a.listDevices},
		{"GET", "/devices/:id", a.getDevice},
		{"PUT", "/devices/:id", a.putDevice},
		{"DELETE", "/devices/:id", a.deleteDevice},
		{"POST", "/devices/:id/test", a.testDevice},

		{"GET", "/apps", a.listApps},
		{"POST", "/apps", a.createApp},
		{"GET", "/apps/:id", a.getApp},
		{"PUT", "/apps/:id", a.putApp},
		{"DELETE", "/apps/:id", a.forgetApp},
		{"GET", "/apps/:id/files/search", a.searchAppFiles},
		{"GET", "/apps/:id/files/versions", a.listFileVersions},
		{"POST", "/apps/:id/accept", a.acceptApp},
		{"POST", "/apps/:id/decline", a.declineApp},

		{"GET", "/notifications", a.listNotifications},
		{"POST", "/notifications", a.createNotification},
		{"GET", "/notifications/:id", a.getNotification},
		{"PATCH", "/notifications/:id", a.changeNotification},
		{"DELETE", "/notifications/:id", a.deleteNotification},
		{"POST", "/notifications/:id/test", a.testNotification},

		{"GET", "/settings", a.getSettings},
		{"PATCH", "/settings", a.changeSettings},

		{"GET", "/audit", a.listAuditEntries},
		{"GET", "/events", a.streamEvents},
		{"GET", "/status", a.getStatus},
		{"GET", "/openapi.json", a.getOpenAPI},
	}
}

// keyRoutes are about what opens repositories, and what seals the credentials in the database.
func (a *API) keyRoutes() []route {
	return []route{
		{"GET", "/backup/destinations/:id/keys", a.listKeys},
		{"POST", "/backup/destinations/:id/keys", a.addKey},
		{"POST", "/backup/destinations/:id/keys/remove", a.removeKey},
		{"POST", "/backup/destinations/:id/keys/rotate", a.maintain(model.JobRotate)},

		{"GET", "/keys", a.getKeys},
		{"POST", "/keys/rotate", a.rotateKeys},
	}
}

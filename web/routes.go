package web

import (
	"slices"

	"github.com/gofiber/fiber/v2"
)

// Route is one address of the server and who may use it.
type Route struct {
	Method, Path string
	Access       Access
	Handle       fiber.Handler
}

const get, post = fiber.MethodGet, fiber.MethodPost

// routes lists every address but the API's, which handlers/api registers under apiPrefix with the class Token.
func (s *server) routes() []Route {
	routes := slices.Concat(s.entrance(), s.house(), s.settings(), s.places(), s.snapshots())
	if s.Development {
		routes = append(routes, Route{get, "/_ui", Session, s.Pages.Design})
	}
	return routes
}

// entrance is what is there before somebody signed in, and the set-up that follows the first sign-in.
func (s *server) entrance() []Route {
	p := s.Pages
	return []Route{
		{get, "/healthz", Public, s.healthz},
		{get, "/readyz", Public, s.readyz},
		{get, "/static/*", Public, s.asset},
		{get, "/manifest.webmanifest", Public, s.manifest},

		{get, "/setup", Public, p.Setup},
		{post, "/setup", Public, p.CreateAdmin},
		{get, "/setup/destination", Session, p.SetupDestination},
		{post, "/setup/destination", Session, p.CreateFirstDestination},
		{get, "/setup/apps", Session, p.SetupApps},
		{post, "/setup/apps", Session, p.CreateFirstApp},
		{get, "/signin", Public, p.SignIn},
		{post, "/signin", Public, p.Enter},
		{get, "/signin/code", Public, p.SignInCode},
		{post, "/signin/code", Public, p.EnterCode},
		{post, "/signout", Session, p.SignOut},
	}
}

// house is what is protected and what is done for it, behind the sign-in.
func (s *server) house() []Route {
	p := s.Pages
	return []Route{
		{get, "/", Session, p.Home},
		{post, "/backup", Session, p.BackupAll},
		{get, "/go", Session, p.Go},

		{get, "/apps", Session, p.Apps},
		{post, "/apps", Session, p.CreateApp},
		{get, "/apps/new", Session, p.NewApp},
		{post, "/apps/discover", Session, p.Discover},
		{post, "/apps/accept", Session, p.AcceptApps},
		{post, "/apps/bulk", Session, p.BulkApps},
		{get, "/apps/:id", Session, p.App},
		{post, "/apps/:id", Session, p.ChangeApp},
		{post, "/apps/:id/backup", Session, p.BackupApp},
		{post, "/apps/:id/toggle", Session, p.ToggleApp},
		{post, "/apps/:id/accept", Session, p.AcceptApp},
		{post, "/apps/:id/decline", Session, p.DeclineApp},
		{post, "/apps/:id/capture", Session, p.ChangeCapture},
		{post, "/apps/:id/binds", Session, p.ChangeBind},
		{post, "/apps/:id/configurations", Session, p.CreateConfiguration},
		{get, "/apps/:id/files", Session, p.FindInApp},
		{get, "/apps/:id/files/versions", Session, p.FileVersions},
		{get, "/apps/:id/forget", Session, p.ConfirmForgetApp},
		{post, "/apps/:id/forget", Session, p.ForgetApp},
		{post, "/configurations/:id", Session, p.ChangeConfiguration},
		{post, "/configurations/:id/preview", Session, p.PreviewConfiguration},
		{post, "/configurations/:id/backup", Session, p.BackupConfiguration},
		{post, "/configurations/:id/unfreeze", Session, p.Unfreeze},
		{get, "/configurations/:id/delete", Session, p.ConfirmDeleteConfiguration},
		{post, "/configurations/:id/delete", Session, p.DeleteConfiguration},

		{get, "/policies", Session, p.Policies},
		{post, "/policies", Session, p.CreatePolicy},
		{get, "/policies/new", Session, p.NewPolicy},
		{post, "/policies/preview", Session, p.PreviewNewPolicy},
		{get, "/policies/:id", Session, p.Policy},
		{post, "/policies/:id", Session, p.ChangePolicy},
		{post, "/policies/:id/preview", Session, p.PreviewPolicy},
		{get, "/policies/:id/delete", Session, p.ConfirmDeletePolicy},
		{post, "/policies/:id/delete", Session, p.DeletePolicy},

		{get, "/activity", Session, p.Activity},
		{get, "/jobs/:id", Session, p.Job},
		{get, "/jobs/:id/log", Session, p.JobLog},
		{post, "/jobs/:id/cancel", Session, p.CancelJob},
		{post, "/jobs/:id/retry", Session, p.RetryJob},

		{get, "/live/:view", Session, p.Live},
		{get, "/live/:view/:id", Session, p.Live},
	}
}

// settings is who may use Keepstead, what tells of it, and what opens it.
func (s *server) settings() []Route {
	p := s.Pages
	return []Route{
		{get, "/settings", Session, p.Settings},
		{post, "/settings/password", Session, p.ChangePassword},
		{get, "/settings/two-factor", Session, p.TwoFactor},
		{post, "/settings/two-factor", Session, p.TurnOnTwoFactor},
		{post, "/settings/two-factor/start", Session, p.StartTwoFactor},
		{post, "/settings/two-factor/codes", Session, p.RenewRecoveryCodes},
		{post, "/settings/two-factor/off", Session, p.TurnOffTwoFactor},
		{post, "/settings/users", Session, p.CreateUser},
		{get, "/settings/users/:id/remove", Session, p.ConfirmRemoveUser},
		{post, "/settings/users/:id/remove", Session, p.RemoveUser},
		{post, "/settings/discovery", Session, p.SetDiscovery},
		{post, "/settings/theme", Session, p.SetTheme},
		{post, "/settings/appearance", Session, p.SetAppearance},
		{get, "/settings/notifications", Session, p.Notifications},
		{post, "/settings/notifications", Session, p.CreateNotification},
		{get, "/settings/notifications/new", Session, p.NewNotification},
		{post, "/settings/notifications/test", Session, p.TestNewNotification},
		{get, "/settings/notifications/:id", Session, p.EditNotification},
		{post, "/settings/notifications/:id", Session, p.ChangeNotification},
		{post, "/settings/notifications/:id/test", Session, p.TestNotification},
		{post, "/settings/notifications/:id/toggle", Session, p.ToggleNotification},
		{get, "/settings/notifications/:id/delete", Session, p.ConfirmDeleteNotification},
		{post, "/settings/notifications/:id/delete", Session, p.DeleteNotification},
		{get, "/settings/audit", Session, p.Audit},
		{get, "/reference", Session, p.APIReference},
		{get, "/settings/recovery-kit", Session, p.RecoveryKit},
		{post, "/settings/recovery-kit", Session, p.TakeRecoveryKit},
		{get, "/settings/keys", Session, p.OwnKeys},
		{post, "/settings/keys/rotate", Session, p.RotateDataKey},
		{post, "/settings/tokens", Session, p.CreateToken},
		{get, "/settings/tokens/:id/revoke", Session, p.ConfirmRevokeToken},
		{post, "/settings/tokens/:id/revoke", Session, p.RevokeToken},
		{post, "/settings/sessions/others/revoke", Session, p.RevokeOtherSessions},
		{post, "/settings/sessions/:hash/revoke", Session, p.RevokeSession},
	}
}

// places is where apps live and where backups go, behind the sign-in.
func (s *server) places() []Route {
	p := s.Pages
	return []Route{
		{get, "/destinations", Session, p.Destinations},
		{post, "/destinations", Session, p.CreateDestination},
		{get, "/destinations/new", Session, p.NewDestination},
		{post, "/destinations/test", Session, p.TestNewDestination},
		{post, "/destinations/host-key", Session, p.ScanNewSFTP},
		{post, "/destinations/s3-rights", Session, p.S3Rights},
		{get, "/destinations/:id", Session, p.Destination},
		{get, "/destinations/:id/edit", Session, p.EditDestination},
		{post, "/destinations/:id/edit", Session, p.ChangeDestination},
		{post, "/destinations/:id/edit/host-key", Session, p.ScanSFTP},
		{post, "/destinations/:id/test", Session, p.TestDestination},
		{post, "/destinations/:id/toggle", Session, p.ToggleDestination},
		{post, "/destinations/:id/check", Session, p.CheckDestination},
		{post, "/destinations/:id/prune", Session, p.PruneDestination},
		{post, "/destinations/:id/sync", Session, p.SyncDestination},
		{post, "/destinations/:id/tamper", Session, p.TamperDestination},
		{post, "/destinations/:id/direct", Session, p.DirectDestination},
		{get, "/destinations/:id/locks", Session, p.ConfirmRemoveLocks},
		{post, "/destinations/:id/locks", Session, p.RemoveLocks},
		{get, "/destinations/:id/keys", Session, p.DestinationKeys},
		{post, "/destinations/:id/keys", Session, p.AddKey},
		{post, "/destinations/:id/keys/rotate", Session, p.RotateKey},
		{get, "/destinations/:id/keys/:hash/remove", Session, p.ConfirmRemoveKey},
		{post, "/destinations/:id/keys/:hash/remove", Session, p.RemoveKey},
		{get, "/destinations/:id/remove", Session, p.ConfirmRemoveDestination},
		{post, "/destinations/:id/remove", Session, p.RemoveDestination},

		{get, "/devices", Session, p.Devices},
		{post, "/devices", Session, p.CreateDevice},
		{get, "/devices/new", Session, p.NewDevice},
		{post, "/devices/host-key", Session, p.ScanNewDevice},
		{get, "/devices/:id", Session, p.Device},
		{get, "/devices/:id/edit", Session, p.EditDevice},
		{post, "/devices/:id/edit", Session, p.ChangeDevice},
		{post, "/devices/:id/edit/host-key", Session, p.ScanDevice},
		{post, "/devices/:id/test", Session, p.TestDevice},
		{get, "/devices/:id/host-key", Session, p.DeviceHostKey},
		{post, "/devices/:id/host-key", Session, p.PinHostKey},
		{get, "/devices/:id/remove", Session, p.ConfirmRemoveDevice},
		{post, "/devices/:id/remove", Session, p.RemoveDevice},
	}
}

// snapshots is what was saved: its files, and the way back.
func (s *server) snapshots() []Route {
	p := s.Pages
	return []Route{
		{get, "/snapshots", Session, p.Snapshots},
		{get, "/snapshots/:id", Session, p.Snapshot},
		{get, "/snapshots/:id/contents", Session, p.SnapshotContents},
		{get, "/snapshots/:id/files", Session, p.SnapshotFiles},
		{get, "/snapshots/:id/search", Session, p.FindInSnapshot},
		{get, "/snapshots/:id/compare", Session, p.CompareSnapshots},
		{post, "/snapshots/:id/index", Session, p.IndexSnapshot},
		{get, "/snapshots/:id/restore", Session, p.RestoreForm},
		{post, "/snapshots/:id/restore", Session, p.Restore},
		{post, "/snapshots/:id/restore/plan", Session, p.PlanRestore},
		{get, "/snapshots/:id/forget", Session, p.ConfirmForgetSnapshot},
		{post, "/snapshots/:id/forget", Session, p.ForgetSnapshot},

		{post, "/snapshots/:id/download", Session, p.StartDownload},
		{get, "/downloads/:token", Session, p.Download},
		{get, "/snapshots/:id/preview", Session, p.Preview},
		{get, "/snapshots/:id/preview/image", Session, p.Picture},
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/config"
	"keepstead/device"
	"keepstead/events"
	"keepstead/handlers"
	"keepstead/handlers/api"
	"keepstead/handlers/audit"
	"keepstead/jobs"
	"keepstead/restic"
	"keepstead/static"
	"keepstead/store"
	"keepstead/web"
)

// How long each part has to end. Together they are below the fifteen seconds of a clean stop.
const (
	httpStop = 3 * time.Second
	jobsStop = 8 * time.Second
	killStop = 2 * time.Second
)

// serve builds Keepstead bottom-up, serves until ctx ends, and stops top-down by its defers.
func serve(ctx context.Context, cfg config.Config, out io.Writer) (err error) {
	log := logger(cfg)
	listener, err := listen(cfg.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the app closes it first
	program, err := findRestic(ctx, cfg.Restic)
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, cfg.Data, store.Options{Exclusive: true}, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	files, closeFiles := openIndex(ctx, cfg, log)
	defer closeFiles()
	box, err := openBox(ctx, cfg, st)
	if err != nil {
		return err
	}
	host := device.NewLocal(log)
	defer func() { err = errors.Join(err, host.Close()) }()
	hub := events.New()
	defer hub.Close()
	manager, err := jobs.New(jobs.Options{
		Store: st, Box: box, Hub: hub, Host: host, Restic: program, Dir: cfg.Data, Parallel: cfg.Parallel, Log: log,
		DockerSocket: cfg.DockerSocket, Version: config.Version(version), Index: files,
	})
	if err != nil {
		return err
	}
	guard, err := auth.New(st, log, auth.Options{PublicURL: cfg.PublicURL, Box: box, Sealing: manager.Sealing()})
	if err != nil {
		return err
	}
	if err := createAdmin(ctx, cfg, st, guard); err != nil {
		return err
	}
	app, err := site(ctx, cfg, parts{store: st, manager: manager, auth: guard, hub: hub, restic: program, log: log})
	if err != nil {
		return err
	}
	if err := manager.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopJobs(ctx, manager, host, log)) }()
	if err := announce(ctx, cfg, listener.Addr(), guard, out); err != nil {
		return err
	}
	go debug.FreeOSMemory() // reading the API's document leaves garbage that would stay resident while nothing happens
	log.Info("serving", "address", listener.Addr(), "data", cfg.Data, "version", config.Version(version))
	return listenUntil(ctx, app, listener, hub, log)
}

// parts are what the site is built from.
type parts struct {
	store   *store.Store
	manager *jobs.Manager
	auth    *auth.Auth
	hub     *events.Hub
	restic  string
	log     *slog.Logger
}

// site builds the pages, the API and the app around them.
func site(ctx context.Context, cfg config.Config, p parts) (*fiber.App, error) {
	files, err := static.Load()
	if err != nil {
		return nil, err
	}
	endpoints, err := api.New(api.Deps{Store: p.store, Jobs: p.manager, Hub: p.hub, Log: p.log, Version: config.Version(version)})
	if err != nil {
		return nil, err
	}
	pages := handlers.New(handlers.Options{
		Reference: endpoints.Reference(),
		Store:     p.store, Jobs: p.manager, Auth: p.auth, Hub: p.hub, Static: files, Log: p.log,
		Version: config.Version(version), DataDir: cfg.Data, PublicURL: cfg.PublicURL,
	})
	p.manager.Speak(pages.Voice())
	return web.New(ctx, web.Options{
		Proxies: cfg.TrustedProxies, Auth: p.auth, Pages: pages, API: endpoints, Static: files, Log: p.log, Trail: audit.New(p.store, p.log, nil),
		Development: !config.Released(config.Version(version)),
		Ready: []web.Check{
			{Name: "store", Test: p.store.Ping},
			{Name: "restic", Test: func(context.Context) error { _, err := exec.LookPath(p.restic); return err }},
			{Name: "scheduler", Test: func(context.Context) error {
				if !p.manager.Ready() {
					return errors.New("the scheduler does not run")
				}
				return nil
			}},
		},
	})
}

// listenUntil serves until ctx ends, then lets open requests end. The streams end first: they would outlast them.
func listenUntil(ctx context.Context, app *fiber.App, listener net.Listener, hub *events.Hub, log *slog.Logger) error {
	failed := make(chan error, 1)
	go func() { failed <- app.Listener(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping")
	hub.Close()
	if err := app.ShutdownWithTimeout(httpStop); err != nil {
		log.Warn("requests were cut off", "error", err)
	}
	return nil
}

// stopJobs interrupts what runs and records it. Children that do not end in time are killed, and their jobs are recorded
// before the store closes.
func stopJobs(ctx context.Context, manager *jobs.Manager, host *device.Local, log *slog.Logger) error {
	ctx = context.WithoutCancel(ctx)
	gentle, cancel := context.WithTimeout(ctx, jobsStop)
	defer cancel()
	err := manager.Stop(gentle)
	if err == nil {
		return nil
	}
	log.Warn("jobs are cut off", "error", err)
	last, cancel := context.WithTimeout(ctx, killStop)
	defer cancel()
	return errors.Join(host.Close(), manager.Stop(last))
}

func logger(cfg config.Config) *slog.Logger {
	o := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}

// listen takes the address before anything else is started.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s already; stop it, or choose another address with --listen", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}

// findRestic returns the restic to use: the one given, the one beside this program, or the one in the PATH.
func findRestic(ctx context.Context, given string) (string, error) {
	candidates := []string{given}
	if given == "" {
		candidates = []string{"restic"}
		if self, err := os.Executable(); err == nil {
			candidates = []string{filepath.Join(filepath.Dir(self), "restic"), "restic"}
		}
	}
	var err error
	for _, name := range candidates {
		var path string
		if path, err = exec.LookPath(name); err != nil {
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			return "", fmt.Errorf("find restic: %w", err)
		}
		return path, restic.CheckProgram(ctx, path)
	}
	return "", fmt.Errorf("restic is not there (%w); name it with --restic", err)
}

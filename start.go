package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"

	"keepstead/auth"
	"keepstead/config"
	"keepstead/index"
	"keepstead/model"
	"keepstead/secret"
	"keepstead/store"
)

// openBox opens the credentials of the database with the master key, and makes the first data key where there is none.
func openBox(ctx context.Context, cfg config.Config, st *store.Store) (*secret.Box, error) {
	master := masterKey(cfg)
	keys, err := st.DataKeys(ctx)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		key, err := secret.NewDataKey(master)
		if err != nil {
			return nil, err
		}
		if key, err = st.CreateDataKey(ctx, key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return secret.Open(master, keys)
}

// masterKey is what protects the data keys: a passphrase where one was given, else the key file.
func masterKey(cfg config.Config) secret.Master {
	if cfg.MasterPassphrase != "" {
		return secret.Passphrase(cfg.MasterPassphrase.Reveal())
	}
	return secret.File(keyFile(cfg))
}

func keyFile(cfg config.Config) string { return filepath.Join(cfg.Data, secret.FileName) }

// createAdmin makes the user admin at the first start when its password was given.
func createAdmin(ctx context.Context, cfg config.Config, st *store.Store, a *auth.Auth) error {
	first, err := a.NeedsSetup(ctx)
	if err != nil || !first || cfg.AdminPassword == "" {
		return err
	}
	admin, err := a.CreateUser(ctx, "admin", cfg.AdminPassword.Reveal())
	if err != nil {
		return fmt.Errorf("create the user admin with KEEPSTEAD_ADMIN_PASSWORD: %w", err)
	}
	return commanded(ctx, st, model.ActCreate, model.SubjectUser, admin.ID, admin.Name)
}

// announce says where Keepstead is, and at a first start how to set it up.
func announce(ctx context.Context, cfg config.Config, at net.Addr, a *auth.Auth, out io.Writer) error {
	url := cfg.PublicURL
	if url == "" {
		url = "http://" + reachable(at)
	}
	first, err := a.NeedsSetup(ctx)
	if err != nil {
		return err
	}
	if first {
		_, err = fmt.Fprintf(out, "Keepstead is running. Set it up here, once:\n\n  %s/setup?code=%s\n\n", url, a.SetupCode())
		return err
	}
	_, err = fmt.Fprintf(out, "Keepstead is running: %s\n", url)
	return err
}

// reachable is the address as this machine can call it: one that listens everywhere is on the loopback too.
func reachable(at net.Addr) string {
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return at.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// openIndex opens the index of files. Without one Keepstead works, and asks repositories each time: no backup waits for
// an index.
func openIndex(ctx context.Context, cfg config.Config, log *slog.Logger) (files *index.Index, done func()) {
	files, err := index.Open(ctx, cfg.Data, index.Options{Limit: cfg.IndexSize}, log)
	if err != nil {
		log.Error("files cannot be searched, and folders of snapshots open slowly", "error", err)
		return nil, func() {}
	}
	return files, func() {
		if err := files.Close(); err != nil {
			log.Warn("close the index of files", "error", err)
		}
	}
}

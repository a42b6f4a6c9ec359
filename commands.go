package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"

	"github.com/google/uuid"

	"keepstead/auth"
	"keepstead/config"
	"keepstead/device"
	"keepstead/events"
	"keepstead/jobs"
	"keepstead/model"
	"keepstead/store"
)

// withAuth opens the store beside a server that may be running, does one thing, and closes it.
func withAuth(ctx context.Context, cfg config.Config, do func(*store.Store, *auth.Auth) error) error {
	return withStore(ctx, cfg, store.Options{}, func(st *store.Store) error {
		a, err := auth.New(st, slog.New(slog.DiscardHandler), auth.Options{})
		if err != nil {
			return err
		}
		return do(st, a)
	})
}

// withStore opens the store, does one thing, and closes it.
func withStore(ctx context.Context, cfg config.Config, o store.Options, do func(*store.Store) error) (err error) {
	st, err := store.Open(ctx, cfg.Data, o, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return do(st)
}

// known refuses a folder that no Keepstead has used, for commands about what must be there: a mistyped --data would
// make an empty database and look in that.
func known(cfg config.Config) error {
	if _, err := os.Stat(filepath.Join(cfg.Data, "keepstead.db")); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no Keepstead in %s; give its data folder with --data", cfg.Data)
	}
	return nil
}

// commanded has the audit log tell what somebody at this machine's command line did, by the system's name for them.
func commanded(ctx context.Context, st *store.Store, act model.AuditAct, kind model.SubjectKind, id uuid.UUID, name string) error {
	who := os.Getenv("SUDO_USER")
	if who == "" {
		if u, err := user.Current(); err == nil {
			who = u.Username
		}
	}
	return st.CreateAuditEntry(ctx, model.AuditEntry{
		ActorKind: model.ActorCommand, Actor: who, Act: act, SubjectKind: kind, SubjectID: id, SubjectName: name, Outcome: model.AuditDone,
	})
}

// createToken makes an API token and prints it alone, for a script to take.
func createToken(ctx context.Context, cfg config.Config, out io.Writer) error {
	return withAuth(ctx, cfg, func(st *store.Store, a *auth.Auth) error {
		token, made, err := a.CreateToken(ctx, cfg.Name)
		if err != nil {
			return err
		}
		if err := commanded(ctx, st, model.ActCreate, model.SubjectToken, made.ID, made.Name); err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, token)
		return err
	})
}

// resetPassword sets a user's password and signs the user out everywhere. A made-up password is printed alone.
func resetPassword(ctx context.Context, cfg config.Config, out io.Writer) error {
	if err := known(cfg); err != nil {
		return err
	}
	return withAuth(ctx, cfg, func(st *store.Store, a *auth.Auth) error {
		password, made, err := cfg.AskPassword(os.Stdin, os.Stderr)
		if err != nil {
			return err
		}
		changed, err := a.ResetPassword(ctx, cfg.Name, password)
		if errors.Is(err, model.ErrNotFound) {
			return fmt.Errorf("there is no user named %q", cfg.Name)
		}
		if err != nil {
			return err
		}
		if made {
			_, err = fmt.Fprintln(out, password)
		}
		return errors.Join(err, commanded(ctx, st, model.ActResetPassword, model.SubjectUser, changed.ID, changed.Name))
	})
}

// resetTwoFactor has a user's password be enough again, and signs the user out everywhere.
func resetTwoFactor(ctx context.Context, cfg config.Config, out io.Writer) error {
	if err := known(cfg); err != nil {
		return err
	}
	return withAuth(ctx, cfg, func(st *store.Store, a *auth.Auth) error {
		changed, err := a.ResetTwoFactor(ctx, cfg.Name)
		if errors.Is(err, model.ErrNotFound) {
			return fmt.Errorf("there is no user named %q", cfg.Name)
		}
		if err != nil {
			return err
		}
		if err := commanded(ctx, st, model.ActResetTwoFactor, model.SubjectUser, changed.ID, changed.Name); err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, "two-factor is off for", changed.Name)
		return err
	})
}

// showPassword prints the password of a destination's repository alone, for the owner's safe.
func showPassword(ctx context.Context, cfg config.Config, out io.Writer) error {
	if err := known(cfg); err != nil {
		return err
	}
	return withAuth(ctx, cfg, func(st *store.Store, _ *auth.Auth) error {
		box, err := openBox(ctx, cfg, st)
		if err != nil {
			return err
		}
		log := slog.New(slog.DiscardHandler)
		host := device.NewLocal(log)
		defer func() { _ = host.Close() }()
		manager, err := jobs.New(jobs.Options{Store: st, Box: box, Hub: events.New(), Host: host, Dir: cfg.Data, Log: log})
		if err != nil {
			return err
		}
		all, err := st.Destinations(ctx)
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.Name != cfg.Name {
				continue
			}
			password, err := manager.RepositoryPassword(d)
			if err != nil {
				return err
			}
			if err := commanded(ctx, st, model.ActShowPassword, model.SubjectDestination, d.ID, d.Name); err != nil {
				return err
			}
			_, err = fmt.Fprintln(out, password)
			return err
		}
		return fmt.Errorf("there is no destination named %q", cfg.Name)
	})
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"

	"keepstead/config"
	"keepstead/jobs"
	"keepstead/model"
	"keepstead/secret"
	"keepstead/store"
)

// withBox opens the store for this process alone, with what opens its credentials, does one thing, and closes it. A server
// that runs would go on with the old keys, so it is refused then.
func withBox(ctx context.Context, cfg config.Config, do func(*store.Store, *secret.Box) error) error {
	if err := known(cfg); err != nil {
		return err
	}
	return withStore(ctx, cfg, store.Options{Exclusive: true}, func(st *store.Store) error {
		box, err := openBox(ctx, cfg, st)
		if err != nil {
			return err
		}
		return do(st, box)
	})
}

// rotateDataKey seals all credentials with a new data key.
func rotateDataKey(ctx context.Context, cfg config.Config, out io.Writer) error {
	return withBox(ctx, cfg, func(st *store.Store, box *secret.Box) error {
		key, next, err := box.Next()
		if err != nil {
			return err
		}
		if err := jobs.ReplaceDataKey(ctx, st, box, key, next); err != nil {
			return err
		}
		if err := commanded(ctx, st, model.ActRotateKey, "", uuid.Nil, ""); err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, "All credentials are sealed with a new data key.")
		return err
	})
}

// changeMaster protects the database with a new key file or a passphrase. The data key is a new one as well: who has the old
// master key and a copy of the database has the old data key.
func changeMaster(ctx context.Context, cfg config.Config, out io.Writer) error {
	return withBox(ctx, cfg, func(st *store.Store, box *secret.Box) error {
		master, err := nextMaster(cfg)
		if err != nil {
			return err
		}
		key, next, err := secret.Next(master)
		if err != nil {
			return err
		}
		if err := jobs.ReplaceDataKey(ctx, st, box, key, next); err != nil {
			return err
		}
		if err := commanded(ctx, st, model.ActChangeMaster, "", uuid.Nil, ""); err != nil {
			return err
		}
		if cfg.ToPassphrase {
			return tell(out, "The passphrase protects the database now. Start Keepstead with it in KEEPSTEAD_MASTER_PASSPHRASE or KEEPSTEAD_MASTER_PASSPHRASE_FILE.", leftFile(cfg))
		}
		old, err := secret.SettleFile(keyFile(cfg))
		if err != nil {
			return err
		}
		return tell(out, "The new key file "+keyFile(cfg)+" protects the database now. Start Keepstead without a master passphrase.", old)
	})
}

func nextMaster(cfg config.Config) (secret.Master, error) {
	if !cfg.ToPassphrase {
		return secret.NextFile(keyFile(cfg))
	}
	text, err := cfg.AskNewMaster(os.Stdin, os.Stderr)
	return secret.Passphrase(text), err
}

// leftFile is the key file that a passphrase has made needless; empty where there is none.
func leftFile(cfg config.Config) string {
	if _, err := os.Stat(keyFile(cfg)); err != nil {
		return ""
	}
	return keyFile(cfg)
}

// tell says what was done, and what became of the key file from before.
func tell(out io.Writer, done, old string) error {
	if old != "" {
		done += "\nThe key from before is in " + old + ". Copies of the database from before open with it alone: delete it when you keep none."
	}
	_, err := fmt.Fprintln(out, done)
	return err
}

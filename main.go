// Keepstead keeps a homelab's applications backed up with restic: a dashboard, a JSON API, a scheduler and a job runner
// in one program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"keepstead/config"
)

// version is stamped by the build; see config.Version.
var version string

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "keepstead: %v\n", err)
		os.Exit(1)
	}
}

// run does what args say until it is done or a signal ends it.
func run(ctx context.Context, args []string, out io.Writer) error {
	cfg, err := config.Parse(args, os.LookupEnv, out)
	if errors.Is(err, config.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGHUP) // a closed terminal is no reason to break off a backup
	switch cfg.Command {
	case config.Serve:
		return serve(ctx, cfg, out)
	case config.TokenCreate:
		return createToken(ctx, cfg, out)
	case config.UserResetPassword:
		return resetPassword(ctx, cfg, out)
	case config.UserResetTwoFactor:
		return resetTwoFactor(ctx, cfg, out)
	case config.DestinationPassword:
		return showPassword(ctx, cfg, out)
	case config.KeyRotate:
		return rotateDataKey(ctx, cfg, out)
	case config.KeyChangeMaster:
		return changeMaster(ctx, cfg, out)
	case config.ShowVersion:
		_, err := fmt.Fprintln(out, config.Version(version))
		return err
	}
	return fmt.Errorf("there is no command %q", cfg.Command)
}

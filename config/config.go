// Package config turns flags and environment into one Config. A flag beats its environment variable; secrets are taken
// from the environment only, so that they are in no process list.
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"
)

// ErrHelp says that help was asked for and has been printed; there is nothing more to do.
var ErrHelp = errors.New("help was printed")

// Command is what the program was told to do.
type Command string

// The commands.
const (
	Serve               Command = "serve"
	TokenCreate         Command = "token create"
	UserResetPassword   Command = "user reset-password"
	UserResetTwoFactor  Command = "user reset-two-factor"
	DestinationPassword Command = "destination password"
	KeyRotate           Command = "key rotate"
	KeyChangeMaster     Command = "key change-master"
	ShowVersion         Command = "version"
)

// Config is all that is set from outside.
type Config struct {
	Command Command
	Name    string // of the token, user or destination that the command is about
	Data    string // absolute path of the data directory

	Listen         string // host:port
	Restic         string // path of the restic binary; empty means: look for it
	LogFormat      string // text or json
	LogLevel       slog.Level
	Parallel       int    // jobs at once
	IndexSize      int64  // bytes that the index of files may take
	DockerSocket   string // of this machine's container engine; empty when it is switched off
	TrustedProxies []netip.Prefix
	PublicURL      string // without a slash at its end; empty when not given

	AdminPassword    Hidden // of the user admin, made at the first start
	MasterPassphrase Hidden // empty means that the master key is in a file
	NewPassword      Hidden // for user reset-password

	ToPassphrase        bool   // key change-master: a passphrase protects the database afterwards, else a new key file
	NewMasterPassphrase Hidden // for key change-master
}

// cli is the command line as kong reads it.
type cli struct {
	Data string `help:"Directory that holds all of Keepstead's data (KEEPSTEAD_DATA)." default:"./data" placeholder:"DIR"`

	Serve struct {
		Listen       string   `help:"Address to listen on (KEEPSTEAD_LISTEN)." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
		Restic       string   `help:"The restic to use, if not the one that came along (KEEPSTEAD_RESTIC)." placeholder:"PATH"`
		LogFormat    string   `help:"Lines as text or json (KEEPSTEAD_LOG_FORMAT)." default:"text" enum:"text,json"`
		LogLevel     string   `help:"Least level that is logged: debug, info, warn or error (KEEPSTEAD_LOG_LEVEL)." default:"info" enum:"debug,info,warn,error"`
		Parallel     int      `help:"Jobs to run at once; 0 fits the machine (KEEPSTEAD_PARALLEL)." default:"0" placeholder:"N"`
		IndexSize    int      `help:"MiB that the index of files may take; when it is full, the oldest snapshots are left out (KEEPSTEAD_INDEX_SIZE)." default:"2048" placeholder:"MIB"`
		DockerSocket string   `help:"Socket of the container engine, or off (KEEPSTEAD_DOCKER_SOCKET)." default:"/var/run/docker.sock" placeholder:"PATH"`
		TrustedProxy []string `help:"Address or network of a reverse proxy whose X-Forwarded headers are believed; may be repeated (KEEPSTEAD_TRUSTED_PROXY)." placeholder:"CIDR"`
		PublicURL    string   `name:"public-url" help:"Address under which browsers reach Keepstead (KEEPSTEAD_PUBLIC_URL)." placeholder:"URL"`
	} `cmd:"" help:"Run Keepstead: pages, API, schedule and jobs."`

	Token struct {
		Create struct {
			Name string `arg:"" help:"What the token is for."`
		} `cmd:"" help:"Make an API token and print it; it is not shown again."`
	} `cmd:"" help:"API tokens."`

	User struct {
		ResetPassword struct {
			Name string `arg:"" help:"The user."`
		} `cmd:"" name:"reset-password" help:"Set a new password, from KEEPSTEAD_NEW_PASSWORD or standard input; without one, make one up and print it."`
		ResetTwoFactor struct {
			Name string `arg:"" help:"The user."`
		} `cmd:"" name:"reset-two-factor" help:"Turn two-factor off for somebody who lost the app and the recovery codes, and sign them out everywhere."`
	} `cmd:"" help:"Users."`

	Destination struct {
		Password struct {
			Name string `arg:"" help:"The destination."`
		} `cmd:"" help:"Print the password of a destination's restic repository."`
	} `cmd:"" help:"Destinations."`

	Key struct {
		Rotate       struct{} `cmd:"" help:"Seal all credentials in the database with a new data key. Keepstead must not be running; while it runs, Settings does this."`
		ChangeMaster struct {
			To string `arg:"" enum:"file,passphrase" help:"file: a new key file; passphrase: that of KEEPSTEAD_NEW_MASTER_PASSPHRASE, KEEPSTEAD_NEW_MASTER_PASSPHRASE_FILE or standard input."`
		} `cmd:"" name:"change-master" help:"Protect the database with a new master key, and seal all credentials with a new data key. Keepstead must not be running."`
	} `cmd:"" help:"Keepstead's own keys."`

	Version struct{} `cmd:"" help:"Print the version."`
}

// Parse reads args (without the program's name) and the environment. Help goes to out and gives ErrHelp.
func Parse(args []string, env func(string) (string, bool), out io.Writer) (Config, error) {
	var c cli
	helped := false
	parser, err := kong.New(
		&c,
		kong.Name("keepstead"),
		kong.Description("Backups of a homelab with restic: dashboard, API and scheduler in one program."),
		kong.Writers(out, out),
		kong.Exit(func(int) { helped = true }),
		kong.Resolvers(environment(env)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return Config{}, fmt.Errorf("read the command line: %w", err)
	}
	ctx, err := parser.Parse(args)
	if helped {
		return Config{}, ErrHelp
	}
	if err != nil {
		return Config{}, fmt.Errorf("read the command line: %w", err)
	}
	return c.config(ctx.Command(), env)
}

// environment resolves a flag from its variable: --log-format from KEEPSTEAD_LOG_FORMAT. An empty variable counts as
// absent, since compose files pass those.
func environment(env func(string) (string, bool)) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		name := "KEEPSTEAD_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if v, ok := env(name); ok && v != "" {
			return v, nil
		}
		return nil, nil
	})
}

func (c cli) config(command string, env func(string) (string, bool)) (Config, error) {
	command, _, _ = strings.Cut(command, " <")
	out := Config{
		Command: Command(command), Restic: c.Serve.Restic, LogFormat: c.Serve.LogFormat, Parallel: c.Serve.Parallel,
		ToPassphrase: c.Key.ChangeMaster.To == "passphrase",
		Name:         c.Token.Create.Name + c.User.ResetPassword.Name + c.User.ResetTwoFactor.Name + c.Destination.Password.Name,
	}
	var errs []error
	check := func(err error) { errs = append(errs, err) }
	var err error
	if strings.TrimSpace(c.Data) == "" {
		check(errors.New("--data: name a directory"))
	}
	out.Data, err = filepath.Abs(c.Data)
	check(err)
	check(out.LogLevel.UnmarshalText([]byte(c.Serve.LogLevel)))
	out.Listen, err = listen(c.Serve.Listen)
	check(err)
	out.TrustedProxies, err = prefixes(c.Serve.TrustedProxy)
	check(err)
	out.PublicURL, err = publicURL(c.Serve.PublicURL)
	check(err)
	switch {
	case out.Parallel < 0 || out.Parallel > maxParallel:
		check(fmt.Errorf("--parallel: %d is not between 1 and %d", out.Parallel, maxParallel))
	case out.Parallel == 0:
		out.Parallel = min(max(runtime.NumCPU(), 3), 4) // with three, two may share a repository and one is left for others
	}
	if out.IndexSize = int64(c.Serve.IndexSize) << 20; c.Serve.IndexSize < minIndexSize {
		check(fmt.Errorf("--index-size: %d MiB is too small; give it %d or more", c.Serve.IndexSize, minIndexSize))
	}
	out.DockerSocket, err = dockerSocket(c.Serve.DockerSocket)
	check(err)
	check(out.secrets(env))
	return out, errors.Join(errs...)
}

const (
	maxParallel  = 64
	minIndexSize = 16 // MiB
)

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func environ(pairs map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := pairs[name]
		return v, ok
	}
}

func parse(args string, env map[string]string) (Config, error) {
	return Parse(strings.Fields(args), environ(env), io.Discard)
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := parse("serve", nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := filepath.Abs("data")
	if err != nil {
		t.Fatal(err)
	}
	if c.Command != Serve || c.Listen != "127.0.0.1:8080" || c.Data != data || c.LogFormat != "text" || c.LogLevel != slog.LevelInfo ||
		c.Parallel < 2 || c.Restic != "" || c.PublicURL != "" || len(c.TrustedProxies) != 0 || c.MasterPassphrase != "" {
		t.Errorf("defaults are %+v", c)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args string
		env  map[string]string
		want func(Config) bool
	}{
		{"serve --listen :80", nil, func(c Config) bool { return c.Listen == ":80" }},
		{"serve --listen [::1]:0", nil, func(c Config) bool { return c.Listen == "[::1]:0" }},
		{"serve", map[string]string{"KEEPSTEAD_LISTEN": "0.0.0.0:9"}, func(c Config) bool { return c.Listen == "0.0.0.0:9" }},
		{"serve --listen :1", map[string]string{"KEEPSTEAD_LISTEN": ":2"}, func(c Config) bool { return c.Listen == ":1" }},
		{"serve", map[string]string{"KEEPSTEAD_LISTEN": ""}, func(c Config) bool { return c.Listen == "127.0.0.1:8080" }},
		{"serve --data /x/y", nil, func(c Config) bool { return c.Data == "/x/y" }},
		{"--data /x/y token create platform", nil, func(c Config) bool {
			return c.Command == TokenCreate && c.Name == "platform" && c.Data == "/x/y"
		}},
		{"token create --data /x/y platform", nil, func(c Config) bool { return c.Name == "platform" && c.Data == "/x/y" }},
		{"token create platform", map[string]string{"KEEPSTEAD_DATA": "/e"}, func(c Config) bool { return c.Data == "/e" }},
		{"user reset-two-factor admin", nil, func(c Config) bool { return c.Command == UserResetTwoFactor && c.Name == "admin" }},
		{"user reset-password admin", map[string]string{"KEEPSTEAD_NEW_PASSWORD": "n"}, func(c Config) bool {
			return c.Command == UserResetPassword && c.Name == "admin" && c.NewPassword.Reveal() == "n"
		}},
		{"destination password nas", nil, func(c Config) bool { return c.Command == DestinationPassword && c.Name == "nas" }},
		{"version", nil, func(c Config) bool { return c.Command == ShowVersion }},
		{"serve --restic /bin/restic --log-format json --log-level debug --parallel 7", nil, func(c Config) bool {
			return c.Restic == "/bin/restic" && c.LogFormat == "json" && c.LogLevel == slog.LevelDebug && c.Parallel == 7
		}},
		{"serve", map[string]string{
			"KEEPSTEAD_RESTIC": "/r", "KEEPSTEAD_LOG_FORMAT": "json", "KEEPSTEAD_LOG_LEVEL": "error", "KEEPSTEAD_PARALLEL": "3",
			"KEEPSTEAD_TRUSTED_PROXY": "10.0.0.1,172.18.0.0/16", "KEEPSTEAD_PUBLIC_URL": "https://b.example.org/",
		}, func(c Config) bool {
			return c.Restic == "/r" && c.LogFormat == "json" && c.LogLevel == slog.LevelError && c.Parallel == 3 &&
				fmt.Sprint(c.TrustedProxies) == "[10.0.0.1/32 172.18.0.0/16]" && c.PublicURL == "https://b.example.org"
		}},
		{"serve --trusted-proxy 10.1.2.3/8 --trusted-proxy ::1", nil, func(c Config) bool {
			return fmt.Sprint(c.TrustedProxies) == "[10.0.0.0/8 ::1/128]"
		}},
		{"serve", map[string]string{"KEEPSTEAD_ADMIN_PASSWORD": "a", "KEEPSTEAD_MASTER_PASSPHRASE": "m"}, func(c Config) bool {
			return c.AdminPassword.Reveal() == "a" && c.MasterPassphrase.Reveal() == "m"
		}},
	} {
		t.Run(tc.args+fmt.Sprint(tc.env), func(t *testing.T) {
			t.Parallel()
			c, err := parse(tc.args, tc.env)
			if err != nil {
				t.Fatal(err)
			}
			if !tc.want(c) {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args string
		env  map[string]string
		want string
	}{
		{"", nil, "serve"},
		{"dance", nil, "dance"},
		{"serve --listen 8080", nil, "--listen"},
		{"serve --listen 127.0.0.1:http", nil, "--listen"},
		{"serve --listen 127.0.0.1:70000", nil, "--listen"},
		{"serve --listen http://127.0.0.1:80", nil, "--listen"},
		{"serve --log-format xml", nil, "--log-format"},
		{"serve --log-level loud", nil, "--log-level"},
		{"serve --parallel 0x", nil, "--parallel"},
		{"serve --parallel -1", nil, "--parallel"},
		{"serve --parallel 1000", nil, "--parallel"},
		{"serve --index-size 1", nil, "--index-size"},
		{"serve --trusted-proxy nginx", nil, "--trusted-proxy"},
		{"serve --public-url backup.example.org", nil, "--public-url"},
		{"serve --public-url https://user:pw@x", nil, "--public-url"},
		{"serve --public-url https://x/sub/path", nil, "--public-url"},
		{"serve", map[string]string{"KEEPSTEAD_PARALLEL": "many"}, "parallel"},
		{"serve", map[string]string{"KEEPSTEAD_LISTEN": "nowhere"}, "--listen"},
		{"serve --admin-password x", nil, "--admin-password"},
		{"token create", nil, "name"},
		{"token create a b", nil, "b"},
		{"serve", map[string]string{"KEEPSTEAD_MASTER_PASSPHRASE": "hunter2", "KEEPSTEAD_MASTER_PASSPHRASE_FILE": "/x"}, "not both"},
		{"serve", map[string]string{"KEEPSTEAD_MASTER_PASSPHRASE_FILE": "/does/not/exist"}, "/does/not/exist"},
		{"serve", map[string]string{"KEEPSTEAD_MASTER_PASSPHRASE_FILE": empty}, "no passphrase"},
	} {
		t.Run(tc.args+fmt.Sprint(tc.env), func(t *testing.T) {
			t.Parallel()
			_, err := parse(tc.args, tc.env)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one about %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
}

func TestPassphraseFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "phrase")
	if err := os.WriteFile(path, []byte(" correct horse \r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := parse("serve", map[string]string{"KEEPSTEAD_MASTER_PASSPHRASE_FILE": path})
	if err != nil || c.MasterPassphrase.Reveal() != " correct horse " {
		t.Errorf("passphrase is %q, %v", c.MasterPassphrase.Reveal(), err)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	_, err := Parse([]string{"serve", "--help"}, environ(nil), &out)
	if !errors.Is(err, ErrHelp) {
		t.Fatalf("error is %v", err)
	}
	for _, want := range []string{"--listen", "KEEPSTEAD_PUBLIC_URL", "--data"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the help does not name %s:\n%s", want, out.String())
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	c := Config{AdminPassword: "hunter2", MasterPassphrase: "hunter2", NewPassword: "hunter2"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", c, "one", c.AdminPassword)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v %x", c, c, c.NewPassword), log.String()} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("a secret is printed: %s", text)
		}
	}
}

func TestAskPassword(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, env, in, want string
		made                bool
	}{
		{"from the environment", "from env", "from stdin\n", "from env", false},
		{"from standard input", "", "pass word \n", "pass word ", false},
		{"without a line break", "", "password", "password", false},
		{"an empty line", "", "\n", "", true},
		{"nothing", "", "", "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			if _, err := w.WriteString(tc.in); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			got, made, err := Config{NewPassword: Hidden(tc.env)}.AskPassword(r, io.Discard)
			if err != nil || made != tc.made || !made && got != tc.want || made && len(got) < 20 {
				t.Errorf("password is %q, made %v, %v", got, made, err)
			}
		})
	}
}

func TestReleased(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"v1.2.3": true, "1.2.3": true, "v1.2.3-rc.1": true, "v1.2.3-4-g01234ab": false, "v1.2.3-dirty": false,
		"01234ab": false, "01234ab-dirty": false, "dev": false, "dev-0123456789ab": false, "unknown": false, "": false,
	} {
		if got := Released(version); got != want {
			t.Errorf("Released(%q) is %t", version, got)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if got := Version("v1.2.3"); got != "v1.2.3" {
		t.Errorf("version is %q", got)
	}
	if Version("") == "" {
		t.Error("a build without a stamp has no version")
	}
}

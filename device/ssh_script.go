package device

import (
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// searchPath is where programs are looked for on a machine: the login's own environment is not used.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin:/snap/bin"

// mostSecrets is how many descriptors a shell has to give: 3 to 9.
const mostSecrets = 7

// ticksToEnd is how many ticks without a sign of Keepstead end a program.
const ticksToEnd = 6

// nameable is a variable's name that a shell can set.
var nameable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

var errNUL = errors.New("a NUL byte cannot be passed on")

// group makes one group of commands of a script, so that a shell that reads it from its input reads all of it first.
func group(script string) string { return "{\n" + script + "\nexit\n}\n" }

// launch is the launcher for a command.
func launch(cmd Cmd, nonce string, giveUp time.Duration) (string, error) {
	if len(cmd.Secrets) > mostSecrets {
		return "", fmt.Errorf("%d secrets are more than the %d that a shell can pass on", len(cmd.Secrets), mostSecrets)
	}
	names, secrets := paths{}, ""
	for i, s := range cmd.Secrets {
		names["{fd:"+s.Name+"}"] = fmt.Sprintf("/proc/self/fd/%d", 3+i)
		secrets += sealThere(s, 3+i, nonce)
	}
	args := make([]string, len(cmd.Args))
	for i, a := range cmd.Args {
		args[i] = names.inArg(a)
	}
	env, err := exports(names.inEnv(cmd.Env))
	if err != nil {
		return "", err
	}
	dir := cmd.Dir
	if dir == "" {
		dir = "/"
	}
	if strings.ContainsRune(strings.Join(args, "")+cmd.Path+dir, 0) {
		return "", errNUL
	}
	ram := ""
	if secrets != "" {
		ram = findRAM
	}
	return group(fill(launcher, giveUp, cmd.Grace, map[string]string{
		"nonce": nonce, "input": flag(cmd.Stdin != nil), "secrets": secrets, "env": env, "ram": ram,
		"args": quoteAll(args), "prog": Quote(cmd.Path), "dir": Quote(dir),
	})), nil
}

// fill puts values into a script. One pass: what looks like a place in a value stays as it is.
func fill(script string, giveUp, grace time.Duration, values map[string]string) string {
	if grace <= 0 {
		grace = DefaultGrace
	}
	seconds := func(d time.Duration) string { return strconv.Itoa(max(1, int(d.Seconds()))) }
	pairs := []string{
		"{path}", searchPath, "{grace}", seconds(grace), "{ticks}", strconv.Itoa(ticksToEnd),
		"{tick}", seconds(giveUp * 3 / ticksToEnd),
	}
	for name, value := range values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(script)
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// findRAM looks for a file system in memory for secrets. A later mount hides an earlier one.
const findRAM = `
ram=
for f in /dev/shm "/run/user/$(id -u)" /run /tmp; do
	[ -z "$ram" ] || break
	while read -r _ place kind _; do
		if [ "$place" = "$f" ]; then case $kind in tmpfs | ramfs) ram=$f ;; *) ram= ;; esac; fi
	done </proc/mounts
	[ -w "$ram" ] || ram=
done
[ -n "$ram" ] || no tool:/dev/shm
`

// sealThere are the lines that give a program a secret as a descriptor. Its file is in memory and loses its name while
// it is still empty, so nobody else can open it and nothing is left of it; the program opens it as often as it likes.
func sealThere(s Secret, fd int, nonce string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `
	f=$ram/.keepstead-%s-%d
	(umask 077; set -C; : >"$f") && exec %d<>"$f" && rm -f "$f" || exit 125
`, nonce, fd, fd)
	const line = 1 << 10
	for content := s.Content; len(content) > 0; content = content[min(line, len(content)):] {
		fmt.Fprintf(&b, "\tprintf %%b '%s' >&%d || exit 125\n", octal(content[:min(line, len(content))]), fd)
	}
	return b.String()
}

// octal writes bytes in the way that %b of printf reads in every shell.
func octal(content []byte) string {
	var b strings.Builder
	for _, c := range content {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '.' || c == '_' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\0%03o`, c)
		}
	}
	return b.String()
}

// Quote makes one word of a shell out of any text without NUL.
func Quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

func quoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// exports are the lines of a shell that make the environment.
func exports(env []string) (string, error) {
	var b strings.Builder
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if !nameable.MatchString(name) {
			return "", fmt.Errorf("the variable %q cannot be set by a shell", name)
		}
		if strings.ContainsRune(value, 0) {
			return "", fmt.Errorf("the variable %s: %w", name, errNUL)
		}
		fmt.Fprintf(&b, "\texport %s=%s\n", name, Quote(value))
	}
	return b.String(), nil
}

// newNonce is a word that no login prints by chance.
func newNonce() string { return "keepstead" + rand.Text() }

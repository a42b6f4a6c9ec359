package device

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	pathpkg "path"
	"strconv"
	"strings"
	"time"
)

// findRestic prints the version of the restic in PATH and where it is, the machine, and the folder for ours: the first
// that can be made for this user alone, from which programs may be run, and which has room or ours already.
const findRestic = `
umask 077
home=$(getent passwd "$(id -un)" 2>/dev/null | cut -d: -f6)
[ -n "$home" ] || home=$(awk -F: -v n="$(id -un)" '$1 == n { print $6 }' /etc/passwd)
printf '%s\n' "$(uname -m)"
found=$(command -v restic) && printf 'own %s %s\n' "$(restic version 2>/dev/null | cut -d ' ' -f 2)" "$found"
for dir in "$home/.cache" /var/tmp /tmp "/run/user/$(id -u)"; do
	[ -d "${dir%/*}" ] || continue
	case $dir in
	*/.cache) dir=$dir/keepstead ;;
	*) dir=$dir/keepstead-$(id -u) ;;
	esac
	mkdir -p "$dir" 2>/dev/null && [ -O "$dir" ] && [ ! -L "$dir" ] && chmod 0700 "$dir" || continue
	room=$(df -kP "$dir" 2>/dev/null | tail -n 1 | { read -r _ _ _ free _; echo "$free"; })
	[ "${room:-0}" -ge 65536 ] || ls "$dir"/restic-* >/dev/null 2>&1 || continue
	probe=$dir/.probe$$
	printf '#!/bin/sh\nexit 0\n' >"$probe" && chmod 0700 "$probe" && "$probe" 2>/dev/null && good=$dir || good=
	rm -f "$probe"
	[ -z "$good" ] || { printf 'dir %s\n' "$good"; exit 0; }
done
`

// resticPlace is what findRestic found.
type resticPlace struct {
	arch, own, ownVersion, dir string
}

func (s *SSH) resticPlace(ctx context.Context) (p resticPlace, err error) {
	said, err := s.ask(ctx, findRestic, s.config.Sudo)
	if err != nil {
		return p, err
	}
	machine, rest, _ := strings.Cut(said, "\n")
	p.arch = goArch(machine)
	for line := range strings.Lines(rest) {
		line = strings.TrimSuffix(line, "\n")
		if own, ok := strings.CutPrefix(line, "own "); ok {
			p.ownVersion, p.own, _ = strings.Cut(own, " ")
		}
		if dir, ok := strings.CutPrefix(line, "dir "); ok {
			p.dir = dir
		}
	}
	return p, nil
}

// Restic is a restic program on a machine.
type Restic struct {
	Path, Version string
	Dir           string // the folder there for Keepstead's own files, which only the user of commands enters; empty where none can be made
}

// checkedRestic is our restic on a machine as it was when its hash was computed.
type checkedRestic struct {
	Restic
	local string // our own copy of it
	stamp string // that copy's, then
	mark  string // what markRestic printed then
	at    time.Time
}

// trust is how long a file's mark stands for its hash. The kernel sets the time in it, at every change of the file.
const trust = 24 * time.Hour

// markRestic prints what differs after the file in f was changed, replaced or moved; nothing where that cannot be told.
const markRestic = `stat -c '%d %i %s %f %u %Y %z' "$f" 2>/dev/null || :`

// ProvideRestic returns a restic on the machine that fits this Keepstead. It is ours where local names one for the
// machine's architecture, put there once and checked by its hash; else the machine's own where that is 0.17.1 or newer.
func (s *SSH) ProvideRestic(ctx context.Context, local func(arch string) (path string, err error)) (Restic, error) {
	s.mu.Lock()
	before := s.restic
	s.mu.Unlock()
	if s.stands(ctx, before) {
		return before.Restic, nil
	}
	p, err := s.resticPlace(ctx)
	if err != nil {
		return Restic{}, err
	}
	name, missing := local(p.arch)
	if missing == nil && p.dir != "" {
		placed, err := s.placeRestic(ctx, name, p.dir)
		if err == nil || !recentRestic(p.ownVersion) {
			return placed, err
		}
		s.log.Warn("use a machine's own restic, since ours cannot be put there", "machine", s.config.Address, "error", err)
	}
	switch {
	case recentRestic(p.ownVersion):
		return Restic{Path: p.own, Version: p.ownVersion, Dir: p.dir}, nil
	case missing != nil:
		return Restic{}, fmt.Errorf("there is no restic for %s (%s): %w", s.config.Address, p.arch, missing)
	}
	return Restic{}, &SSHError{
		State: StateNoExec, Message: fmt.Sprintf("no folder on %s may hold a program of %s", s.config.Address, s.config.User),
		Mend: "Home, /var/tmp and /tmp are full or mounted with noexec: change one of them, or install restic 0.17.1 or newer there.",
	}
}

// recentRestic says whether a version is one whose options and messages are understood.
func recentRestic(version string) bool {
	var major, minor, patch int
	if n, _ := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); n != 3 {
		return false
	}
	return major > 0 || minor > 17 || minor == 17 && patch >= 1
}

// stands says whether the restic that was checked before is there still, unchanged, and still the one to use.
func (s *SSH) stands(ctx context.Context, k checkedRestic) bool {
	if k.mark == "" || time.Since(k.at) > trust || stamp(k.local) != k.stamp {
		return false
	}
	mark, err := s.ask(ctx, "f="+Quote(k.Path)+"\n"+markRestic, s.config.Sudo)
	return err == nil && strings.TrimSpace(mark) == k.mark
}

// stamp is what differs after a file of this machine was changed or replaced.
func stamp(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(info.Size(), info.ModTime())
}

// placeRestic makes sure that our restic is in the folder dir of the machine. Its name has its hash, and the hash is
// computed there too, so that neither a transfer that broke off nor somebody's change goes unseen.
func (s *SSH) placeRestic(ctx context.Context, name, dir string) (Restic, error) {
	ours := checkedRestic{local: name, stamp: stamp(name)}
	file, err := os.Open(name)
	if err != nil {
		return Restic{}, fmt.Errorf("open our restic: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return Restic{}, fmt.Errorf("read our restic: %w", err)
	}
	hash := hex.EncodeToString(sum.Sum(nil))
	ours.Path, ours.Dir = pathpkg.Join(dir, "restic-"+hash), dir
	placed, err := s.checkRestic(ctx, ours, hash)
	var known *SSHError
	if err == nil || errors.As(err, &known) || ctx.Err() != nil {
		return placed, err
	}
	if err := s.uploadRestic(ctx, file, size, ours.Path); err != nil {
		return Restic{}, fmt.Errorf("put restic on %s: %w", s.config.Address, err)
	}
	if placed, err = s.checkRestic(ctx, ours, hash); err != nil {
		return Restic{}, fmt.Errorf("check the restic put on %s: %w", s.config.Address, err)
	}
	// One that another Keepstead put there later may be in use; older ones of ours go when theirs are not.
	_, err = s.ask(ctx, fmt.Sprintf("find %s -maxdepth 1 -name 'restic-*' ! -name %s -mtime +30 -exec rm -f {} +; true", Quote(dir), Quote("restic-"+hash)), s.config.Sudo)
	return placed, err
}

// checkRestic computes the hash there, asks the program for its version and remembers it. The mark is that of the file
// whose hash it was.
func (s *SSH) checkRestic(ctx context.Context, ours checkedRestic, hash string) (Restic, error) {
	said, err := s.ask(ctx, fmt.Sprintf(`
f=%s
[ -f "$f" ] || exit 3
touch "$f" && chmod 0700 "$f" || exit 5
%s
{ sha256sum "$f" 2>/dev/null || busybox sha256sum "$f" 2>/dev/null || openssl dgst -sha256 -r "$f" 2>/dev/null; } | grep -q ^%s || exit 4
"$f" version`, Quote(ours.Path), markRestic, hash), s.config.Sudo)
	if err != nil {
		return Restic{}, err
	}
	said = strings.TrimSpace(said)
	if mark, rest, ok := strings.Cut(said, "\n"); ok {
		ours.mark, said = mark, rest
	}
	fields := strings.Fields(said)
	if len(fields) < 2 || fields[0] != "restic" {
		return Restic{}, fmt.Errorf("%s says %.60q and not its version", ours.Path, said)
	}
	ours.Version, ours.at = fields[1], time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restic = ours
	return ours.Restic, nil
}

// uploadRestic brings the program over the session's input, since a machine need not serve files.
func (s *SSH) uploadRestic(ctx context.Context, file io.ReadSeeker, size int64, remotePath string) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var said strings.Builder
	err := s.Run(ctx, Cmd{
		Path: "/bin/sh", Env: []string{"PATH=" + searchPath}, Stdin: file, Stream: true, Stderr: &said,
		Args: []string{"-c", `umask 077; t=$1.$$; cat >"$t" && [ "$(wc -c <"$t")" -eq "$2" ] && chmod 0700 "$t" && mv "$t" "$1" || { rm -f "$t"; exit 1; }`, "sh", remotePath, strconv.FormatInt(size, 10)},
	})
	var exit *ExitError
	if errors.As(err, &exit) && said.Len() > 0 {
		return &wordsError{words: strings.TrimSpace(said.String()), err: err}
	}
	return err
}

// RemoveRestic removes our restic and its cache from the machine.
func (s *SSH) RemoveRestic(ctx context.Context) error {
	_, err := s.ask(ctx, `
home=$(getent passwd "$(id -un)" 2>/dev/null | cut -d: -f6)
[ -n "$home" ] || home=$(awk -F: -v n="$(id -un)" '$1 == n { print $6 }' /etc/passwd)
for dir in "$home/.cache/keepstead" "/var/tmp/keepstead-$(id -u)" "/tmp/keepstead-$(id -u)" "/run/user/$(id -u)/keepstead-$(id -u)"; do
	[ -O "$dir" ] && [ ! -L "$dir" ] || continue
	rm -rf "$dir" || exit 1
done`, s.config.Sudo)
	if err != nil {
		return fmt.Errorf("remove restic from %s: %w", s.config.Address, err)
	}
	return nil
}

package device

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// seal writes content to a memory file that nobody can change any more.
func seal(s Secret) (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(s.Name, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // kernels before 6.3 do not know MFD_NOEXEC_SEAL
		fd, err = unix.MemfdCreate(s.Name, flags)
	}
	if err != nil {
		return nil, fmt.Errorf("make a memory file for %s: %w", s.Name, err)
	}
	f := os.NewFile(uintptr(fd), s.Name)
	if _, err = f.Write(s.Content); err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS,
			unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("seal the memory file for %s: %w", s.Name, err), f.Close())
	}
	return f, nil
}

// sealAll makes a memory file for each secret, and the paths they have in a child whose descriptor first is the first
// of them.
func sealAll(secrets []Secret, first int) ([]*os.File, paths, error) {
	var files []*os.File
	names := paths{}
	for i, s := range secrets {
		f, err := seal(s)
		if err != nil {
			return nil, nil, errors.Join(err, closeAll(files))
		}
		files = append(files, f)
		names["{fd:"+s.Name+"}"] = fmt.Sprintf("/proc/self/fd/%d", first+i)
	}
	return files, names, nil
}

func closeAll(files []*os.File) error {
	var all []error
	for _, f := range files {
		all = append(all, f.Close())
	}
	return errors.Join(all...)
}

// paths are what the child opens for each {fd:NAME}. Only a whole word is replaced: file names that merely look like
// one stay as they are.
type paths map[string]string

// inArg replaces an argument that is a {fd:NAME}, or an option's value that is one, as in --file={fd:NAME}.
func (p paths) inArg(arg string) string {
	if path, ok := p[arg]; ok {
		return path
	}
	option, value, found := strings.Cut(arg, "=")
	if path, ok := p[value]; ok && found && strings.HasPrefix(option, "-") {
		return option + "=" + path
	}
	return arg
}

// inEnv replaces the values of an environment.
func (p paths) inEnv(env []string) []string {
	out := make([]string, len(env))
	for i, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if path, ok := p[value]; ok {
			pair = name + "=" + path
		}
		out[i] = pair
	}
	return out
}

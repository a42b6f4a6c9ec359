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

// sealAll makes a memory file for each secret, and the replacements of {fd:NAME} when the first becomes descriptor
// first of the child.
func sealAll(secrets []Secret, first int) ([]*os.File, *strings.Replacer, error) {
	var files []*os.File
	var pairs []string
	for i, s := range secrets {
		f, err := seal(s)
		if err != nil {
			return nil, nil, errors.Join(err, closeAll(files))
		}
		files = append(files, f)
		pairs = append(pairs, "{fd:"+s.Name+"}", fmt.Sprintf("/proc/self/fd/%d", first+i))
	}
	return files, strings.NewReplacer(pairs...), nil
}

func closeAll(files []*os.File) error {
	var all []error
	for _, f := range files {
		all = append(all, f.Close())
	}
	return errors.Join(all...)
}

// replaceValues puts the paths of secrets into the values of an environment; names stay as they are.
func replaceValues(env []string, r *strings.Replacer) []string {
	out := make([]string, len(env))
	for i, pair := range env {
		name, value, found := strings.Cut(pair, "=")
		if found {
			pair = name + "=" + r.Replace(value)
		}
		out[i] = pair
	}
	return out
}

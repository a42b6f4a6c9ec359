package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// machineUser is one line of a machine's /etc/passwd.
type machineUser struct {
	name, shell string
	uid         int
}

// oddShell is a login shell that takes a command apart at blanks and knows nothing else.
const oddShell = `#!/usr/bin/perl
die "no login here\n" unless @ARGV == 2 && $ARGV[0] eq "-c";
print "Welcome to a shell that talks.\n" unless $ARGV[1] =~ /sftp/;
exec split(" ", $ARGV[1]) or die "odd: $!\n";
`

func machineUsers() []machineUser {
	users := []machineUser{{"root", "/bin/bash", 0}}
	for i, name := range []string{"sudoer", "plain", "odd", "nofwd", "noexec", "small", "expired", "nologin", "noshell", "sftponly"} {
		shell := map[string]string{"odd": "/etc/ssh/oddshell", "nologin": "/usr/sbin/nologin", "noshell": "/etc/ssh/nothing", "plain": "/bin/bash"}[name]
		if shell == "" {
			shell = "/bin/sh"
		}
		users = append(users, machineUser{name, shell, 2001 + i})
	}
	return users
}

// writeFiles writes the machine's own part of /etc and makes its folders, all below dir.
func (m *Machine) writeFiles(dir string, o MachineOptions) error {
	hash, err := hashPassword(MachinePassword)
	if err != nil {
		return err
	}
	key, public, err := makeKey()
	if err != nil {
		return err
	}
	hostKey, hostPublic, err := makeKey()
	if err != nil {
		return err
	}
	m.Key, m.HostKey, m.slot.disk = key, hostPublic, dir
	var passwd, shadow, group strings.Builder
	group.WriteString("nogroup:x:65534:\n")
	fmt.Fprintf(&passwd, "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n")
	for _, u := range machineUsers() {
		home, changed := "/home/"+u.name, "19000"
		if u.uid == 0 {
			home = "/root"
		}
		if u.name == "expired" {
			changed = "0"
		}
		fmt.Fprintf(&passwd, "%s:x:%d:%d::%s:%s\n", u.name, u.uid, u.uid, home, u.shell)
		fmt.Fprintf(&shadow, "%s:%s:%s:0:99999:7:::\n", u.name, hash, changed)
		fmt.Fprintf(&group, "%s:x:%d:\n", u.name, u.uid)
		place := filepath.Join(dir, home)
		if err := os.MkdirAll(place, 0o755); err != nil {
			return err
		}
		if err := os.Chown(place, u.uid, u.uid); err != nil {
			return err
		}
	}
	sudoers := o.Sudoers
	if sudoers == "" {
		sudoers = "root ALL=(ALL:ALL) ALL\nsudoer ALL=(ALL:ALL) NOPASSWD: ALL\nodd ALL=(ALL:ALL) NOPASSWD: ALL\n"
	}
	files := []struct {
		name, content string
		mode          os.FileMode
	}{
		{"etc/passwd", passwd.String(), 0o644},
		{"etc/shadow", shadow.String(), 0o600},
		{"etc/group", group.String(), 0o644},
		{"etc/sudoers", "Defaults use_pty, env_reset, secure_path=\"/usr/sbin:/usr/bin:/sbin:/bin\"\n" + sudoers, 0o440},
		{"etc/hostname", m.Name() + "\n", 0o644},
		{"etc/hosts", "127.0.0.1 localhost " + m.Name() + "\n", 0o644},
		{"etc/ssh/oddshell", oddShell, 0o755},
		{"etc/ssh/host_key", string(hostKey), 0o600},
		{"etc/ssh/authorized", public + "\n", 0o644},
		{"etc/ssh/sshd_config", m.sshdConfig(o), 0o644},
		{"binds", bindLines(o.Bind), 0o644},
	}
	for _, f := range files {
		name := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(f.content), f.mode); err != nil {
			return err
		}
		if err := os.Chmod(name, f.mode); err != nil { // past the umask
			return err
		}
	}
	return os.Chmod(dir, 0o755)
}

// Name is the machine's host name.
func (m *Machine) Name() string { return fmt.Sprintf("machine%d", m.slot.number) }

func (m *Machine) sshdConfig(o MachineOptions) string {
	return `Port 22
ListenAddress ` + m.Address + `
HostKey /etc/ssh/host_key
PidFile none
UsePAM no
UseDNS no
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/authorized
MaxStartups 100
LoginGraceTime 20
LogLevel VERBOSE
Subsystem sftp /usr/lib/openssh/sftp-server
` + o.Sshd + `
Match User nofwd
	DisableForwarding yes
Match User sftponly
	ChrootDirectory /srv/sftp
	ForceCommand internal-sftp ` + o.Sftp + `
	DisableForwarding yes
`
}

func bindLines(binds map[string]string) string {
	var lines strings.Builder
	for there, here := range binds {
		fmt.Fprintf(&lines, "%s\t%s\n", here, there)
	}
	return lines.String()
}

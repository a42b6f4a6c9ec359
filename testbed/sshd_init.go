package testbed

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// machineScript is the first process of a machine's namespaces: when it ends, the kernel kills all others in it.
const machineScript = `
set -eu
dir=$1 link=$2 address=$3 gateway=$4 mtu=$5 name=$6
read -r _ # the link is here
mount --make-rprivate /
mount -t proc proc /proc
hostname "$name" 2>/dev/null || echo "$name" >/proc/sys/kernel/hostname
while IFS=$'\t' read -r here there; do
	[ -e "$here" ] || { echo "nothing to bind at $here"; exit 1; }
done <"$dir/binds"
# What binds stand for is kept in reach while the folders above it are covered.
n=0
mkdir -p "$dir/kept"
while IFS=$'\t' read -r here there; do
	n=$((n + 1))
	if [ -d "$here" ]; then mkdir -p "$dir/kept/$n"; else : >"$dir/kept/$n"; fi
	mount --rbind "$here" "$dir/kept/$n"
done <"$dir/binds"
for file in passwd shadow group sudoers hostname hosts; do mount --bind "$dir/etc/$file" "/etc/$file"; done
mkdir -p "$dir/srv/sftp/data" "$dir/mnt"
chown sftponly: "$dir/srv/sftp/data"
mount --bind "$dir/etc/ssh" /etc/ssh
for place in home root srv mnt; do mount --bind "$dir/$place" "/$place"; done
chmod 0700 /root
mount -t tmpfs -o size=1m,mode=0700,uid=$(id -u small),gid=$(id -g small) none /home/small
mount -t tmpfs -o noexec,mode=0700,uid=$(id -u noexec),gid=$(id -g noexec) none /home/noexec
mount -t tmpfs -o mode=1777 none /dev/shm
mount -t tmpfs -o mode=0755 none /run
mount -t tmpfs -o mode=1777 none /var/tmp
mkdir -p /run/sshd /run/lock
exec 9<"$dir/kept"
cp "$dir/binds" /run/.binds
mount -t tmpfs -o mode=1777 none /tmp
n=0
while IFS=$'\t' read -r here there; do
	n=$((n + 1))
	if [ -d "/proc/self/fd/9/$n" ]; then mkdir -p "$there"; else mkdir -p "$(dirname "$there")"; [ -e "$there" ] || : >"$there"; fi
	mount --rbind "/proc/self/fd/9/$n" "$there"
done </run/.binds
rm /run/.binds
exec 9<&-
mount -o remount,bind,ro /
ip link set lo up
ip link set "$link" mtu "$mtu" up
ip address add "$address" peer "$gateway" dev "$link"
ip route add default via "$gateway"
/usr/sbin/sshd -D -e -f /etc/ssh/sshd_config &
wait
`

// machineInit is the running machineScript of a machine.
type machineInit struct {
	process *os.Process
	exited  chan struct{}
}

func startMachine(s *machineSlot, l *link, address, gateway string, mtu int) (*machineInit, error) {
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	in, ready, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = ready.Close() }()
	cmd := exec.Command("bash", "-c", machineScript, "init", s.disk, l.far, address, gateway, strconv.Itoa(mtu), fmt.Sprintf("machine%d", s.number))
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS}
	cmd.ExtraFiles = []*os.File{s.lock} // the place is taken until the last process of the machine has gone
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, log, log
	i := &machineInit{}
	i.exited, err = Start(cmd)
	_ = in.Close()
	if err != nil {
		return nil, fmt.Errorf("start the machine's first process: %w", err)
	}
	i.process = cmd.Process
	if err := l.move(i.process.Pid); err != nil {
		i.close()
		return nil, err
	}
	if _, err := ready.WriteString("ready\n"); err != nil {
		i.close()
		return nil, err
	}
	return i, nil
}

func (i *machineInit) root() string { return fmt.Sprintf("/proc/%d/root", i.process.Pid) }

// command is a command in all of the machine's namespaces.
func (i *machineInit) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program("nsenter"), append([]string{"-a", "-t", strconv.Itoa(i.process.Pid)}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	return cmd
}

func (i *machineInit) close() {
	_ = i.process.Kill()
	<-i.exited
}

// machineSlots is how many machines may be at once, whoever's tests they are.
const machineSlots = 200

// machineSlot is one machine's place: the addresses that no other has, and a folder at a short path. A lock says that
// it is taken. What a killed test leaves in it is a log.
type machineSlot struct {
	number int
	lock   *os.File
	dir    string // of the log
	disk   string // what the machine's folders are
}

func takeMachineSlot(t testing.TB) *machineSlot {
	t.Helper()
	for n := range machineSlots {
		dir := filepath.Join(slotDir, "machine"+strconv.Itoa(n))
		check(t, os.MkdirAll(dir, 0o700))
		lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
		check(t, err)
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return &machineSlot{number: n, lock: lock, dir: dir}
		}
		check(t, lock.Close())
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			t.Fatalf("take a place for a machine: %v", err)
		}
	}
	t.Fatalf("no place for a machine is free in %s", slotDir)
	return nil
}

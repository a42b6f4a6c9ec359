package model

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const pemKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"

func TestValidateDevice(t *testing.T) {
	t.Parallel()
	id := NewID()
	local := Device{ID: id, Name: "Here", Kind: DeviceLocal}
	remote := Device{ID: id, Name: "NAS", Kind: DeviceSSH, Address: "nas.lan", SSHUser: "root"}
	for _, c := range []struct {
		name  string
		of    Device
		bend  func(*Device)
		field string
	}{
		{"local", local, func(*Device) {}, ""},
		{"local without a name", local, func(d *Device) { d.Name = "" }, "name"},
		{"local with an address", local, func(d *Device) { d.Address = "nas" }, "address"},
		{"local with a user", local, func(d *Device) { d.SSHUser = "root" }, "address"},
		{"local through another", local, func(d *Device) { d.JumpDeviceID = NewID() }, "address"},
		{"another kind", local, func(d *Device) { d.Kind = "telnet" }, "kind"},
		{"over SSH", remote, func(*Device) {}, ""},
		{"an IPv4 address", remote, func(d *Device) { d.Address = "192.168.1.20" }, ""},
		{"an IPv6 address", remote, func(d *Device) { d.Address = "fe80::1%eth0" }, ""},
		{"a name of one letter", remote, func(d *Device) { d.Address = "x" }, ""},
		{"a name with a dot at its end", remote, func(d *Device) { d.Address = "nas.lan." }, ""},
		{"no address", remote, func(d *Device) { d.Address = "" }, "address"},
		{"an option for an address", remote, func(d *Device) { d.Address = "-oProxyCommand=touch /tmp/x" }, "address"},
		{"a space in the address", remote, func(d *Device) { d.Address = "nas lan" }, "address"},
		{"a line break in the address", remote, func(d *Device) { d.Address = "nas\n" }, "address"},
		{"a user in the address", remote, func(d *Device) { d.Address = "root@nas" }, "address"},
		{"a port in the address", remote, func(d *Device) { d.Address = "nas:22" }, "address"},
		{"two dots", remote, func(d *Device) { d.Address = "nas..lan" }, "address"},
		{"a long address", remote, func(d *Device) { d.Address = strings.Repeat("a", 254) }, "address"},
		{"a negative port", remote, func(d *Device) { d.Port = -1 }, "port"},
		{"a wild port", remote, func(d *Device) { d.Port = 65536 }, "port"},
		{"no user", remote, func(d *Device) { d.SSHUser = "" }, "user"},
		{"a user of a domain", remote, func(d *Device) { d.SSHUser = `LAB\anna-b@lab.example` }, ""},
		{"an option for a user", remote, func(d *Device) { d.SSHUser = "-l" }, "user"},
		{"a space in the user", remote, func(d *Device) { d.SSHUser = "a b" }, "user"},
		{"a quote in the user", remote, func(d *Device) { d.SSHUser = "a'b" }, "user"},
		{"through itself", remote, func(d *Device) { d.JumpDeviceID = d.ID }, "jump_device_id"},
		{"many jobs", remote, func(d *Device) { d.Parallel = maxDeviceJobs + 1 }, "parallel"},
		{"fewer than no jobs", remote, func(d *Device) { d.Parallel = -1 }, "parallel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.bend(&c.of)
			refusal(t, c.of.Validate(), c.field)
		})
	}
	refusal(t, DeviceSecrets{}.Validate(), "")
	refusal(t, DeviceSecrets{Password: "p", PrivateKey: pemKey}.Validate(), "password")
	refusal(t, DeviceSecrets{Password: "a\nb"}.Validate(), "password")
	refusal(t, DeviceSecrets{PrivateKey: "hello"}.Validate(), "private_key")
	refusal(t, DeviceSecrets{Fingerprint: "SHA256:short"}.Validate(), "host_key_fingerprint")
	if text := fmt.Sprintf("%v %+v %#v %s", DeviceSecrets{Password: "hunter2"}, DeviceSecrets{Password: "hunter2"}, DeviceSecrets{Password: "hunter2"}, DeviceSecrets{PrivateKey: "hunter2"}); strings.Contains(text, "hunter2") {
		t.Errorf("a password prints: %s", text)
	}
}

func TestHostKeys(t *testing.T) {
	t.Parallel()
	// From ssh-keygen -l of OpenSSH 9.2.
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github.com"
	const want = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
	if got := Fingerprint(key); got != want {
		t.Errorf("fingerprint %s, want %s", got, want)
	}
	if KeyType(key) != "ED25519" || KeyType("ecdsa-sha2-nistp256 AA") != "ECDSA" || KeyType("ssh-rsa AA") != "RSA" {
		t.Error("a key's type has the wrong word")
	}
	for _, bad := range []string{"", "x", "ssh-ed25519 !!"} {
		if got := Fingerprint(bad); got != "" {
			t.Errorf("%q has the fingerprint %s", bad, got)
		}
	}
	err := fmt.Errorf("put: %w", HostKeyUnconfirmed{Offered: key, Pinned: "ssh-ed25519 AAAA"})
	if !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), want) {
		t.Errorf("an unconfirmed host key says %v", err)
	}
}

func TestFailureDomain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of             Destination
		provider, site string
	}{
		{Destination{Type: DestinationS3, S3Endpoint: "s3.us-west-002.backblazeb2.com", S3Region: "us-west-002"}, "Backblaze", "us-west-002"},
		{Destination{Type: DestinationS3, S3Endpoint: "https://S3.amazonaws.com"}, "Amazon", ""},
		{Destination{Type: DestinationS3, S3Endpoint: "evilamazonaws.com"}, "evilamazonaws.com", ""},
		{Destination{Type: DestinationS3, S3Endpoint: "http://[::1]:9000", Site: "Home"}, "::1", "Home"},
		{Destination{Type: DestinationLocal}, "atlas", ""},
		{Destination{Type: DestinationLocal, Provider: "Mum"}, "Mum", ""},
		{Destination{Type: DestinationSFTP, SFTPHost: "u1.your-storagebox.de"}, "u1.your-storagebox.de", ""},
	} {
		if got := c.of.FailureDomain("atlas"); got != (FailureDomain{c.provider, c.site}) {
			t.Errorf("%s: %+v", c.of.Place(), got)
		}
	}
}

func TestMostFree(t *testing.T) {
	t.Parallel()
	d := Device{Facts: &DeviceFacts{Mounts: []DeviceMount{{Path: "/", Free: 1}, {Path: "/mnt", Free: 3}, {Path: "/x", Free: 2}}}}
	if m, ok := d.MostFree(); !ok || m.Path != "/mnt" {
		t.Errorf("%+v", m)
	}
	if _, ok := (Device{}).MostFree(); ok {
		t.Error("a device that nobody looked at has free space")
	}
}

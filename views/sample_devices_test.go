package views

import (
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"keepstead/model"
)

const (
	sampleHostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
	otherHostKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJm"
)

// remote is a device over SSH in a state.
func (s *sample) remote(n int, name string, state model.DeviceState, message string) model.Device {
	at := s.chrome.Now.Add(-3 * time.Minute)
	return model.Device{
		ID: id(n), Name: name, Kind: model.DeviceSSH, Hostname: "keepstead-0011", Address: "nas.lan", Port: 2222, SSHUser: "backup", Sudo: true,
		HostKey: sampleHostKey, PublicKey: sampleHostKey + " keepstead@keepstead-0011", State: state, Message: message, Mend: "Check that the machine is on, that its address and port are right, and that no firewall is between.",
		OS: "linux", Arch: "arm64", ResticVersion: "0.19.1", LastSeenAt: &at, Facts: &model.DeviceFacts{
			System: "Debian GNU/Linux 12 (bookworm)", Sudo: state == model.DeviceReady, Skew: -90 * time.Second, Engine: "/run/docker.sock", Compose: "2.26.1", SeenAt: at,
			Mounts: []model.DeviceMount{{Path: "/", Type: "ext4", Total: 64 << 30, Free: 9 << 30}, {Path: "/mnt/tank", Type: "zfs", Total: 8 << 40, Free: 3 << 40}},
		},
	}
}

// hostileDevice has in every text what somebody may have written there to do harm.
func (s *sample) hostileDevice() model.Device {
	d := s.remote(80, hostile+strings.Repeat("w", 80), model.DeviceLimited, hostile+strings.Repeat("v", 200))
	d.Address, d.SSHUser, d.Hostname, d.Mend, d.ResticVersion = hostile, hostile, hostile, hostile, hostile
	d.HostKey, d.PublicKey = "ssh-"+hostile+" AAAA", "ssh-"+hostile+strings.Repeat("A", 400)
	d.Facts = &model.DeviceFacts{
		System: hostile, Engine: hostile, Compose: hostile, Mounts: []model.DeviceMount{{Path: "/" + hostile + strings.Repeat("x", 200), Type: hostile, Free: -1}},
	}
	return d
}

func devicePages(s sample, at func(string) Chrome) map[string]templ.Component {
	good := s.remote(70, "nas", model.DeviceReady, "")
	changed := s.remote(71, "attic", model.DeviceHostKeyChanged, "nas.lan shows another host key than the one that was confirmed.")
	pending := s.remote(72, "pi", model.DevicePending, "Keepstead's key is not on the device yet.")
	pending.Facts, pending.LastSeenAt, pending.ResticVersion = nil, nil, ""
	odd := s.hostileDevice()
	bare := s.remote(70, "nas", model.DeviceReady, "")
	facts := *bare.Facts
	facts.Engine, facts.Compose = "", ""
	bare.Facts = &facts
	places := s.destinations[:1]
	items := []DeviceItem{
		{Device: s.device, Apps: AppCount{Apps: 7}, Destinations: places},
		{Device: good, Apps: AppCount{Apps: 3}, Jump: &changed},
		{Device: changed},
		{Device: pending},
		{Device: s.remote(73, "off", model.DeviceUnreachable, "nas.lan:2222 cannot be reached.")},
		{Device: s.remote(74, "old", model.DeviceDenied, "nas.lan refuses the key of the user root.")},
		{Device: odd, Apps: AppCount{Apps: 1}, Jump: &odd},
	}
	page := func(item DeviceItem, probe *model.Probe, testing bool) DeviceProps {
		p := DeviceProps{Chrome: at(DevicePath(item.ID)), Device: item, Probe: probe, Testing: testing}
		if item.Apps.Apps > 0 {
			p.Apps = s.apps[:3]
		}
		return p
	}
	refused := model.Invalids{
		{Field: "address", Reason: hostile}, {Field: "password", Reason: "Give it once more: it was not kept."}, {Field: "host_key_fingerprint", Reason: "Tick the box once you compared the fingerprint on the machine."}, {Field: "else", Reason: hostile},
	}
	devices := []model.Device{s.device, good, changed, odd}
	sftp := model.Destination{
		ID: id(15), Name: hostile, Type: model.DestinationSFTP, Enabled: true, SFTPHost: "u1.your-storagebox.de", SFTPPort: 23, SFTPUser: hostile, SFTPPath: "/" + hostile,
		SFTPHostKey: sampleHostKey, Provider: hostile, Site: hostile, BytesPerSecond: 5 << 20, TamperedAt: ago(s.chrome.Now, time.Hour), TamperResult: model.TamperBroken,
		TamperDetail: hostile, RepoID: "5f1c0d9e77aa",
	}
	held := s.destinations[1]
	held.TamperResult, held.TamperedAt, held.TamperDetail, held.Direct = model.TamperHeld, ago(s.chrome.Now, time.Hour), "The bucket's key could neither delete nor replace a test object.", true
	off := items[4].Device
	item := s.snapshots[1]
	restore := func(bend func(*RestoreProps)) templ.Component {
		p := RestoreProps{
			Chrome: at(RestorePath(item.ID)), Snapshot: item, App: s.apps[2].App, Device: off, Devices: []model.Device{off, good, s.device, odd, pending},
			Form: RestoreForm{Where: "folder", Target: "/tmp/restore", DeviceID: good.ID.String(), ProjectDeviceID: off.ID.String(), Safety: "on", Start: "on"},
		}
		bend(&p)
		return show(s, RestorePage, p)
	}
	moved := s.jobs[4]
	elsewhere := s.apps[2]
	elsewhere.Device = off
	return map[string]templ.Component{
		"restore-device": restore(func(*RestoreProps) {}),
		"restore-in-place": restore(func(p *RestoreProps) {
			p.Form.Where, p.Errors = "in_place", model.Invalids{{Field: "target_device_id", Reason: hostile}, {Field: "target_path", Reason: hostile}}
		}),
		"restore-project": restore(func(p *RestoreProps) {
			p.Contents, p.Form.Mode, p.Errors = s.contents(), "new_project", model.Invalids{{Field: "target_device_id", Reason: hostile}}
		}),
		"restore-whole": restore(func(p *RestoreProps) {
			p.Contents, p.Form.Mode, p.Errors = s.contents(), "in_place", model.Invalids{{Field: "target_device_id", Reason: hostile}}
		}),
		"job-device":         show(s, JobPage, JobProps{Chrome: at(JobPath(moved.ID)), Job: moved, Device: &odd}),
		"apps-device":        show(s, AppsPage, AppsProps{Chrome: at(AppsPath), Apps: []model.AppOverview{s.apps[0], elsewhere}, Total: 2, Destinations: s.destinations}),
		"app-device":         show(s, AppPage, AppProps{Chrome: at(AppPath(elsewhere.App.ID)), App: elsewhere, Policies: s.policies, Destinations: s.destinations}),
		"app-new-devices":    show(s, AppNewPage, AppNewProps{Chrome: at(NewAppPath), Form: AppForm{DeviceID: off.ID.String()}, Devices: devices, Errors: model.Invalids{{Field: "device_id", Reason: hostile}}}),
		"devices":            show(s, DevicesPage, DevicesProps{Chrome: at(DevicesPath), Devices: items}),
		"home-devices":       show(s, HomePage, HomeProps{Chrome: at(HomePath), Apps: s.apps[8:], Destinations: []model.Destination{sftp}, Devices: devices, Days: s.days()}),
		"devices-one":        show(s, DevicesPage, DevicesProps{Chrome: at(DevicesPath), Devices: items[:1]}),
		"device-local":       show(s, DevicePage, page(items[0], nil, false)),
		"device":             show(s, DevicePage, page(items[1], goodProbe(), false)),
		"device-changed":     show(s, DevicePage, page(items[2], badProbe(), false)),
		"device-pending":     show(s, DevicePage, page(items[3], nil, false)),
		"device-testing":     show(s, DevicePage, page(items[4], goodProbe(), true)),
		"device-denied":      show(s, DevicePage, page(items[5], nil, false)),
		"device-hostile":     show(s, DevicePage, page(items[6], nil, false)),
		"device-new":         show(s, DeviceFormPage, DeviceFormProps{Chrome: at(NewDevicePath), Form: DeviceForm{Port: "22", How: SignInByPassword}, Devices: devices}),
		"device-new-refused": show(s, DeviceFormPage, DeviceFormProps{Chrome: at(NewDevicePath), Form: DeviceForm{Name: hostile, Address: hostile, User: hostile, How: SignInByKey, Offered: otherHostKey, JumpID: hostile}, Devices: devices, Errors: refused}),
		"device-edit":        show(s, DeviceFormPage, DeviceFormProps{Chrome: at(DeviceEditPath(odd.ID)), Device: &odd, Form: NewDeviceForm(odd), Devices: devices}),
		"device-edit-local":  show(s, DeviceFormPage, DeviceFormProps{Chrome: at(DeviceEditPath(s.device.ID)), Device: &s.device, Form: NewDeviceForm(s.device)}),
		"device-lost":        show(s, DevicePage, page(DeviceItem{Device: s.remote(73, "off", model.DeviceUnreachable, "nas.lan:2222 cannot be reached.")}, nil, false)),
		"device-bare":        show(s, DevicePage, page(DeviceItem{Device: bare}, nil, false)),
		"device-remove":      show(s, DeviceRemovePage, NewDeviceRemove(ConfirmProps{Chrome: at(DeviceRemovePath(s.device.ID)), Heading: "Remove atlas?", Action: DeviceRemovePath(s.device.ID), Button: "Remove device", Back: DevicePath(s.device.ID)}, s.device, s.plainApps(), places, devices)),
		"host-key":           show(s, HostKeyPage, HostKeyProps{Chrome: at(DeviceHostKeyPath(changed.ID)), Device: changed, Offered: otherHostKey}),
		"host-key-same":      show(s, HostKeyPage, HostKeyProps{Chrome: at(DeviceHostKeyPath(changed.ID)), Device: changed, Offered: sampleHostKey}),
		"host-key-silent":    show(s, HostKeyPage, HostKeyProps{Chrome: at(DeviceHostKeyPath(odd.ID)), Device: odd, Errors: refused}),
		"destination-sftp":   show(s, DestinationPage, DestinationProps{Chrome: at(DestinationPath(sftp.ID)), Destination: sftp}),
		"destination-direct": show(s, DestinationPage, DestinationProps{Chrome: at(DestinationPath(held.ID)), Destination: held}),
		"destination-new-sftp": show(s, DestinationFormPage, DestinationFormProps{
			Chrome: at(NewDestinationPath), Form: DestinationForm{Type: "sftp", Host: hostile, How: SignInByPassword, Offered: sampleHostKey}, Devices: devices, Errors: refused,
		}),
		"destination-edit-sftp": show(s, DestinationFormPage, DestinationFormProps{Chrome: at(DestinationEditPath(sftp.ID)), Destination: &sftp, Form: NewDestinationForm(sftp), Devices: devices}),
	}
}

// TestDevicePagesSay looks for what somebody must be able to read on the pages of devices.
func TestDevicePagesSay(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	all := pages(t, s)
	for name, wanted := range map[string][]string{
		"devices":            {"Ready", "Waits for its key", "Out of reach", "Another host key", "Signed out", "Limited", "This machine", "through", "3.0 TiB"},
		"home-devices":       {"attic shows another host key", "can be destroyed by a device", "cannot be used in full"},
		"device":             {"backup ALL=(root) NOPASSWD: ALL", "sudo works", "3 apps", "/mnt/tank", "1 m 30 s behind", "out of reach for this user"},
		"device-pending":     {sampleHostKey + " keepstead@keepstead-0011", "authorized_keys"},
		"device-changed":     {DeviceHostKeyPath(id(71)), "another host key"},
		"host-key":           {model.Fingerprint(sampleHostKey), model.Fingerprint(otherHostKey), "Replace the pinned key", "somebody may be between"},
		"device-new-refused": {model.Fingerprint(otherHostKey), "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub", "I compared it"},
		"destination-sftp":   {"Not safe", "Failure domain", "at most 5.0 MiB/s"},
		"destination-direct": {"Held", "neither delete nor replace", `aria-checked="true"`, "directly"},
	} {
		html := render(t, all[name])
		for _, text := range wanted {
			if !strings.Contains(html, templ.EscapeString(text)) && !strings.Contains(html, text) {
				t.Errorf("%s does not say %q", name, text)
			}
		}
	}
	lost := render(t, all["device-lost"])
	inOrder(t, lost, "cannot be reached", DeviceEditPath(id(73)), "Change address", DeviceTestPath(id(73)), "Test again", ", as of ", "Disks", "as of ")
	if bare := render(t, all["device-bare"]); !strings.Contains(bare, "No Docker here. Add the folders to back up.") || !strings.Contains(bare, NewAppOn(id(70))) {
		t.Error("a device without Docker is a dead end")
	}
	if html := render(t, all["host-key-same"]); strings.Contains(html, "Replace the pinned key") {
		t.Error("a host key that is the same can be replaced")
	}
	if html := render(t, all["device-local"]); strings.Contains(html, "Test the connection") || strings.Contains(html, "Remove device") {
		t.Error("this machine can be tested or removed")
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"": 0, "1": 1 << 20, "2.5": 5 << 19, "0,5": 1 << 19, "-1": -1, "x": -1, "NaN": -1, "1e300": -1} {
		if got, ok := Rate(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q is %d, %v", text, got, ok)
		}
	}
	if rate(0) != "" || rate(5<<19) != "2.5" {
		t.Error("a rate is written wrong")
	}
}

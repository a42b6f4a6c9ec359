package views

import (
	"strconv"

	"github.com/google/uuid"

	"keepstead/model"
)

// DeviceItem is a device with what is on it.
type DeviceItem struct {
	model.Device
	Apps         AppCount
	Destinations []model.Destination
	Jump         *model.Device // that it is reached through, nil for none
}

// DevicesProps is the list of devices; DevicesList takes the same.
type DevicesProps struct {
	Chrome
	Devices []DeviceItem
}

// DeviceProps is the page of a device; DeviceHead, DeviceTest and DeviceHolds take the same.
type DeviceProps struct {
	Chrome
	Device DeviceItem
	Apps   []model.AppOverview
	Probe  *model.Probe // after a test, or while one runs
	// Testing says that the test is still under way.
	Testing bool
}

// DeviceFormProps is the form to add a device, or to edit one when Device is not nil.
type DeviceFormProps struct {
	Chrome
	Device  *model.Device
	Form    DeviceForm
	Devices []model.Device // that it may be reached through
	Errors  model.Invalids
}

// HostKeyProps is a host key for a person to confirm. POST DeviceHostKeyPath: host_key_fingerprint.
type HostKeyProps struct {
	Chrome
	Device  model.Device
	Offered string // as a line of authorized_keys; empty where the machine could not be asked
	Errors  model.Invalids
}

// How somebody signs in to a new device.
const (
	SignInByPassword = "password" // used once, to have the device accept a key of ours
	SignInByKey      = "key"      // a key that it accepts already
	SignInByPaste    = "paste"    // a key of ours that somebody pastes there
	SignInAsBefore   = "keep"     // the way that works already, while editing
)

// DeviceForm is the form of a device as it was typed. Secrets are never sent back to the browser.
type DeviceForm struct {
	Name        string `form:"name"`
	Address     string `form:"address"`
	Port        string `form:"port"`
	User        string `form:"user"`
	JumpID      string `form:"jump_device_id"`
	Sudo        string `form:"sudo"` // on when checked
	Parallel    string `form:"parallel"`
	How         string `form:"how"`                  // one of the constants above
	Offered     string `form:"offered"`              // the host key that the machine showed, empty before it was asked
	Fingerprint string `form:"host_key_fingerprint"` // the one that was confirmed, empty where the box is not ticked
	// Password and PrivateKey are read from a request and never shown.
	Password   string `form:"password"`
	PrivateKey string `form:"private_key"`
}

// NewDeviceForm fills the form from a device, without its key.
func NewDeviceForm(d model.Device) DeviceForm {
	f := DeviceForm{
		Name: d.Name, Address: d.Address, Port: strconv.Itoa(d.SSHPort()), User: d.SSHUser, Sudo: checked(d.Sudo),
		Parallel: number(d.Parallel), How: SignInAsBefore, Offered: d.HostKey, Fingerprint: model.Fingerprint(d.HostKey),
	}
	if d.JumpDeviceID != uuid.Nil {
		f.JumpID = d.JumpDeviceID.String()
	}
	return f
}

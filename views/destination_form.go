package views

import (
	"strconv"
	"strings"

	"keepstead/model"
)

// DestinationForm is the form of a destination as it was typed. Secrets are never sent back to the browser.
type DestinationForm struct {
	Name       string `form:"name"`
	Type       string `form:"type"`   // s3, local or sftp
	Preset     string `form:"preset"` // see Presets; only a help for the page
	Path       string `form:"path"`
	DeviceID   string `form:"device_id"`
	Endpoint   string `form:"endpoint"`
	Bucket     string `form:"bucket"`
	Region     string `form:"region"`
	Prefix     string `form:"prefix"`
	PathStyle  string `form:"path_style"` // on when checked
	CACert     string `form:"ca_cert"`
	Repository string `form:"repository"` // create or adopt
	Host       string `form:"host"`
	Port       string `form:"port"`
	User       string `form:"user"`
	SFTPPath   string `form:"sftp_path"`
	How        string `form:"how"`                  // SignInByPassword, SignInByKey or SignInAsBefore
	Offered    string `form:"offered"`              // the host key that the server showed
	Confirmed  string `form:"host_key_fingerprint"` // the one that was confirmed, empty where the box is not ticked
	Provider   string `form:"provider"`
	Site       string `form:"site"`
	Rate       string `form:"rate"`  // MiB a second
	Price      string `form:"price"` // of a TB and month
	Currency   string `form:"currency"`
	ListPrice  string `form:"list_price"` // the key of a model.ListPrice to take instead, empty for none
	// WindowDays are names as model.DayName gives them, the times of day as model.ParseClockTime reads them.
	WindowDays []string `form:"window_days"`
	WindowFrom string   `form:"window_from"`
	WindowTo   string   `form:"window_to"`
	WindowZone string   `form:"window_time_zone"`
	// AccessKey, SecretKey, Password, PrivateKey and RepoPassword are read from a request and never shown.
	AccessKey    string `form:"access_key"`
	SecretKey    string `form:"secret_key"`
	Password     string `form:"password"`
	PrivateKey   string `form:"private_key"`
	RepoPassword string `form:"repo_password"`
}

// NewDestinationForm fills the form from a destination, without its secrets.
func NewDestinationForm(d model.Destination) DestinationForm {
	f := DestinationForm{
		Name: d.Name, Type: string(d.Type), Path: d.LocalPath, DeviceID: d.LocalDeviceID.String(), Endpoint: d.S3Endpoint,
		Bucket: d.S3Bucket, Region: d.S3Region, Prefix: d.S3Prefix, CACert: d.S3CACert, Repository: "create", Preset: "other",
		Host: d.SFTPHost, Port: number(d.SFTPPort), User: d.SFTPUser, SFTPPath: d.SFTPPath, How: SignInAsBefore,
		Offered: d.SFTPHostKey, Confirmed: model.Fingerprint(d.SFTPHostKey), Provider: d.Provider, Site: d.Site, Rate: rate(d.BytesPerSecond),
		Currency: d.PriceCurrency,
	}
	if d.PricePerTBMonth > 0 {
		f.Price = strconv.FormatFloat(d.PricePerTBMonth, 'f', -1, 64)
	}
	if d.S3PathStyle {
		f.PathStyle = "on"
	}
	if d.Window.Set() {
		f.WindowFrom, f.WindowTo, f.WindowZone = model.ClockTime(d.Window.Opens), model.ClockTime(d.Window.Closes), d.Window.TimeZone
	}
	for _, day := range d.Window.Days.List() {
		f.WindowDays = append(f.WindowDays, model.DayName(day))
	}
	return f
}

// S3PlaceOf is the bucket and the folder in it that a form names.
func S3PlaceOf(f DestinationForm) (bucket, prefix string) {
	return strings.TrimSpace(f.Bucket), strings.Trim(strings.TrimSpace(f.Prefix), "/")
}

// rateUnit is what a form counts bandwidth in.
const rateUnit = 1 << 20

// rate writes a bandwidth for a form, in MiB a second; empty for no limit.
func rate(bytesPerSecond int64) string {
	if bytesPerSecond == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(bytesPerSecond)/rateUnit, 'f', -1, 64)
}

// Rate reads what a form says of a bandwidth: bytes a second, 0 for none. ok is false where it is no number.
func Rate(text string) (bytesPerSecond int64, ok bool) {
	if text = strings.TrimSpace(text); text == "" {
		return 0, true
	}
	n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil || !(n >= 0 && n < 1<<20) {
		return 0, false
	}
	return int64(n * rateUnit), true
}

// Price reads what a form says of a price: 0 for none. ok is false where it is no number.
func Price(text string) (price float64, ok bool) {
	if text = strings.TrimSpace(text); text == "" {
		return 0, true
	}
	price, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	return price, err == nil
}

// reasonOf is the reason of a field that two kinds of destination have, where the form is of this kind.
func reasonOf(f DestinationForm, kind string, errs model.Invalids, field string) string {
	if f.Type != kind {
		return ""
	}
	return reason(errs, field)
}

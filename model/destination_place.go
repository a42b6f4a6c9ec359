package model

import (
	"net/url"
	"path"
	"strings"
)

// maxRate is the highest bandwidth that can be set, in bytes a second: 100 GiB.
const maxRate = 100 << 30

func checkFolder(problems *Invalids, p string) {
	checkPath(problems, "path", p)
	if p == "" {
		return
	}
	if path.Clean(p) == "/" || Within(p, "/proc") || Within(p, "/sys") || Within(p, "/dev") {
		problems.Add("path", "Give a folder of its own for the backups, such as /mnt/backups/keepstead.")
	}
}

func (d Destination) checkSFTP(problems *Invalids) {
	checkHost(problems, "host", d.SFTPHost)
	checkPort(problems, "port", d.SFTPPort)
	checkLogin(problems, "user", d.SFTPUser)
	checkFolder(problems, d.SFTPPath)
}

func (d Destination) checkLimits(problems *Invalids) {
	if d.BytesPerSecond < 0 || d.BytesPerSecond > maxRate {
		problems.Add("bytes_per_second", "Use a number of bytes a second, or 0 for no limit.")
	}
	if d.Direct && d.Type != DestinationS3 {
		problems.Add("direct", "Only S3 storage can be reached directly by a device; leave this off.")
	}
	checkLine(problems, "provider", d.Provider)
	checkLine(problems, "site", d.Site)
	d.checkPrice(problems)
	d.checkWindow(problems)
}

// FailureDomain is what a destination shares with others when something goes wrong: a fire, a bankruptcy, a stolen
// account. Two destinations protect against what they do not share.
type FailureDomain struct {
	Provider string // who runs the storage: a company, or a device of the homelab
	Site     string // where it stands: a region, or a place such as “Home”; empty when it is not known
}

// FailureDomain returns what was set, or what the destination's place says: the provider of its endpoint, the name of
// the device its folder is on (which the caller knows), or its host.
func (d Destination) FailureDomain(device string) FailureDomain {
	f := FailureDomain{Provider: d.Provider, Site: d.Site}
	if f.Provider == "" {
		switch d.Type {
		case DestinationS3:
			f.Provider = providerOf(d.S3Endpoint)
		case DestinationSFTP:
			f.Provider = d.SFTPHost
		default:
			f.Provider = device
		}
	}
	if f.Site == "" && d.Type == DestinationS3 {
		f.Site = d.S3Region
	}
	return f
}

// providerOf names who runs an endpoint: a known company, else the host itself.
func providerOf(endpoint string) string {
	host := hostOf(endpoint)
	if company := companyOf(host); company != "" {
		return company
	}
	return host
}

// hostOf is the host name of an endpoint, in lower case; empty where it has none.
func hostOf(endpoint string) string {
	u, err := url.Parse(EndpointURL(endpoint))
	if err != nil {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
}

// companyOf names the company that is known to run a host of this name; empty for any other.
func companyOf(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, p := range []struct{ domain, name string }{
		{"backblazeb2.com", "Backblaze"},
		{"amazonaws.com", "Amazon"},
		{"wasabisys.com", "Wasabi"},
		{"cloudflarestorage.com", "Cloudflare"},
		{"your-objectstorage.com", "Hetzner"},
		{"your-storagebox.de", "Hetzner"},
		{"digitaloceanspaces.com", "DigitalOcean"},
		{"scw.cloud", "Scaleway"},
		{"googleapis.com", "Google"},
		{"idrivee2.com", "IDrive"},
		{"linodeobjects.com", "Akamai"},
		{"rsync.net", "rsync.net"},
	} {
		if host == p.domain || strings.HasSuffix(host, "."+p.domain) {
			return p.name
		}
	}
	return ""
}

// TamperResult is how a test ended that tried, with what a device holds during a job, to destroy what is stored.
type TamperResult string

// The results of a tamper test; empty before the first.
const (
	TamperHeld   TamperResult = "held"   // everything was refused
	TamperBroken TamperResult = "broken" // something was not refused
)

package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// listen checks a host:port to listen on. Port 0 lets the kernel choose.
func listen(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("--listen: %q is not an address; use HOST:PORT such as 127.0.0.1:8080", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("--listen: %q is not a port; use a number from 1 to 65535", port)
	}
	if strings.ContainsAny(host, "/ @") {
		return "", fmt.Errorf("--listen: %q is not a host; use an address of this machine such as 127.0.0.1", host)
	}
	return addr, nil
}

// dockerSocket checks the path of the container engine's socket; off switches it off and gives an empty path.
func dockerSocket(text string) (string, error) {
	text = strings.TrimPrefix(text, "unix://")
	if text == "off" {
		return "", nil
	}
	if !filepath.IsAbs(text) {
		return "", fmt.Errorf("--docker-socket: %q is not an absolute path; use one such as /var/run/docker.sock, or off", text)
	}
	return filepath.Clean(text), nil
}

// prefixes reads addresses and networks.
func prefixes(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if p, err := netip.ParsePrefix(text); err == nil {
			out = append(out, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy: %q is neither an address nor a network such as 172.18.0.0/16", text)
		}
		out = append(out, netip.PrefixFrom(a, a.BitLen()))
	}
	return out, nil
}

// publicURL checks the address that browsers use, and cuts a slash at its end.
func publicURL(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("--public-url: %q is not an address such as https://backup.example.org", text)
	}
	return u.Scheme + "://" + u.Host, nil
}

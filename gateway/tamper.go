package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Attempt is one try to do harm through a server, with what its client has and nothing else.
type Attempt struct {
	What string // such as "delete a pack", for a sentence
	Done bool   // it was not refused
}

// attacker is a client of a server that means harm.
type attacker struct {
	client *http.Client
	base   string
	secret string
	tried  []Attempt
}

// Tamper tries, as somebody would who broke into the machine that a repository is lent to, to delete what is there, to
// replace it and to reach beyond the repository. It begins with a file of its own, whose name it returns for the caller to
// remove from the storage; only when that one could be neither deleted nor replaced does it go on to files of value. It
// stops at the first attempt that succeeds.
func Tamper(ctx context.Context, at net.Addr, secret string) (tried []Attempt, own string, err error) {
	a := &attacker{base: "http://gateway", secret: secret}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, at.Network(), at.String())
	}}
	defer transport.CloseIdleConnections()
	a.client = &http.Client{Transport: transport}
	body := make([]byte, 1<<10)
	if _, err := rand.Read(body); err != nil {
		return nil, "", fmt.Errorf("make a file to lose: %w", err)
	}
	sum := sha256.Sum256(body)
	t := target{kindData, hex.EncodeToString(sum[:])}
	status, err := a.ask(ctx, http.MethodPost, "/data/"+t.id, body)
	if err != nil {
		return nil, "", err
	}
	if status != http.StatusOK {
		return nil, "", fmt.Errorf("store a file to lose: the answer is %d", status)
	}
	own = t.name()
	err = a.attack(ctx, t.id)
	if errors.Is(err, errHarmed) {
		err = nil // the last attempt says so
	}
	return a.tried, own, err
}

// errHarmed ends the attempts: one was not refused.
var errHarmed = errors.New("an attempt was not refused")

func (a *attacker) attack(ctx context.Context, own string) error {
	for _, try := range []struct{ what, method, path string }{
		{"delete a pack", http.MethodDelete, "/data/" + own},
		{"overwrite a pack", http.MethodPost, "/data/" + own},
	} {
		if err := a.try(ctx, try.what, try.method, try.path); err != nil {
			return err
		}
	}
	for _, kind := range []string{kindSnapshots, kindIndex, kindKeys} {
		id, err := a.first(ctx, kind)
		if err != nil {
			return err
		}
		if id == "" {
			continue // nothing of the kind is there yet
		}
		what := map[string]string{kindSnapshots: "a snapshot", kindIndex: "an index", kindKeys: "a key"}[kind]
		for method, verb := range map[string]string{http.MethodDelete: "delete", http.MethodPost: "overwrite"} {
			if err := a.try(ctx, verb+" "+what, method, "/"+kind+"/"+id); err != nil {
				return err
			}
		}
	}
	for _, try := range []struct{ what, method, path string }{
		{"delete the repository's config", http.MethodDelete, "/config"},
		{"replace the repository's config", http.MethodPost, "/config"},
		{"delete the repository", http.MethodDelete, "/"},
		{"read another destination", http.MethodGet, "/../config"},
		{"read another destination", http.MethodGet, "/%2e%2e/config"},
		{"read a file of the machine", http.MethodGet, "/data/../../../../etc/hostname"},
	} {
		if err := a.try(ctx, try.what, try.method, try.path); err != nil {
			return err
		}
	}
	return nil
}

// try does one attempt. It counts as refused with a status of 4xx alone: a storage that failed proves nothing.
func (a *attacker) try(ctx context.Context, what, method, path string) error {
	var body []byte
	if method == http.MethodPost {
		body = bytes.Repeat([]byte{'x'}, minFile)
	}
	status, err := a.ask(ctx, method, path, body)
	if err != nil {
		return fmt.Errorf("try to %s: %w", what, err)
	}
	switch status / 100 {
	case 2:
		a.tried = append(a.tried, Attempt{what, true})
		return errHarmed
	case 4:
		a.tried = append(a.tried, Attempt{what, false})
		return nil
	}
	return fmt.Errorf("try to %s: the answer is %d, which proves nothing", what, status)
}

// first returns the id of one file of a kind, empty where there is none.
func (a *attacker) first(ctx context.Context, kind string) (string, error) {
	var list []struct {
		Name string `json:"name"`
	}
	res, err := a.send(ctx, http.MethodGet, "/"+kind+"/", nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		return "", fmt.Errorf("read the list of %s: %w", kind, err)
	}
	if len(list) == 0 {
		return "", nil
	}
	return list[0].Name, nil
}

func (a *attacker) ask(ctx context.Context, method, path string, body []byte) (status int, err error) {
	res, err := a.send(ctx, method, path, body)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)) // so that the connection serves again
	return res.StatusCode, res.Body.Close()
}

// send sends the path as it is, however it is meant to lead elsewhere.
func (a *attacker) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, a.base, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.URL = &url.URL{Scheme: "http", Host: strings.TrimPrefix(a.base, "http://"), Opaque: path}
	r.Header.Set("Accept", listV2)
	if a.secret != "" {
		r.SetBasicAuth(User, a.secret)
	}
	return a.client.Do(r)
}

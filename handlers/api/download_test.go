package api

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"net/url"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// TestMain teaches the validator of the tests that an archive is a file: it knows only a few types by itself.
func TestMain(m *testing.M) {
	for _, kind := range []string{"application/x-tar", "application/zip"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
	os.Exit(m.Run())
}

// download fetches a file and its folder, both ways, and is refused what is neither.
func (h *house) download(snapshot, folder string) {
	h.t.Helper()
	at := func(path, more string) string {
		return snapshot + "/files/content?path=" + url.QueryEscape(path) + more
	}
	file := h.send("GET", at(folder+"/one.txt", ""), nil, 200)
	if string(file.body) != "one" || file.header.Get("Content-Type") != "application/octet-stream" || file.header.Get("Content-Length") != "3" {
		h.t.Errorf("got %q, %v", file.body, file.header)
	}
	packed := h.send("GET", at(folder, ""), nil, 200)
	names := 0
	for in := tar.NewReader(bytes.NewReader(packed.body)); ; names++ {
		if _, err := in.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			h.t.Fatal(err)
		}
	}
	zipped := h.send("GET", at(folder, "&format=zip"), nil, 200)
	archive, err := zip.NewReader(bytes.NewReader(zipped.body), int64(len(zipped.body)))
	must(h.t, err)
	if names != 4 || len(archive.File) != 4 { // three files and a folder
		h.t.Errorf("%d entries as tar, %d as zip", names, len(archive.File))
	}
	h.send("GET", at(folder+"/nothing", ""), nil, 404)
	h.send("GET", at(folder+"/one.txt", "&format=tar"), nil, 422).names("format")
	h.send("GET", at(folder, "&format=rar"), nil, 422).names("format")
	h.send("GET", at("relative", ""), nil, 422).names("path")
	h.send("GET", snapshot+"/files/content", nil, 422).names("path")
}

// Package static holds the built style sheet, scripts, font and icons, and their content-hashed URLs.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"
)

//go:embed app.css app.js focus.js favicon.svg icons vendor
var files embed.FS

// Prefix is the folder of the URLs.
const Prefix = "/static/"

// CacheControl lets a browser keep a file for ever: another content has another URL.
const CacheControl = "public, max-age=31536000, immutable"

// File is one file ready to be served.
type File struct {
	Name        string // app.css
	URL         string // /static/app.0123456789.css
	ContentType string
	Data        []byte
	Gzip        []byte // nil where compressing does not help
}

// Files is the set of all files, by URL and by name.
type Files struct {
	byURL, byName map[string]File
}

// Load reads the embedded files and names them by their content.
func Load() (*Files, error) {
	set := &Files{byURL: map[string]File{}, byName: map[string]File{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := newFile(name, data)
		set.byURL[f.URL], set.byName[name] = f, f
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	return set, nil
}

func newFile(name string, data []byte) (File, error) {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	f := File{
		Name: name, Data: data, ContentType: contentType(ext),
		URL: Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext,
	}
	if ext == ".woff2" || ext == ".png" {
		return f, nil
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return f, err
	}
	if _, err := w.Write(data); err != nil {
		return f, err
	}
	if err := w.Close(); err != nil {
		return f, err
	}
	f.Gzip = packed.Bytes()
	return f, nil
}

func contentType(ext string) string {
	switch ext {
	case ".woff2":
		return "font/woff2"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(ext)
}

// URL returns the hashed URL of a file such as app.css. An unknown name is a mistake of the caller; its plain URL then
// answers 404.
func (s *Files) URL(name string) string {
	if f, ok := s.byName[name]; ok {
		return f.URL
	}
	return Prefix + name
}

// File returns the file behind a URL path.
func (s *Files) File(url string) (File, bool) {
	f, ok := s.byURL[url]
	return f, ok
}

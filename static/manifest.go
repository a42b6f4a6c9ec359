package static

import "encoding/json"

// The colours of the window of an installed Keepstead until its first page is there: --side and --background of
// tokens.css, in the light theme.
const (
	themeColour      = "#0d292b"
	backgroundColour = "#f8f7f4"
)

type manifest struct {
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	ShortName       string         `json:"short_name"`
	Description     string         `json:"description"`
	StartURL        string         `json:"start_url"`
	Scope           string         `json:"scope"`
	Display         string         `json:"display"`
	ThemeColor      string         `json:"theme_color"`
	BackgroundColor string         `json:"background_color"`
	Icons           []manifestIcon `json:"icons"`
}

type manifestIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose,omitempty"`
}

// Manifest is what a browser asks for to install Keepstead as an app of its own, as JSON.
func (s *Files) Manifest() ([]byte, error) {
	return json.Marshal(manifest{
		ID: "/", Name: "Keepstead", ShortName: "Keepstead", Description: "Backups of this homelab", StartURL: "/", Scope: "/",
		Display: "standalone", ThemeColor: themeColour, BackgroundColor: backgroundColour,
		Icons: []manifestIcon{
			{Src: s.URL("icons/small.png"), Sizes: "192x192", Type: "image/png"},
			{Src: s.URL("icons/large.png"), Sizes: "512x512", Type: "image/png"},
			{Src: s.URL("icons/maskable.png"), Sizes: "512x512", Type: "image/png", Purpose: "maskable"},
			{Src: s.URL("favicon.svg"), Sizes: "any", Type: "image/svg+xml"},
		},
	})
}

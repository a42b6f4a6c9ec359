package views

import (
	"strings"
	"time"

	"github.com/a-h/templ"

	"keepstead/model"
)

// keyPages are the pages about keys.
func keyPages(s sample, at func(string) Chrome) map[string]templ.Component {
	keys := model.OwnKeys{Master: "file", Made: s.chrome.Now.Add(-200 * 24 * time.Hour), Sealed: 9}
	rotated := s.kitted()
	at0 := s.chrome.Now.Add(-time.Hour)
	rotated[0].RotatedAt, rotated[0].AccessChangedAt, rotated[0].ReplacedKeys = &at0, &at0, []string{strings.Repeat("0b", 32)}
	half := s.kitted()[0]
	half.NextPassword = model.Sealed{1}
	return map[string]templ.Component{
		"keys":                     show(s, KeysPage, KeysProps{Chrome: at(KeysPath), Keys: keys, DataDir: "/var/lib/keepstead", Destinations: rotated}),
		"keys-passphrase":          show(s, KeysPage, KeysProps{Chrome: at(KeysPath), Keys: model.OwnKeys{Master: "passphrase", Made: keys.Made, Sealed: 1}, DataDir: "/var/lib/keepstead"}),
		"kit-outdated":             show(s, KitPage, KitProps{Chrome: at(KitPath), Destinations: rotated}),
		"home-kit-outdated":        show(s, HomePage, HomeProps{Chrome: at(HomePath), Apps: s.apps[3:5], Destinations: rotated[:1]}),
		"home-rotations":           show(s, HomePage, HomeProps{Chrome: at(HomePath), Apps: s.apps[3:5], Destinations: []model.Destination{half, rotated[0]}}),
		"destination-rotated":      show(s, DestinationPage, DestinationProps{Chrome: at(DestinationPath(id(10))), Destination: rotated[0], Device: s.device}),
		"destination-rotating":     show(s, DestinationPage, DestinationProps{Chrome: at(DestinationPath(id(10))), Destination: half, Device: s.device}),
		"settings-keys":            show(s, SettingsPage, SettingsProps{Chrome: at(SettingsPath), Device: s.device, Keys: keys, Destinations: rotated}),
		"destination-keys":         show(s, DestinationKeysPage, keysSample(s, at)),
		"destination-keys-trouble": show(s, DestinationKeysPage, DestinationKeysProps{Chrome: at(DestinationKeysPath(id(10))), Destination: s.destinations[0], Trouble: "The destination cannot be read now. Test it on its page, then try again."}),
	}
}

// keysSample is a repository with a key in use, one that could not be removed, and one that somebody added.
func keysSample(s sample, at func(string) Chrome) DestinationKeysProps {
	d := s.destinations[0]
	d.ReplacedKeys = []string{strings.Repeat("0b", 32)}
	key := func(id, user string, age time.Duration) model.RepositoryKey {
		return model.RepositoryKey{ID: strings.Repeat(id, 32), User: user, Host: "atlas", Made: s.chrome.Now.Add(-age)}
	}
	used := key("1c", "keepstead", time.Hour)
	used.Current = true
	return DestinationKeysProps{
		Chrome: at(DestinationKeysPath(d.ID)), Destination: d, Form: KeyForm{Name: "Anna"}, Errors: model.Invalids{{Field: "password", Reason: "Use 10 to 256 characters."}},
		Keys: []model.RepositoryKey{key("0b", "root", 400*24*time.Hour), key("0d", "Anna", 90*24*time.Hour), used},
	}
}

package views

import (
	"strings"
	"time"

	"github.com/a-h/templ"

	"keepstead/model"
)

// keyPages are the pages about keys.
func keyPages(s sample, at func(string) Chrome) map[string]templ.Component {
	return map[string]templ.Component{
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

package views

import (
	"reflect"
	"runtime"
	"strings"

	"github.com/a-h/templ"

	"keepstead/views/lang"
)

// shown is a page as a test shows it, with the name of its component.
type shown struct {
	templ.Component
	name string
}

// show makes a page of its props, after the sample's spoiler has been over them.
func show[P any](s sample, page func(P) templ.Component, props P) templ.Component {
	if s.empty {
		props = framed[P](s.chrome)
	}
	if s.spoil != nil {
		s.spoil.over(reflect.ValueOf(&props).Elem(), "")
	}
	name := runtime.FuncForPC(reflect.ValueOf(page).Pointer()).Name()
	return shown{page(props), name[strings.LastIndex(name, ".")+1:]}
}

// framed are props of which only the frame is filled in.
func framed[P any](frame Chrome) P {
	var props P
	if field := reflect.ValueOf(&props).Elem().FieldByName("Chrome"); field.IsValid() {
		field.Set(reflect.ValueOf(frame))
	}
	return props
}

// spoiler writes a text into every plain string of a page's props: the names, paths, messages and form values that a
// container, a file, another machine or a platform chose. Strings with a type of their own are words of ours.
type spoiler struct {
	text  string
	empty bool                    // also where nothing stands
	only  func(where string) bool // the strings to write into; nil for all that others chose
}

// ours are the strings that Keepstead itself writes, and those that choose which parts of a page there are.
var ours = map[string]bool{
	"Chrome.Path": true, "Chrome.Live": true, "Chrome.Theme": true, "Flash.Kind": true, "Flash.Link": true, "Paging.Newer": true, "Paging.Older": true,
	"ConfirmProps.Action": true, "ConfirmProps.Back": true, "HostKeyProps.Scan": true, "Destination.RepoID": true, "RepositoryKey.ID": true, "Destination.ReplacedKeys": true, "Destination.S3Endpoint": true, "Snapshot.ResticSnapshotID": true,
	"DestinationForm.Type": true, "DeviceForm.How": true, "RestoreForm.Where": true, "RestoreForm.Mode": true, "RestoreForm.Files": true,
	"RestoreForm.Volumes": true, "Policy.Schedule": true, "Policy.TimeZone": true, "Invalid.Field": true,
	"Node.Type": true, "ProbeStep.Name": true, "Goal.Path": true,
}

func (s *spoiler) over(v reflect.Value, where string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			s.over(v.Elem(), where)
		}
	case reflect.Struct:
		s.overStruct(v)
	case reflect.Slice:
		for i := range v.Len() {
			s.over(v.Index(i), where)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			s.over(value, where)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && !ours[where] && (s.empty || v.String() != "") && (s.only == nil || s.only(where)) {
			v.SetString(s.text)
		}
	default: // numbers, times and functions hold no text
	}
}

func (s *spoiler) overStruct(v reflect.Value) {
	if v.Type().PkgPath() == "time" || v.Type() == reflect.TypeFor[lang.Language]() { // a language is one for all pages
		return
	}
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() {
			s.over(v.Field(i), v.Type().Name()+"."+field.Name)
		}
	}
}

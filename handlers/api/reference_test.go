package api

import (
	"strings"
	"testing"
)

// TestReferenceTellsEverything has each operation and object of the document, and no link that leads nowhere.
func TestReferenceTellsEverything(t *testing.T) {
	t.Parallel()
	doc, err := loadDocument()
	if err != nil {
		t.Fatal(err)
	}
	r := doc.reference
	objects, links := map[string]bool{"": true}, []string{"Problem"}
	for _, s := range r.Schemas {
		objects[s.Name] = true
		for _, f := range s.Fields {
			if f.Type == "" {
				t.Errorf("%s.%s has no type", s.Name, f.Name)
			}
			links = append(links, f.Schema)
		}
	}
	told := map[string]bool{}
	for _, s := range r.Sections {
		if len(s.Operations) == 0 || s.About == "" {
			t.Errorf("the section %q has nothing", s.Name)
		}
		for _, o := range s.Operations {
			told[o.Method+" "+strings.TrimPrefix(o.Path, Base)] = true
			links = append(links, o.Body)
			if len(o.Answers) == 0 || o.Summary == "" {
				t.Errorf("%s has no answer or no summary", o.ID)
			}
			for _, a := range o.Answers {
				links = append(links, a.Schema)
			}
		}
	}
	for name := range doc.operations {
		if !told[name] {
			t.Errorf("%s is not told", name)
		}
	}
	if len(told) != len(doc.operations) {
		t.Errorf("%d operations are told of %d", len(told), len(doc.operations))
	}
	for _, name := range links {
		if !objects[name] {
			t.Errorf("%q leads nowhere", name)
		}
	}
}

package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	a, err := New(Deps{})
	must(t, err)
	spec, err := openapi3.NewLoader().LoadFromData(a.document.json)
	must(t, err)
	if err := spec.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	if spec.OpenAPI != "3.1.0" {
		t.Errorf("version %s", spec.OpenAPI)
	}
	if strings.Contains(string(a.document.json), "x-go-") {
		t.Error("hints to the code generator are published")
	}
}

func TestRoutesAndOperationsMatch(t *testing.T) {
	t.Parallel()
	a, err := New(Deps{})
	must(t, err)
	if len(a.routes()) != len(a.document.operations) {
		t.Errorf("%d routes, %d operations", len(a.routes()), len(a.document.operations))
	}
	delete(a.document.operations, "GET /jobs/{id}/log")
	a.document.operations["GET /nowhere"] = &operation{}
	err = a.matchRoutes()
	for _, want := range []string{"route GET /jobs/{id}/log is not in", "operation GET /nowhere of"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not found: %v", want, err)
		}
	}
}

func TestRequestsAreClosed(t *testing.T) {
	t.Parallel()
	a, err := New(Deps{})
	must(t, err)
	for key, op := range a.document.operations {
		if op.body == nil {
			continue
		}
		if has := op.body.AdditionalProperties.Has; has == nil || *has {
			t.Errorf("%s: a typing error in a field would be ignored", key)
		}
		for name, p := range op.body.Properties {
			checkBounded(t, key+" "+name, p.Value)
		}
	}
}

// checkBounded wants a longest length of every text and list.
func checkBounded(t *testing.T, where string, s *openapi3.Schema) {
	t.Helper()
	switch {
	case s.Type.Includes("string") && s.Format == "" && s.Enum == nil && s.MaxLength == nil:
		t.Errorf("%s: text without a bound", where)
	case s.Type.Includes("array") && s.MaxItems == nil:
		t.Errorf("%s: a list without a bound", where)
	case s.Type.Includes("array"):
		checkBounded(t, where+"[]", s.Items.Value)
	}
}

// TestSecretsAreNeverInAnswers looks for credential members in the schemas that answers use.
func TestSecretsAreNeverInAnswers(t *testing.T) {
	t.Parallel()
	for _, value := range []any{Destination{}, Job{}, Snapshot{}, Policy{}, Configuration{}, App{}, Device{}, Event{}, Notification{}} {
		text, err := json.Marshal(value)
		must(t, err)
		for _, word := range []string{"access_key", "secret_key", "password", "ssh_key"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%T holds %s", value, word)
			}
		}
	}
}

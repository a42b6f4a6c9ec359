package api

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

//go:embed openapi.yaml
var documentYAML []byte

// document is the OpenAPI document, prepared once.
type document struct {
	operations map[string]*operation // by "GET /jobs/{id}"
	json       []byte
	reference  model.Reference
}

// operation is what a request must look like.
type operation struct {
	id           string
	parameters   []*openapi3.Parameter
	body         *openapi3.Schema // nil when the operation takes none
	bodyRequired bool
}

func loadDocument() (document, error) {
	doc := document{operations: map[string]*operation{}}
	spec, err := openapi3.NewLoader().LoadFromData(documentYAML)
	if err != nil {
		return doc, err
	}
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			doc.operations[method+" "+path] = newOperation(item, op)
		}
	}
	doc.reference = referenceOf(spec)
	doc.json, err = publicJSON(spec)
	return doc, err
}

func newOperation(item *openapi3.PathItem, op *openapi3.Operation) *operation {
	out := &operation{id: op.OperationID}
	for _, p := range slices.Concat(item.Parameters, op.Parameters) {
		out.parameters = append(out.parameters, p.Value)
	}
	if op.RequestBody != nil {
		out.body = op.RequestBody.Value.Content["application/json"].Schema.Value
		out.bodyRequired = op.RequestBody.Value.Required
	}
	return out
}

// publicJSON renders the document without the hints to the code generator.
func publicJSON(spec *openapi3.T) ([]byte, error) {
	text, err := spec.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	stripHints(tree)
	return json.Marshal(tree)
}

func stripHints(node any) {
	switch node := node.(type) {
	case map[string]any:
		maps.DeleteFunc(node, func(key string, _ any) bool { return strings.HasPrefix(key, "x-go-") })
		for _, child := range node {
			stripHints(child)
		}
	case []any:
		for _, child := range node {
			stripHints(child)
		}
	}
}

func (a *API) getOpenAPI(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Send(a.document.json)
}

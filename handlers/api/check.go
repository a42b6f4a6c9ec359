package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
)

// request is a request that agrees with its operation.
type request struct {
	operation *operation
	query     map[string][]string
	body      []byte
	given     map[string]any // the body's members, to tell absent from empty
}

type requestKey struct{}

// check refuses a request that does not agree with the document, and keeps the one that does for the handler.
func (a *API) check(op *operation) fiber.Handler {
	return func(c *fiber.Ctx) error {
		r := &request{operation: op, query: queryOf(c)}
		c.Locals(requestKey{}, r)
		problems := op.checkParameters(c, r.query)
		if op.body != nil {
			refused, err := op.checkBody(c, r)
			if err != nil {
				return err
			}
			problems = append(problems, refused...)
		}
		if err := problems.Err(); err != nil {
			return err
		}
		return c.Next()
	}
}

// checked returns the request as check left it, or nil before check.
func checked(c *fiber.Ctx) *request {
	r, _ := c.Locals(requestKey{}).(*request)
	return r
}

func queryOf(c *fiber.Ctx) map[string][]string {
	query := map[string][]string{}
	for key, value := range c.Context().QueryArgs().All() {
		query[string(key)] = append(query[string(key)], string(value))
	}
	return query
}

// checkParameters looks at the path, the headers and the query. A query parameter that is not documented is refused: a
// filter with a typing error would select everything.
func (op *operation) checkParameters(c *fiber.Ctx, query map[string][]string) model.Invalids {
	var problems model.Invalids
	var known []string
	for _, p := range op.parameters {
		var values []string
		switch p.In {
		case openapi3.ParameterInPath:
			values = []string{c.Params(p.Name)}
		case openapi3.ParameterInHeader:
			if v := c.Get(p.Name); v != "" {
				values = []string{v}
			}
		default:
			known, values = append(known, p.Name), query[p.Name]
		}
		problems = append(problems, checkParameter(p, values)...)
	}
	for name := range query {
		if !slices.Contains(known, name) {
			problems.Add(clip(name), "There is no such parameter.")
		}
	}
	return problems
}

func checkParameter(p *openapi3.Parameter, values []string) model.Invalids {
	schema := p.Schema.Value
	if len(values) == 0 {
		if p.Required {
			return model.Invalids{{Field: p.Name, Reason: "Give this parameter."}}
		}
		return nil
	}
	if schema.Type.Is(openapi3.TypeArray) {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = parameterValue(schema.Items.Value, v)
		}
		return violations(p.Name, schema, list)
	}
	if len(values) > 1 {
		return model.Invalids{{Field: p.Name, Reason: "Give this parameter once."}}
	}
	return violations(p.Name, schema, parameterValue(schema, values[0]))
}

func parameterValue(schema *openapi3.Schema, text string) any {
	if schema.Type.Is(openapi3.TypeInteger) {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	}
	return text
}

// checkBody reads the body as JSON. An error means that it cannot be read at all.
func (op *operation) checkBody(c *fiber.Ctx, r *request) (model.Invalids, error) {
	r.body = c.Body()
	if len(r.body) == 0 && !op.bodyRequired {
		return nil, nil
	}
	if kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); err != nil || kind != fiber.MIMEApplicationJSON {
		return nil, refusal{fiber.StatusUnsupportedMediaType, "Send the body as JSON, with the header Content-Type: application/json."}
	}
	value, err := decodeJSON(r.body)
	if err != nil {
		return nil, err
	}
	r.given, _ = value.(map[string]any)
	return violations("", op.body, value), nil
}

func decodeJSON(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, refusal{fiber.StatusBadRequest, "The body is empty; send a JSON object."}
	}
	if !utf8.Valid(body) {
		return nil, refusal{fiber.StatusBadRequest, "The body is not valid UTF-8."}
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, refusal{fiber.StatusBadRequest, "The body is not valid JSON: " + syntax(err) + "."}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, refusal{fiber.StatusBadRequest, "The body holds more than one JSON value."}
	}
	return value, nil
}

// syntax says where the JSON breaks, without repeating it.
func syntax(err error) string {
	var bad *json.SyntaxError
	if errors.As(err, &bad) && !strings.Contains(bad.Error(), "max depth") {
		return "something is wrong near byte " + strconv.FormatInt(bad.Offset, 10)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return "it is nested too deep"
}

// decode fills in with the members of the checked body; what is absent stays as it was, which makes a PATCH of the
// current value.
func decode(c *fiber.Ctx, in any) error {
	r := checked(c)
	if len(r.body) == 0 {
		return nil
	}
	err := json.Unmarshal(r.body, in)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) { // such as 1e2 for a whole number, which the document allows
		return model.Invalid{Field: wrong.Field, Reason: "Write this as a plain value of its type."}
	}
	return err
}

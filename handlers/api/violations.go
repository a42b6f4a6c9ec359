package api

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"keepstead/model"
)

// maxViolations bounds the refusals of one request.
const maxViolations = 50

var errNotUUID = errors.New("not a UUID")

// violations checks a decoded value against its schema. Reasons never repeat the value, which may be a secret.
func violations(field string, schema *openapi3.Schema, value any) model.Invalids {
	err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsRequest(),
		openapi3.WithStringFormatValidator("uuid", openapi3.NewCallbackValidator(checkUUID)))
	problems := appendViolations(nil, field, err)
	if len(problems) == 0 {
		appendNUL(&problems, field, value)
	}
	return problems
}

func checkUUID(text string) error {
	if _, err := uuid.Parse(text); err != nil || len(text) != 36 {
		return errNotUUID
	}
	return nil
}

func appendViolations(problems model.Invalids, field string, err error) model.Invalids {
	var many openapi3.MultiError
	var one *openapi3.SchemaError
	switch {
	case err == nil || len(problems) >= maxViolations:
	case errors.As(err, &one) && !isMulti(err):
		name, reason := explain(one)
		problems.Add(join(field, append(one.JSONPointer(), name...)), "%s", reason)
	case errors.As(err, &many):
		for _, e := range many {
			problems = appendViolations(problems, field, e)
		}
	default:
		problems.Add(field, "This value cannot be used.")
	}
	return problems
}

func isMulti(err error) bool {
	_, ok := err.(openapi3.MultiError) //nolint:errorlint // the list itself, not what it holds
	return ok
}

// explain says how to mend a violation, and names the unknown member where that is what is wrong.
func explain(e *openapi3.SchemaError) (member []string, reason string) {
	s := e.Schema
	switch e.SchemaField {
	case "required":
		return nil, "This is required."
	case "properties":
		var name string
		if _, err := fmt.Sscanf(e.Reason, "property %q is unsupported", &name); err != nil {
			name = "?"
		}
		return []string{clip(name)}, "There is no such field."
	case "type", "nullable":
		return nil, wantedType(s)
	case "format":
		return nil, wantedFormat(s)
	case "minLength", "minItems":
		if s.MinLength > 1 {
			return nil, fmt.Sprintf("Use at least %d characters.", s.MinLength)
		}
		return nil, "Do not leave this empty."
	case "maxLength":
		return nil, fmt.Sprintf("Use at most %d characters.", *s.MaxLength)
	case "maxItems":
		return nil, fmt.Sprintf("Use at most %d entries.", *s.MaxItems)
	case "minimum", "maximum":
		return nil, fmt.Sprintf("Use a number from %.0f to %.0f.", *s.Min, *s.Max)
	case "enum":
		return nil, "Use one of: " + strings.Trim(fmt.Sprint(s.Enum), "[]") + "."
	case "pattern":
		if strings.HasPrefix(s.Pattern, "^/") {
			return nil, "Start the path with /."
		}
		return nil, "Give it whole: " + strconv.FormatUint(s.MinLength, 10) + " digits from 0 to f."
	}
	return nil, "This value cannot be used."
}

func wantedType(s *openapi3.Schema) string {
	switch {
	case s.Type.Includes(openapi3.TypeString):
		return "Give text, in quotes."
	case s.Type.Includes(openapi3.TypeInteger):
		return "Give a whole number."
	case s.Type.Includes(openapi3.TypeBoolean):
		return "Give true or false."
	case s.Type.Includes(openapi3.TypeArray):
		return "Give a list."
	case s.Type.Includes(openapi3.TypeObject):
		return "Give a JSON object."
	}
	return "This value has the wrong type."
}

func wantedFormat(s *openapi3.Schema) string {
	switch s.Format {
	case "uuid":
		return "Give an id: a UUID such as 0197d4a2-5b3c-7c1e-9d55-3f1a2b4c5d6e."
	case "date-time":
		return "Give a time such as 2026-01-31T02:00:00Z."
	}
	return "This value has the wrong form."
}

// join writes the path of a member as people do: paths[2], retention.keep_daily.
func join(field string, pointer []string) string {
	for _, key := range pointer {
		switch _, err := strconv.Atoi(key); {
		case err == nil:
			field += "[" + key + "]"
		case field == "":
			field = key
		default:
			field += "." + key
		}
	}
	return field
}

// appendNUL refuses NUL characters, which no name, path or credential may hold.
func appendNUL(problems *model.Invalids, field string, value any) {
	switch value := value.(type) {
	case string:
		if strings.ContainsRune(value, 0) {
			problems.Add(field, "Leave out NUL characters.")
		}
	case []any:
		for i, v := range value {
			appendNUL(problems, join(field, []string{strconv.Itoa(i)}), v)
		}
	case map[string]any:
		for key, v := range value {
			appendNUL(problems, join(field, []string{key}), v)
		}
	}
}

// clip shortens a name that the request made up.
func clip(name string) string {
	if len(name) > 100 {
		return strings.ToValidUTF8(name[:100], "") + "…"
	}
	return strings.ToValidUTF8(name, "�")
}

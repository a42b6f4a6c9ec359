package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"keepstead/model"
)

// Reference tells the document for people.
func (a *API) Reference() model.Reference { return a.document.reference }

func referenceOf(spec *openapi3.T) model.Reference {
	out := model.Reference{About: spec.Info.Description}
	for _, tag := range spec.Tags {
		section := model.ReferenceSection{Name: tag.Name, About: tag.Description}
		for _, path := range spec.Paths.InMatchingOrder() {
			section.Operations = append(section.Operations, operationsOf(path, spec.Paths.Value(path), tag.Name)...)
		}
		slices.SortStableFunc(section.Operations, func(a, b model.ReferenceOperation) int { return strings.Compare(a.Path, b.Path) })
		out.Sections = append(out.Sections, section)
	}
	for name, s := range spec.Components.Schemas {
		out.Schemas = append(out.Schemas, model.ReferenceSchema{Name: name, About: s.Value.Description, Fields: fieldsOf("", s.Value)})
	}
	slices.SortFunc(out.Schemas, func(a, b model.ReferenceSchema) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// methods in the order in which a path's operations are told.
func methods() []string { return []string{"GET", "POST", "PUT", "PATCH", "DELETE"} }

func operationsOf(path string, item *openapi3.PathItem, tag string) []model.ReferenceOperation {
	var out []model.ReferenceOperation
	for _, method := range methods() {
		op := item.GetOperation(method)
		if op == nil || !slices.Contains(op.Tags, tag) {
			continue
		}
		one := model.ReferenceOperation{ID: op.OperationID, Method: method, Path: Base + path, Summary: op.Summary, About: op.Description}
		for _, p := range slices.Concat(item.Parameters, op.Parameters) {
			f := fieldOf(p.Value.Name, p.Value.Schema)
			f.Required = p.Value.Required
			if p.Value.Description != "" {
				f.About = p.Value.Description
			}
			if p.Value.In == openapi3.ParameterInHeader {
				f.Type += ", a header"
			}
			one.Parameters = append(one.Parameters, f)
		}
		if op.RequestBody != nil {
			one.Body, one.BodyOptional = schemaIn(op.RequestBody.Value.Content), !op.RequestBody.Value.Required
		}
		for status, r := range op.Responses.Map() {
			if status == "default" {
				status = "otherwise" // sorts behind the numbers
			}
			one.Answers = append(one.Answers, model.ReferenceAnswer{Status: status, About: *r.Value.Description, Schema: schemaIn(r.Value.Content)})
		}
		slices.SortFunc(one.Answers, func(a, b model.ReferenceAnswer) int { return strings.Compare(a.Status, b.Status) })
		out = append(out, one)
	}
	return out
}

// schemaIn is the name of what a body holds; empty where it is no object of ours, as in a log.
func schemaIn(content openapi3.Content) string {
	for _, media := range content {
		if media.Schema != nil && media.Schema.Ref != "" {
			return named(media.Schema)
		}
	}
	return ""
}

func named(s *openapi3.SchemaRef) string { return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:] }

// fieldsOf lists the fields of an object and of the objects without a name inside of it, by name.
func fieldsOf(prefix string, s *openapi3.Schema) []model.ReferenceField {
	var out []model.ReferenceField
	for name, property := range s.Properties {
		f := fieldOf(prefix+name, property)
		f.Required = slices.Contains(s.Required, name)
		out = append(out, f)
		if property.Ref == "" {
			out = append(out, fieldsOf(prefix+name+".", property.Value)...)
			if items := property.Value.Items; items != nil && items.Ref == "" {
				out = append(out, fieldsOf(prefix+name+"[].", items.Value)...)
			}
		}
	}
	slices.SortFunc(out, func(a, b model.ReferenceField) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func fieldOf(name string, s *openapi3.SchemaRef) model.ReferenceField {
	f := model.ReferenceField{Name: name, About: s.Value.Description}
	f.Type, f.Schema = typeOf(s)
	if s.Value.Default != nil {
		f.Type += fmt.Sprintf(", %v if left out", s.Value.Default)
	}
	if s.Value.WriteOnly {
		f.Type += ", never given out"
	}
	return f
}

// typeOf names the type of a value, and the schema that it or its items have.
func typeOf(s *openapi3.SchemaRef) (name, schema string) {
	v := s.Value
	switch {
	case s.Ref != "":
		return "object", named(s)
	case len(v.Enum) > 0:
		var values []string
		for _, e := range v.Enum {
			values = append(values, fmt.Sprint(e))
		}
		return strings.Join(values, " | "), ""
	case v.Items != nil:
		name, schema = typeOf(v.Items)
		return "list of " + name, schema
	case v.Format == "date-time":
		return "time", ""
	case v.Format == "uuid":
		return "UUID", ""
	case v.Type == nil:
		return "any", ""
	case v.AdditionalProperties.Schema != nil:
		name, schema = typeOf(v.AdditionalProperties.Schema)
		return "object of " + name, schema
	}
	var words []string
	for _, word := range v.Type.Slice() {
		if word != "null" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " or "), ""
}

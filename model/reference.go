package model

// Reference is the JSON API as a page tells it: what the OpenAPI document says, in its order.
type Reference struct {
	About    string
	Sections []ReferenceSection
	Schemas  []ReferenceSchema
}

// ReferenceSection is the operations about one thing.
type ReferenceSection struct {
	Name, About string
	Operations  []ReferenceOperation
}

// ReferenceOperation is one method of one path.
type ReferenceOperation struct {
	ID, Method, Path string // the path as it is called, with the prefix of the API
	Summary, About   string
	Parameters       []ReferenceField
	Body             string // name of the schema of the body; empty for none
	BodyOptional     bool
	Answers          []ReferenceAnswer
}

// ReferenceAnswer is one way in which an operation ends.
type ReferenceAnswer struct {
	Status, About string // a status code, or “otherwise”
	Schema        string // empty where nothing comes back
}

// ReferenceSchema is a JSON object with its fields.
type ReferenceSchema struct {
	Name, About string
	Fields      []ReferenceField
}

// ReferenceField is a field of an object, or a parameter. A field of an object inside has the names with dots between.
type ReferenceField struct {
	Name, Type, About string
	Schema            string // the schema of the field or of its items; empty for plain values
	Required          bool
}

package views

import "strings"

// codes takes a text apart at its backquotes: every other piece is code.
func codes(text string) []string { return strings.Split(text, "`") }

func schemaID(name string) string { return "object-" + name }

// title begins a word of the document with a capital.
func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// referenceCall is the shortest whole request.
func referenceCall(origin string) string {
	return `curl -H "Authorization: Bearer $KEEPSTEAD_TOKEN" ` + origin + "/api/v1/apps"
}

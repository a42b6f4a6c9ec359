//go:build tools

// Package oapi pins the generator of the API's wire types.
package oapi

import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"

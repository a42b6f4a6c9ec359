package model

import (
	"fmt"
	"log/slog"
)

// Sealed is an encrypted credential as it is stored: never the plain text, and it prints as [sealed] everywhere, JSON
// and logs included. Only secret.Box opens it.
type Sealed []byte

const sealedText = "[sealed]"

// String hides the value.
func (Sealed) String() string { return sealedText }

// GoString hides the value from %#v.
func (Sealed) GoString() string { return sealedText }

// Format hides the value from every verb, %x and %s included.
func (Sealed) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(sealedText)) }

// MarshalJSON hides the value.
func (Sealed) MarshalJSON() ([]byte, error) { return []byte(`"` + sealedText + `"`), nil }

// LogValue hides the value from log handlers, some of which treat bytes as text.
func (Sealed) LogValue() slog.Value { return slog.StringValue(sealedText) }

// Empty says that no credential is stored.
func (s Sealed) Empty() bool { return len(s) == 0 }

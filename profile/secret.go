// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"fmt"
	"io"
)

// Secret is a text that prints as "(secret)", or "(none)" if empty, through every verb of fmt, log/slog and
// the encoding packages. Only Reveal returns it.
//
// fmt cannot call methods on unexported fields: keep a Secret (or a struct with one) in an exported field or
// behind a pointer where a %+v may reach it.
type Secret string

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String returns a stand-in for the text.
func (s Secret) String() string {
	if s == "" {
		return "(none)"
	}
	return "(secret)"
}

// GoString returns a stand-in for the text.
func (s Secret) GoString() string { return s.String() }

// Format writes the stand-in for every verb, including %x and %q.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns the stand-in for log/slog, encoding/json and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

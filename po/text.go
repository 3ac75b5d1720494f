// SPDX-License-Identifier: Apache-2.0

package po

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// A Catalog has the translations into one language. It is safe for concurrent use.
type Catalog interface {
	// Get returns the translation of id, id itself if there is none.
	Get(id string) string
	// GetN is Get for a text with a number in it; one and many are its English forms.
	GetN(one, many string, n int) string
}

var current atomic.Pointer[Catalog]

// Use makes c the catalog of this process; nil means English.
func Use(c Catalog) {
	if c == nil {
		current.Store(nil)
		return
	}
	current.Store(&c)
}

// T returns the translation of a text.
func T(id string) string {
	c := current.Load()
	if c == nil || id == "" { // gettext keeps its header under the empty text
		return id
	}
	return (*c).Get(id)
}

// F is fmt.Sprintf with the translation of format.
func F(format string, args ...any) string {
	return fmt.Sprintf(T(format), isolated(args)...)
}

// N is fmt.Sprintf with the translation that fits the number n. n itself is not an argument.
func N(one, many string, n int, args ...any) string {
	format := many
	if c := current.Load(); c != nil {
		format = (*c).GetN(one, many, n)
	} else if n == 1 {
		format = one
	}
	return fmt.Sprintf(format, isolated(args)...)
}

// Errorf is fmt.Errorf with the translation of format.
func Errorf(format string, args ...any) error {
	return fmt.Errorf(T(format), isolated(args)...)
}

// Error is errors.New with the translation of id.
func Error(id string) error { return errors.New(T(id)) }

// A Message is an error that is made before the language is known, and translated when it is shown.
type Message string

func (m Message) Error() string { return T(string(m)) }

// direction is for translators to change to default:RTL in languages written from right to left.
//
//po:extract values
const direction = "default:LTR"

// RightToLeft reports whether the language is written from right to left.
func RightToLeft() bool {
	return T(direction) == "default:RTL"
}

// Isolate keeps a piece of text, such as a host name, together inside text of the other direction (Unicode
// UAX #9: FIRST STRONG ISOLATE and its end). It changes nothing in languages written from left to right.
func Isolate(s string) string {
	if s == "" || !RightToLeft() {
		return s
	}
	return "\u2068" + s + "\u2069"
}

// isolated isolates the texts among args. An error is left alone, for %w.
func isolated(args []any) []any {
	if !RightToLeft() {
		return args
	}
	out := make([]any, len(args))
	for i, arg := range args {
		switch a := arg.(type) {
		case string:
			arg = Isolate(a)
		case error:
		case fmt.Stringer:
			arg = Isolate(a.String())
		}
		out[i] = arg
	}
	return out
}

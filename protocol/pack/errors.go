// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a Pack; test with errors.Is.
var (
	ErrTruncated = errors.New("it ends too early")
	ErrTrailing  = errors.New("bytes follow its end")
	ErrTooLarge  = errors.New("it is too large")
	ErrName      = errors.New("invalid name")
	ErrDuplicate = errors.New("the name appears twice")
	ErrNoValue   = errors.New("an element without value")
	ErrType      = errors.New("unknown type")
)

// An Error says where a Pack is wrong.
type Error struct {
	Op      string // "parse" or "build"
	Offset  int    // in bytes from the start, -1 if there is none
	Element string // name of the element, if it is known
	Err     error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s pack", e.Op)
	if e.Element != "" {
		fmt.Fprintf(&b, ", element %q", e.Element)
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, ", byte %d", e.Offset)
	}
	return b.String() + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

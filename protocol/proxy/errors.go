// SPDX-License-Identifier: Apache-2.0

package proxy

import "fmt"

// A Reason is the point at which a connection through a proxy failed. Each corresponds to one of the official
// client's error codes (softether-protocol.md 12).
type Reason uint8

// The reasons.
const (
	// Unreachable: there is no TCP connection to the proxy (code 17).
	Unreachable Reason = iota
	// Failed: the proxy cannot do what it is asked for, or its answer makes no sense (code 18).
	Failed
	// Denied: the proxy wants credentials, or different ones (code 19).
	Denied
	// NoTarget: the proxy works but cannot reach the server (code 1).
	NoTarget
)

// An Error is a connection that a proxy failed to make.
type Error struct {
	Kind   Kind
	Proxy  string // host:port
	Target string // host:port
	Reason Reason
	Err    error
}

var _ error = (*Error)(nil)

// Error names proxy, target and cause.
func (e *Error) Error() string {
	switch e.Reason {
	case Unreachable:
		return fmt.Sprintf("%v proxy %s cannot be reached: %v", e.Kind, e.Proxy, e.Err)
	case Denied:
		return fmt.Sprintf("%v proxy %s does not let this user in: %v", e.Kind, e.Proxy, e.Err)
	case NoTarget:
		return fmt.Sprintf("%v proxy %s cannot reach %s: %v", e.Kind, e.Proxy, e.Target, e.Err)
	}
	return fmt.Sprintf("%v proxy %s did not connect to %s: %v", e.Kind, e.Proxy, e.Target, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A cause is an error within a dialogue, with its reason.
type cause struct {
	reason Reason
	err    error
}

func (c *cause) Error() string { return c.err.Error() }
func (c *cause) Unwrap() error { return c.err }

func denied(format string, args ...any) error {
	return &cause{Denied, fmt.Errorf(format, args...)}
}

func noTarget(format string, args ...any) error {
	return &cause{NoTarget, fmt.Errorf(format, args...)}
}

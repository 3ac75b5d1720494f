// SPDX-License-Identifier: Apache-2.0

package tapbridge

import "errors"

// Errors to compare with errors.Is.
var (
	// ErrNoTUN: the kernel offers no TUN/TAP driver here.
	ErrNoTUN = errors.New("no TUN/TAP driver: load it with \"modprobe tun\", or give the container /dev/net/tun")
	// ErrNameTaken: a network interface of that name exists already.
	ErrNameTaken = errors.New("a network interface of this name exists already: choose another, or none for the first free one")
	// ErrBadConfig: a value in TAPConfig that no device can have.
	ErrBadConfig = errors.New("not possible for a TAP device")
	// ErrTAPGone: somebody else deleted the device.
	ErrTAPGone = errors.New("the TAP device was deleted")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("closed")
	// ErrBadFrame: shorter than an Ethernet header or longer than a server forwards.
	ErrBadFrame = errors.New("frame has an impossible length")
	// ErrStuck: Close gave up waiting for a Link whose Send does not return.
	ErrStuck = errors.New("the link's Send does not return")
)

// Error is the type of every error of this package that is not a bare sentinel.
type Error struct {
	Op   string // what failed, in words: "create", "set MTU of"
	Name string // the device
	Err  error
}

func (e *Error) Error() string {
	if e.Name == "" {
		return "tapbridge: " + e.Op + " TAP: " + e.Err.Error()
	}
	return "tapbridge: " + e.Op + " TAP " + e.Name + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

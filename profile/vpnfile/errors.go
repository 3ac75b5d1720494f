// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"network-manager-softether/po"
)

// ErrForeign is in the error of [Read] for what is no .vpn file at all, be it the file of another program.
var ErrForeign error = po.Message("not a .vpn file of SoftEther")

// SyntaxError reports a .vpn file that is damaged.
type SyntaxError struct {
	Line int // counted from 1; 0 if it is about the file as a whole
	Text string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return po.F("damaged .vpn file: %s", e.Text)
	}
	return po.F("damaged .vpn file, line %d: %s", e.Line, e.Text)
}

// ItemError reports an item of a .vpn file whose value no connection can have.
type ItemError struct {
	Item string // as in the file, "Hostname"
	Err  error
}

func (e *ItemError) Error() string { return po.F("%s in the .vpn file: %v", e.Item, e.Err) }

func (e *ItemError) Unwrap() error { return e.Err }

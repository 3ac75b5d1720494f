// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"network-manager-softether/po"
)

// ErrForeign is in the error of [Read] for anything but a .vpn file, such as a file of another program.
var ErrForeign error = po.Message("not a .vpn file of SoftEther")

// SyntaxError reports a .vpn file that is damaged.
type SyntaxError struct {
	Text string
}

func (e *SyntaxError) Error() string { return po.F("damaged .vpn file: %s", e.Text) }

// ItemError reports an item of a .vpn file because of which the official client refuses the whole file.
type ItemError struct {
	Item string // as in the file, "Hostname"
	Err  error
}

func (e *ItemError) Error() string { return po.F("%s in the .vpn file: %v", e.Item, e.Err) }

func (e *ItemError) Unwrap() error { return e.Err }

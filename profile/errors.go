// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"fmt"
	"strconv"

	"network-manager-softether/po"
)

// maxShown is how many bytes of a bad value a message repeats.
const maxShown = 80

// ValueError reports a key whose value is not allowed, by itself or together with the others.
type ValueError struct {
	Key     string
	Value   string // as written, cut to a readable length; empty for secrets and inline PEM
	Allowed string // what is allowed, or what to do, in the terms of files
	Page    string // the same in the terms and the language of a settings page; empty if Allowed will do
}

func (e *ValueError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("bad value of %s: %s", e.Key, e.Allowed)
	}
	return fmt.Sprintf("bad value %s of %s: %s", strconv.Quote(e.Value), e.Key, e.Allowed)
}

// MissingError reports a key that must be set and is not.
type MissingError struct {
	Key  string
	Help string // what to do, in the words of files
	Page string // the same in the terms and the language of a settings page
}

func (e *MissingError) Error() string { return fmt.Sprintf("%s is not set: %s", e.Key, e.Help) }

// Warning is about something in a connection that has no effect or an unexpected one.
type Warning struct {
	Key  string
	Text string
}

func (w Warning) String() string { return w.Key + ": " + w.Text }

// shown cuts a value for a message.
func shown(s string) string {
	if len(s) <= maxShown {
		return s
	}
	cut := maxShown
	for cut > 0 && s[cut]&0xc0 == 0x80 { // not inside a UTF-8 sequence
		cut--
	}
	return s[:cut] + "..."
}

// A plainError is an error in the terms of files and in those of a settings page.
type plainError struct{ files, page string }

func (e *plainError) Error() string { return e.files }

// lacks returns what is missing in a file.
func (k *Key) lacks() string {
	if k.Name == KeyKey {
		return po.T("the file contains no private key")
	}
	return po.T("the file contains no certificate")
}

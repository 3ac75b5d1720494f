// SPDX-License-Identifier: Apache-2.0

// Package window asks a person in a window of its own, for secret agents that draw none (networkmanager.md
// 5.4). The window needs GTK 3 and is built with the tag gui; without that, or without a display, Ask returns
// an error and nothing else happens.
//
// What is asked, and in which words, is up to the caller.
package window

import "errors"

// A Question is what one window asks. All texts are plain text; those of controls have an underscore before
// their mnemonic.
type Question struct {
	Title   string // of the window
	Heading string // what is wanted, in a few words
	Text    string // what exactly and why; several lines
	// Warning is set when something is not as it should be.
	Warning bool
	Facts   []Fact
	Fields  []Field
	// ShowPasswords is the text of the check box below the fields.
	ShowPasswords  string
	Accept, Cancel string // buttons
	// Careful leaves the focus on Cancel, so that an Enter meant for another window accepts nothing.
	// Enter in a field always accepts.
	Careful bool
}

// A Fact is one thing that a person should know before deciding.
type Fact struct {
	Label, Value string
	// Digits are shown in a monospaced font.
	Digits bool
}

// A Field is a password to be typed. Ask does not accept an empty one.
type Field struct {
	Name  string // of the secret
	Label string
}

// The ways in which a question ends without an answer.
var (
	ErrCancelled = errors.New("cancelled")
	ErrNoDisplay = errors.New("no window can be shown here: there is no display")
	ErrNotBuilt  = errors.New("no window can be shown here: this program was built without GTK")
)

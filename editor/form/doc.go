// SPDX-License-Identifier: Apache-2.0

// Package form is the settings page without a toolkit: which fields there are, what they are called, when
// they are shown, how they are filled from a connection and read back, and what is wrong with what was typed.
//
// [Fields] corresponds to the table in package profile, so every key of the table has its field (which a test
// checks); help texts, defaults and the rules for values are the table's own. genui generates the two
// GtkBuilder files from it. A [Form] works on [Widgets]: GTK in the library, a map in the tests.
package form

//go:generate go run ../genui -gtk 3 -o ../page-gtk3.ui
//go:generate go run ../genui -gtk 4 -o ../page-gtk4.ui

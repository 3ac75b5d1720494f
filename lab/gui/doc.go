// SPDX-License-Identifier: Apache-2.0

// Package gui reads a GNOME screen as assistive technology does, by AT-SPI, and presses keys.
package gui

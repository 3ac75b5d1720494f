// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"network-manager-softether/po"
)

// Every text a person sees is here or in text.go; words of the command line and of JSON are not translated.
//
//po:extract values
const (
	textUp           = "%s (%s), connected for %s"
	textReconnecting = "%s (%s), reconnecting: the session was lost; addresses and routes are kept"
	textNone         = "No SoftEther connection of yours is active."

	textLine        = "%s: %s"
	textServer      = "Server"
	textServerAt    = "%s, at %s"
	textSoftware    = "Server software"
	textVersion     = "%s %d.%02d, build %d"
	textHub         = "Virtual hub"
	textUser        = "User"
	textSession     = "Session"
	textEncryption  = "Encryption"
	textCertificate = "Server certificate (SHA-256)"
	textConnections = "TCP connections"
	textOf          = "%d of %d"
	textHalfDuplex  = "half duplex"
	textCompressed  = "compressed"
	textUDP         = "UDP acceleration"
	textUDPVersion  = "%s (version %d)"
	textUDPNone     = "off"
	textUDPReserve  = "standing by until TCP loses packets"
	textUDPSilent   = "no answer from the server; UDP may be blocked"
	textUDPReady    = "ready"
	textUDPCarrying = "in use"
	textAddresses   = "Addresses"
	textReceived    = "Received"
	textSent        = "Sent"
	textTraffic     = "%s in %d frames"
	textOvercome    = "Reconnections"
	textRecoveries  = "%d re-attached, %d logged in again"

	textSeconds = "%d s"
	textMinutes = "%d min %d s"
	textHours   = "%d h %d min"
	textDays    = "%d d %d h"

	textErrHelp     = "Try “nm-softether-status --help” for more information."
	textErrArgument = "unexpected argument “%s”"
	textErrOption   = "unknown option %s"
	textErrBus      = "the D-Bus system bus cannot be reached: %w"
	textErrNotUp    = "“%s” is not active, or belongs to another user"
	textErrSilent   = "%s does not answer: %w"
)

// usageLines is what --help says. A line is running text if it has no words.
//
//po:extract help
var usageLines = []struct{ words, help string }{
	{help: "Usage:"},
	{words: "nm-softether-status [--json] [NAME]", help: "show the status of SoftEther connections"},
	{},
	{help: "NAME is the name, UUID or interface of a connection; without it, all connections are shown that you have access to."},
	{},
	{words: "--json", help: "for programs"},
	{words: "--version, --help"},
}

// usage returns the usage in the language of the person.
func usage() string {
	var b strings.Builder
	for _, l := range usageLines {
		switch {
		case l.words == "" && l.help == "":
			b.WriteByte('\n')
		case l.words == "":
			b.WriteString(po.T(l.help) + "\n")
		case l.help == "":
			b.WriteString("  " + l.words + "\n")
		default:
			b.WriteString("  " + l.words + "\n      " + po.T(l.help) + "\n")
		}
	}
	return b.String()
}

// SPDX-License-Identifier: Apache-2.0

package main

// Every text a person sees is here or in usage.go; words of the command line and of JSON are not translated.
//
//po:extract values
const (
	textHeadCountry  = "COUNTRY"
	textHeadAddress  = "ADDRESS"
	textHeadPort     = "PORT"
	textHeadSpeed    = "SPEED"
	textHeadPing     = "PING"
	textHeadSessions = "SESSIONS"
	textHeadUptime   = "UPTIME"

	textSpeed   = "%.1f Mbit/s"
	textPing    = "%d ms"
	textMinutes = "%d min"
	textHours   = "%d h"
	textDays    = "%d d"

	textFetching   = "Fetching the list of relays: %s"
	textKiB        = "%d KiB"
	textShown      = "Relays shown: %d of %d."
	textNoTCP      = "Left out, as no TCP port is known of them: %d."
	textDamaged    = "Damaged rows skipped: %d."
	textIncomplete = "The list has no end mark: it may be incomplete."

	textAdded      = "Added the connection “%s”."
	textAlready    = "There is a connection to this relay already: “%s”."
	textConnect    = "Connect with:"
	textDisconnect = "Disconnect with:"

	textTrust   = "The first time you are asked whether you trust the relay's certificate. Nobody vouches for the fingerprints of volunteers' relays, so your “yes” means: from now on the same relay or none."
	textPrivacy = "Who runs the relay (a stranger) sees what you send without encryption of its own, and relays keep logs. IPv6 does not go through the relay."

	textErrNoCommand   = "a command is missing: list or add"
	textErrCommand     = "unknown command “%s”: there are list and add"
	textErrHelp        = "nm-softether-vpngate --help says what there is"
	textErrArgument    = "unexpected argument “%s”"
	textErrBothSources = "give --url or --file, not both"
	textErrLimit       = "--limit wants a number of relays, 0 for all of them"
	textErrAddLimit    = "--limit is for list: add makes one connection"
	textErrMinSpeed    = "--min-speed wants a number of Mbit/s"
	textErrMaxPing     = "--max-ping wants a number of ms"
	textErrTimeout     = "--timeout wants a duration from 1s to 1h"
	textErrSort        = "--sort %s: it can be %s"
	textErrCountry     = "--country %s: a country is two letters, as in JP"
	textErrAddress     = "%s is no address of a relay; give one that list shows, as in 192.0.2.1 or 192.0.2.1:443"
	textErrAllUsers    = "--all-users is for add"

	textErrScheme    = "the list is fetched by https or http, and %s is neither"
	textErrRedirect  = "the list's server sends us from https to http, which is not safe"
	textErrRedirects = "the list's server sends us from one place to the next without end"
	textErrStatus    = "%s answered %d %s; try again later, or save the list from another computer and use --file"
	textErrFetch     = "fetching the list failed: %w"
	textErrSlow      = "fetching the list took longer than %v; try again, or with a longer --timeout"
	textErrTooBig    = "the list is larger than %d MiB, so it is none of VPN Gate"
	textErrRows      = "the list has more than %d rows, so it is none of VPN Gate"
	textErrRead      = "reading the list failed: %w"
	textErrNotList   = "this is not the list of VPN Gate (its first line is not *vpn_servers); if a hotspot wants a login, log in first"
	textErrColumns   = "this list of VPN Gate has no column %s: it may be newer than this program"

	textErrNone    = "no relay of the list is like that"
	textErrUnknown = "the list has no relay %s with a TCP port"
	textErrNoBus   = "the system's D-Bus cannot be reached: %w"
	textErrNoNM    = "NetworkManager does not run"
	textErrLook    = "looking through NetworkManager's connections failed: %w"
	textErrAdd     = "NetworkManager did not add the connection: %w"
	textErrWrite   = "writing the answer failed: %w"
	textErrStopped = "interrupted"
)

// textUnknown stands for what the list does not say.
const textUnknown = "-"

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

	textFetching   = "Downloading the list of relays: %s"
	textKiB        = "%d KiB"
	textShown      = "Relays shown: %d of %d."
	textNoTCP      = "Relays without a TCP port, not shown: %d."
	textDamaged    = "Damaged rows skipped: %d."
	textIncomplete = "The list may be incomplete: its end is missing."

	textAdded      = "Added the connection “%s”."
	textAlready    = "A connection to this relay already exists: “%s”."
	textConnect    = "To connect:"
	textDisconnect = "To disconnect:"

	textTrust   = "On the first connection, you are asked whether to trust the relay's certificate. No one can confirm its fingerprint, as relays are run by volunteers. If you trust it, only a relay with this certificate is accepted from then on."
	textPrivacy = "The relay is run by a stranger, who can see everything you send that is not encrypted by itself. Relays keep connection logs. Relays have no IPv6, so it is blocked while you are connected."

	textErrNoCommand   = "no command given; use list or add"
	textErrCommand     = "unknown command “%s”; use list or add"
	textErrHelp        = "Try “nm-softether-vpngate --help” for more information."
	textErrArgument    = "unexpected argument “%s”"
	textErrOption      = "unknown option %s"
	textErrBothSources = "--url and --file cannot be used together"
	textErrLimit       = "--limit must be a number of relays, or 0 for all"
	textErrAddLimit    = "--limit can only be used with list, as add creates a single connection"
	textErrMinSpeed    = "--min-speed must be a number, in Mbit/s"
	textErrMaxPing     = "--max-ping must be a number, in ms"
	textErrTimeout     = "--timeout must be a duration from 1s to 1h"
	textErrSort        = "--sort %s: must be one of %s"
	textErrCountry     = "--country %s: must be a two-letter country code, such as JP"
	textErrAddress     = "%s is not the address of a relay; use one shown by list, as in 192.0.2.1 or 192.0.2.1:443"
	textErrAllUsers    = "--all-users can only be used with add"

	textErrScheme    = "%s is not an https or http address"
	textErrRedirect  = "the server redirects from https to http, which is not secure"
	textErrRedirects = "the server redirects too many times"
	textErrStatus    = "%s answered with %d %s; try again later, or download the list on another computer and use --file"
	textErrReach     = "%s could not be reached: %s. Check your Internet connection, or download the list on another computer and use --file"
	textErrProxy     = "the proxy could not be used: %s. Check https_proxy and http_proxy, or download the list on another computer and use --file"
	textErrFetch     = "the list could not be downloaded: %w"
	textErrSlow      = "downloading the list took longer than %v; try again with a longer --timeout, or download it on another computer and use --file"
	textErrTooBig    = "this is not a list of VPN Gate relays: it is larger than %d MiB"
	textErrRows      = "this is not a list of VPN Gate relays: it has more than %d rows"
	textErrRead      = "the list could not be read: %w"
	textErrNotList   = "this is not a list of VPN Gate relays (the first line is not *vpn_servers); if your network requires you to log in, do that first"
	textErrColumns   = "this list of VPN Gate relays has no column %s; it may be newer than this program"

	textWhyName        = "its name could not be resolved"
	textWhyRefused     = "the connection was refused"
	textWhyNetwork     = "the network is unreachable"
	textWhyClosed      = "the connection was closed"
	textWhySilent      = "there was no answer"
	textWhyCertificate = "its certificate could not be verified"

	textErrNone    = "no relay matches"
	textErrUnknown = "the list has no relay %s with a TCP port"
	textErrNoBus   = "the D-Bus system bus cannot be reached: %w"
	textErrNoNM    = "NetworkManager is not running"
	textErrLook    = "NetworkManager's connections could not be read: %w"
	textErrAdd     = "NetworkManager did not add the connection: %w"
	textErrWrite   = "the output could not be written: %w"
	textErrStopped = "interrupted"
)

// textUnknown stands for what the list does not give.
const textUnknown = "-"

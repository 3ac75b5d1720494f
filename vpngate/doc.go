// SPDX-License-Identifier: Apache-2.0

// Nm-softether-vpngate finds a VPN Gate relay, one of the public SoftEther servers run by volunteers, and
// creates a NetworkManager connection for it.
//
// It is run by a person, never by the service, and needs no privilege of its own: NetworkManager decides who
// may add a connection. Data flows one way: [fetch] or a file provides bytes, [parseList] relays, [choose]
// the wanted ones, and then they are shown ([writeTable], [writeJSON]) or added ([settings.add]).
//
// The list is written by strangers and names strangers. So nothing in it is used as it stands: addresses,
// ports, numbers and country codes are parsed into values of their own type, the few words that are shown
// lose everything that could control a terminal, and the name of a connection is made of the checked country
// code and address only.
package main

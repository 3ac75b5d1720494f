// SPDX-License-Identifier: Apache-2.0

// Nm-softether-vpngate finds a relay of VPN Gate, the public SoftEther servers that volunteers run, and makes
// a NetworkManager connection for it.
//
// A person runs it; the service never does, and it needs no privilege of its own: NetworkManager decides who may add
// a connection. It goes one way: [fetch] or a file gives bytes, [parseList] relays, [choose] the wanted ones, and
// then they are shown ([writeTable], [writeJSON]) or added ([settings.add]).
//
// The list is written by strangers and names strangers. So nothing of it is taken as it stands: addresses, ports, numbers and country
// codes are read into values of their own type, the few words that are shown lose everything a terminal could obey,
// and the name of a connection is made of the checked country code and address alone.
package main

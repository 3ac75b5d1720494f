// SPDX-License-Identifier: Apache-2.0

// Package nodeid derives the identifiers by which the server and its network know a computer: the MAC address
// of the virtual device and the UniqueId of the node information.
//
// It is separate from package profile because settings programs load that one and need neither: what
// crypto/sha256 and crypto/rand bring along costs each of them 0.4 MB.
package nodeid

import (
	"crypto/rand"
	"crypto/sha256"
	"net"
	"strings"

	"network-manager-softether/profile"
)

// Domains of the derivations: neither result reveals anything about the other.
const (
	macDomain      = "network-manager-softether mac address\x00"
	uniqueIDDomain = "network-manager-softether unique id\x00"
)

// MAC returns the address that the key mac asks for; with [profile.MACRandom], a new one at every call.
func MAC(p *profile.Profile) net.HardwareAddr {
	switch p.MACMode {
	case profile.MACExplicit:
		return p.MAC
	case profile.MACRandom:
		mac := make(net.HardwareAddr, 6)
		_, _ = rand.Read(mac) // never fails (crypto/rand)
		mac[0] = local
		return mac
	}
	return StableMAC(p.UUID)
}

// local makes an address unicast and locally administered; the official client uses the same byte
// (softether-protocol.md 13.1).
const local = 0x5e

// StableMAC derives the MAC address of mac=stable: the first six bytes of
// SHA-256("network-manager-softether mac address\0" + UUID in lower case), the first of them replaced by 5e.
func StableMAC(uuid string) net.HardwareAddr {
	sum := derive(macDomain, uuid)
	sum[0] = local
	return net.HardwareAddr(sum[:6])
}

// UniqueID derives the UniqueId of the node information: the first 16 bytes of
// SHA-256("network-manager-softether unique id\0" + UUID in lower case). The server uses it to count the
// sessions of a user.
func UniqueID(uuid string) [16]byte {
	sum := derive(uniqueIDDomain, uuid)
	return [16]byte(sum[:16])
}

func derive(domain, uuid string) [sha256.Size]byte {
	return sha256.Sum256([]byte(domain + strings.ToLower(uuid)))
}

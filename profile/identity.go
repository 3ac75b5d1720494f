// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"crypto/rand"
	"crypto/sha256"
	"net"
	"strings"
)

// Domains of the derivations: neither result tells anything about the other.
const (
	macDomain      = "network-manager-softether mac address\x00"
	uniqueIDDomain = "network-manager-softether unique id\x00"
)

// StableMAC derives the MAC address of mac=stable: the first six bytes of
// SHA-256("network-manager-softether mac address\0" + UUID in lower case), the
// first of them replaced by 5e. That byte makes the address unicast and locally
// administered, and is the one the official client uses (softether-protocol.md 13.1).
func StableMAC(uuid string) net.HardwareAddr {
	sum := derive(macDomain, uuid)
	sum[0] = 0x5e
	return net.HardwareAddr(sum[:6])
}

// UniqueIDOf derives the UniqueId of the node information: the first 16 bytes of
// SHA-256("network-manager-softether unique id\0" + UUID in lower case). The server
// counts sessions of one user by it.
func UniqueIDOf(uuid string) [16]byte {
	sum := derive(uniqueIDDomain, uuid)
	return [16]byte(sum[:16])
}

func derive(domain, uuid string) [sha256.Size]byte {
	return sha256.Sum256([]byte(domain + strings.ToLower(uuid)))
}

// identify fills in what depends on the UUID.
func (p *Profile) identify() error {
	if p.UUID == "" {
		return &MissingError{Key: "connection.uuid", Help: "every connection of NetworkManager has one; the caller must pass it on"}
	}
	p.UniqueID = UniqueIDOf(p.UUID)
	switch {
	case p.MAC != nil:
	case p.MACMode == MACRandom:
		p.MAC = make(net.HardwareAddr, 6)
		_, _ = rand.Read(p.MAC) // never fails (crypto/rand)
		p.MAC[0] = 0x5e
	default:
		p.MAC = StableMAC(p.UUID)
	}
	return nil
}

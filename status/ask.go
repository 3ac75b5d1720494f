// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

// A connection is the answer of one service. The JSON names are part of the interface:
// data/nm-softether-status.1 lists them. What only a living session has is null while a lost one is being
// replaced.
type connection struct {
	ID             string   `json:"id" bus:"Id"`
	UUID           string   `json:"uuid" bus:"Uuid"`
	Interface      string   `json:"interface" bus:"Interface"`
	Phase          string   `json:"phase" bus:"Phase"`
	Server         string   `json:"server" bus:"Server"`
	Hub            string   `json:"hub" bus:"Hub"`
	User           string   `json:"user" bus:"User"`
	Addresses      []string `json:"addresses" bus:"Addresses"`
	SentBytes      uint64   `json:"sent_bytes" bus:"SentBytes"`
	SentFrames     uint64   `json:"sent_frames" bus:"SentFrames"`
	ReceivedBytes  uint64   `json:"received_bytes" bus:"ReceivedBytes"`
	ReceivedFrames uint64   `json:"received_frames" bus:"ReceivedFrames"`
	NewLogins      uint32   `json:"new_logins" bus:"NewLogins"`
	Reattachments  uint32   `json:"reattachments" bus:"Reattachments"`

	Session *session `json:"session"`
}

type session struct {
	Since          int64  `json:"since" bus:"Since"`
	ServerAddress  string `json:"server_address" bus:"ServerAddress"`
	ServerProduct  string `json:"server_product" bus:"ServerProduct"`
	ServerVersion  uint32 `json:"server_version" bus:"ServerVersion"`
	ServerBuild    uint32 `json:"server_build" bus:"ServerBuild"`
	Name           string `json:"name" bus:"Session"`
	TLS            string `json:"tls" bus:"Tls"`
	Cipher         string `json:"cipher" bus:"Cipher"`
	Certificate    string `json:"certificate_sha256" bus:"CertificateSha256"`
	Connections    uint32 `json:"tcp_connections" bus:"TcpConnections"`
	MaxConnections uint32 `json:"max_tcp_connections" bus:"MaxTcpConnections"`
	HalfDuplex     bool   `json:"half_duplex" bus:"HalfDuplex"`
	Compression    bool   `json:"compression" bus:"Compression"`
	UDP            string `json:"udp" bus:"Udp"`
	UDPVersion     uint32 `json:"udp_version" bus:"UdpVersion"`
}

// ask returns what the services on the bus answer, ordered by name, and why others did not. A service that is
// not connected is neither.
func ask(ctx context.Context, bus *dbus.Conn) (found []connection, silent []error, err error) {
	var names []string
	if err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.ListNames", 0).Store(&names); err != nil {
		return nil, nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		return name != profile.ServiceType && !strings.HasPrefix(name, profile.ServiceType+".Connection_")
	})
	// All at once: one that hangs takes all the time there is.
	facts, errs := make([]map[string]dbus.Variant, len(names)), make([]error, len(names))
	var asking sync.WaitGroup
	for i, name := range names {
		asking.Go(func() {
			errs[i] = bus.Object(name, profile.StatusPath).
				CallWithContext(ctx, "org.freedesktop.DBus.Properties.GetAll", dbus.FlagNoAutoStart, profile.StatusInterface).Store(&facts[i])
		})
	}
	asking.Wait()
	for i, err := range errs {
		if err == nil {
			found = append(found, read(facts[i]))
		} else if e, ok := errors.AsType[dbus.Error](err); !ok || !harmless[e.Name] {
			silent = append(silent, po.Errorf(textErrSilent, names[i], err))
		}
	}
	slices.SortFunc(found, func(a, b connection) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.UUID, b.UUID)) })
	return found, silent, nil
}

// harmless are the refusals that need no words: the service has no connection, or has just ended, or belongs
// to somebody else.
var harmless = map[string]bool{
	profile.ServiceType + ".Error.NotConnected":               true,
	"org.freedesktop.DBus.Error.ServiceUnknown":               true,
	"org.freedesktop.DBus.Error.NameHasNoOwner":               true,
	"org.freedesktop.DBus.Error.AccessDenied":                 true,
	"org.freedesktop.DBus.Error.NoReply":                      true,
	"org.freedesktop.DBus.Error.Disconnected":                 true,
	"org.freedesktop.NetworkManager.VPN.Error.AlreadyStopped": true,
}

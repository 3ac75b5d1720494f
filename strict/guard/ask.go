// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// While everything is blocked and there is no VPN, the name of another server can only be resolved in the
// clear. That is done here, once, through a hole that exists only as long as needed: UDP to port 53 of the
// networks' name servers, from a few ports that no other program chooses by chance, by this user. What passes
// through it is the name of the server, to which the VPN connects in the clear as well. Nothing of the hole
// is stored.

const (
	askPort   = 21317 // the first; below those that the kernel assigns
	askPorts  = 16    // each query has one of its own
	askTime   = 8 * time.Second
	maxAsked  = 4
	domainUDP = 53
)

var errNobodyToAsk = errors.New("the networks that are connected have no name servers")

// ask resolves a name through the guard.
func (m *Manager) ask(host string, l Locks) ([]netip.Addr, error) {
	servers := m.nameServers()
	if len(servers) == 0 {
		return nil, errNobodyToAsk
	}
	device, err := m.loopback()
	if err != nil {
		return nil, err
	}
	s := connection(l)
	for name, family := range map[string]int{"ipv4": unix.AF_INET, "ipv6": unix.AF_INET6} {
		list, _ := s[name]["routing-rules"].Value().([]map[string]dbus.Variant)
		for _, a := range servers {
			if a.Is4() == (family == unix.AF_INET) {
				list = append(list, hole(a, family))
			}
		}
		s[name]["routing-rules"] = dbus.MakeVariant(list)
	}
	defer m.closeHole(device, connection(l))
	if err := m.call(device, deviceIface+".Reapply", s, uint64(0), uint32(0)).Err; err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(m.ctx, askTime)
	defer cancel()
	return lookupBy(ctx, host, servers)
}

// closeHole is also done when the program is about to end.
func (m *Manager) closeHole(device dbus.ObjectPath, s Settings) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.ctx), askTime)
	defer cancel()
	_ = m.bus.Object(nmName, device).CallWithContext(ctx, deviceIface+".Reapply", m.flags, s, uint64(0), uint32(0)).Err // otherwise a Renew does it
}

// holed reports whether a hole was left behind, as by a program that was killed.
func (m *Manager) holed() bool {
	device, err := m.loopback()
	if err != nil {
		return false
	}
	var applied Settings
	var version uint64
	if m.call(device, deviceIface+".GetAppliedConnection", uint32(0)).Store(&applied, &version) != nil {
		return false
	}
	return slices.ContainsFunc(families, func(family string) bool {
		return slices.ContainsFunc((Connection{settings: applied}).rules(family), isHole)
	})
}

func isHole(r map[string]dbus.Variant) bool {
	return r["priority"].Value() == uint32(prioLease) && r["sport-start"].Value() == uint16(askPort)
}

// hole returns the rule for one name server.
func hole(a netip.Addr, family int) map[string]dbus.Variant {
	user := uint32(os.Getuid())
	return map[string]dbus.Variant{
		"family": dbus.MakeVariant(int32(family)), "priority": dbus.MakeVariant(uint32(prioLease)), "table": dbus.MakeVariant(uint32(unix.RT_TABLE_MAIN)),
		"to": dbus.MakeVariant(a.String()), "to-len": dbus.MakeVariant(byte(a.BitLen())), "ipproto": dbus.MakeVariant(byte(unix.IPPROTO_UDP)),
		"sport-start": dbus.MakeVariant(uint16(askPort)), "sport-end": dbus.MakeVariant(uint16(askPort + askPorts - 1)),
		"dport-start": dbus.MakeVariant(uint16(domainUDP)), "dport-end": dbus.MakeVariant(uint16(domainUDP)),
		"uid-range-start": dbus.MakeVariant(user), "uid-range-end": dbus.MakeVariant(user),
	}
}

// lookupBy asks these servers in turn, from the ports of the hole, whatever the system's own servers are.
func lookupBy(ctx context.Context, host string, servers []netip.Addr) ([]netip.Addr, error) {
	var turn atomic.Uint32
	var errs []error
	for _, server := range servers {
		r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			port := askPort + int(turn.Add(1)-1)%askPorts
			d := net.Dialer{LocalAddr: &net.UDPAddr{Port: port}}
			return d.DialContext(ctx, "udp", netip.AddrPortFrom(server, domainUDP).String())
		}}
		ctx, cancel := context.WithTimeout(ctx, askTime/maxAsked)
		list, err := r.LookupNetIP(ctx, "ip", host)
		cancel()
		if list = tidy(slices.DeleteFunc(list, func(a netip.Addr) bool { return !Usable(a.Unmap()) })); len(list) > 0 {
			return list, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// nameServers returns those of the connected networks, VPNs excluded.
func (m *Manager) nameServers() []netip.Addr {
	all, err := m.property(nmPath, nmName, "ActiveConnections")
	if err != nil {
		return nil
	}
	var list []netip.Addr
	paths, _ := all.Value().([]dbus.ObjectPath)
	for _, p := range paths {
		if vpn, err := m.property(p, activeIface, "Vpn"); err != nil || vpn.Value() == true {
			continue
		}
		for name, iface := range map[string]string{"Ip4Config": nmName + ".IP4Config", "Ip6Config": nmName + ".IP6Config"} {
			at, err := m.property(p, activeIface, name)
			path, ok := at.Value().(dbus.ObjectPath)
			if err != nil || !ok || path == "/" {
				continue
			}
			if data, err := m.property(path, iface, "NameserverData"); err == nil { // IPv4
				entries, _ := data.Value().([]map[string]dbus.Variant)
				for _, e := range entries {
					list = append(list, asked(text(e["address"]))...)
				}
			} else if data, err := m.property(path, iface, "Nameservers"); err == nil { // IPv6
				entries, _ := data.Value().([][]byte)
				for _, b := range entries {
					if a, ok := netip.AddrFromSlice(b); ok {
						list = append(list, asked(a.String())...)
					}
				}
			}
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	list = slices.Compact(list)
	return list[:min(len(list), maxAsked)]
}

// asked returns the address if it can be asked: a link-local one would require the link.
func asked(s string) []netip.Addr {
	a, err := netip.ParseAddr(s)
	if a = a.Unmap(); err != nil || !Usable(a) || a.IsLinkLocalUnicast() {
		return nil
	}
	return []netip.Addr{a}
}

// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"fmt"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

// withData is office with other values in vpn.data.
func withData(pairs ...string) Connection {
	return office(func(s Settings) {
		data := map[string]string{"gateway": "192.0.2.1"}
		for i := 0; i < len(pairs); i += 2 {
			data[pairs[i]] = pairs[i+1]
		}
		s["vpn"]["data"] = dbus.MakeVariant(data)
	})
}

func lockOf(host string, lan bool, servers ...string) Lock {
	return Lock{LAN: lan, Servers: addrs(servers...), mark: markOf("u", host)}
}

// set is a profile as the guard leaves it.
func set(v Connection, l Lock) Connection { return Connection{settings: v.locked(l)} }

func guarding(l Locks) Connection { return Connection{path: "/guard", settings: connection(l)} }

func ethernet(l Locks) Connection {
	n := Connection{settings: Settings{
		"connection": {"type": dbus.MakeVariant("802-3-ethernet"), "uuid": dbus.MakeVariant("n")},
		"ipv4":       {"method": dbus.MakeVariant("auto")}, "ipv6": {"method": dbus.MakeVariant("auto")},
	}}
	s, _ := n.withRules(l)
	return Connection{settings: s}
}

func TestStepsFollowTheProfiles(t *testing.T) {
	one := lockOf("192.0.2.1", false, "192.0.2.1")
	on := withData("strict", "yes")
	named := withData("gateway", "vpn.example.com", "strict", "yes")
	lock := lockOf("vpn.example.com", false, "192.0.2.1")
	old := Lock{Servers: addrs("192.0.2.1")} // without a mark, of an earlier version
	changed := func(v Connection, pairs ...string) Connection {
		data := v.data()
		for i := 0; i < len(pairs); i += 2 {
			data[pairs[i]] = pairs[i+1]
		}
		s := v.copy()
		s["vpn"]["data"] = dbus.MakeVariant(data)
		return Connection{settings: s}
	}
	for name, tt := range map[string]struct {
		v      Connection
		locks  Locks
		change func(*State)
		want   string
	}{
		"nothing wanted, nothing there":          {withData(), nil, nil, "[]"},
		"the key is set":                         {on, nil, nil, "[1]"},
		"all as it should be":                    {set(on, one), Locks{"u": one}, nil, "[]"},
		"of an earlier version":                  {set(on, old), Locks{"u": old}, nil, "[]"},
		"of an earlier version, another address": {changed(set(on, old), "gateway", "192.0.2.2"), Locks{"u": old}, nil, "[1]"},
		"the lock is there, the profile not yet": {on, Locks{"u": one}, nil, "[1]"},
		"the profile is there, the lock is lost": {set(on, one), nil, nil, "[1]"},
		"the local network, too":                 {changed(set(on, one), "strict", "allow-lan"), Locks{"u": one}, nil, "[1]"},
		"another gateway":                        {changed(set(named, lock), "gateway", "vpn2.example.com"), Locks{"u": lock}, nil, "[1]"},
		"another port":                           {changed(set(named, lock), "gateway", "vpn.example.com:992", "port", "992"), Locks{"u": lock}, nil, "[]"},
		"a proxy":                                {changed(set(named, lock), "proxy-type", "http", "proxy-server", "proxy.example:3128"), Locks{"u": lock}, nil, "[1]"},
		"other addresses by hand":                {changed(set(named, lock), "server-addresses", "192.0.2.9"), Locks{"u": lock}, nil, "[1]"},
		"what is impossible":                     {changed(set(named, lock), "transport", "udp"), Locks{"u": lock}, nil, "[1]"},
		"the key says no":                        {changed(set(on, one), "strict", "no"), Locks{"u": one}, nil, "[2]"},
		"the key says no, the lock is gone":      {changed(set(on, one), "strict", "no"), nil, nil, "[2]"},
		"somebody turns it on or off just now":   {withData(), Locks{"u": one}, nil, "[3]"},
		"of another person":                      {withData(), Locks{"x": one}, nil, "[]"},
		"of a deleted one":                       {withData(), Locks{"x": one}, func(s *State) { s.Deleted = []string{"x"} }, "[5]"},
		"of a deleted one, and nothing blocks":   {withData(), Locks{"x": one}, func(s *State) { s.Deleted, s.Active = []string{"x"}, false }, "[]"},
		"blanks around the key":                  {withData("strict", " yes "), nil, nil, "[1]"},
		"and the guard is down":                  {withData(), Locks{"x": one}, func(s *State) { s.Active = false }, "[]"},
		"the guard is down":                      {set(on, one), Locks{"u": one}, func(s *State) { s.Active = false }, "[4]"},
		"the guard has other rules":              {set(on, one), Locks{"u": one}, func(s *State) { s.Guard.settings["ipv4"]["routing-rules"] = dbus.Variant{} }, "[4]"},
		"a new network":                          {set(on, one), Locks{"u": one}, func(s *State) { s.Networks = []Connection{ethernet(nil)} }, "[4]"},
		"a new network, another person's lock":   {withData(), Locks{"x": one}, func(s *State) { s.Networks = []Connection{ethernet(nil)} }, "[]"},
		"rules that were left":                   {withData(), nil, func(s *State) { s.Networks = []Connection{ethernet(Locks{"u": one})} }, "[4]"},
	} {
		s := State{VPNs: []Connection{tt.v}, Locks: tt.locks, Active: len(tt.locks) > 0}
		if len(tt.locks) > 0 {
			s.Guard = guarding(tt.locks)
		}
		if tt.change != nil {
			tt.change(&s)
		}
		actions := []Action{}
		for _, step := range s.Steps() {
			actions = append(actions, step.Action)
			if step.Action != Renew && step.Action != Tell && (step.UUID != "u" || step.Name != "Office" || step.For == "") {
				t.Errorf("%s: %+v", name, step)
			}
		}
		if got := fmt.Sprint(actions); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// Whatever is wanted, what Do then writes leaves nothing to do.
func TestWhatTheProfileAsksFor(t *testing.T) {
	m := &Manager{ctx: t.Context()}
	before := lockOf("192.0.2.1", false, "192.0.2.1", "192.0.2.8")
	for name, tt := range map[string]struct {
		v    Connection
		l    Locks
		want string
	}{
		"first":                            {withData("strict", "yes"), nil, "yes, 192.0.2.1"},
		"with addresses of a cluster":      {withData("strict", "allow-lan", "server-addresses", "192.0.2.7 0.0.0.0 junk"), nil, "allow-lan, 192.0.2.1 192.0.2.7"},
		"the same server":                  {withData("strict", "allow-lan", "server-addresses", "192.0.2.1 192.0.2.8"), Locks{"u": before}, "allow-lan, 192.0.2.1 192.0.2.8"},
		"the same server, list removed":    {withData("strict", "yes"), Locks{"u": before}, "yes, 192.0.2.1 192.0.2.8"},
		"another server":                   {withData("strict", "yes", "gateway", "192.0.2.2", "server-addresses", "192.0.2.1 192.0.2.8"), Locks{"u": before}, "yes, 192.0.2.2"},
		"another server and its addresses": {withData("strict", "yes", "gateway", "192.0.2.2", "server-addresses", "192.0.2.9"), Locks{"u": before}, "yes, 192.0.2.2 192.0.2.9"},
		"IPv6":                             {withData("strict", "yes", "gateway", "[2001:db8::1]:992"), nil, "yes, 2001:db8::1"},
		"no server":                        {withData("strict", "yes", "gateway", ""), nil, ""},
	} {
		one, err := m.wanted(tt.v, State{Locks: tt.l})
		if (err == nil) != (tt.want != "") || err == nil && one.String() != tt.want {
			t.Errorf("%s: %v, %v, want %s", name, one, err, tt.want)
			continue
		}
		if err != nil {
			continue
		}
		l := Locks{"u": one}
		read := readLocks(connection(l))
		s := State{VPNs: []Connection{set(tt.v, one)}, Guard: guarding(l), Locks: read, Active: true, Networks: []Connection{ethernet(l)}}
		if steps := s.Steps(); len(steps) != 0 {
			t.Errorf("%s: left to do: %+v", name, steps)
		}
	}
}

func TestRulesAreComparedToTheirEnds(t *testing.T) {
	rule := func(pairs ...any) map[string]dbus.Variant {
		r := map[string]dbus.Variant{"family": dbus.MakeVariant(int32(2))}
		for i := 0; i < len(pairs); i += 2 {
			r[pairs[i].(string)] = dbus.MakeVariant(pairs[i+1])
		}
		return r
	}
	for _, tt := range []struct {
		a, b map[string]dbus.Variant
		same bool
	}{
		{rule("to", "10.0.0.0", "to-len", byte(8)), rule("to", "10.0.0.0", "to-len", byte(16)), false},
		{rule("sport-start", uint16(68), "sport-end", uint16(68)), rule("sport-start", uint16(68)), true}, // as NetworkManager gives it back
		{rule("sport-start", uint16(68), "sport-end", uint16(69)), rule("sport-start", uint16(68)), false},
		{rule("dport-start", uint16(67), "dport-end", uint16(670)), rule("dport-start", uint16(67), "dport-end", uint16(67)), false},
		{rule("fwmark", uint32(1)), rule(), false},
	} {
		if sameRule(tt.a, tt.b) != tt.same {
			t.Errorf("%v and %v: same is %t\n%s", tt.a, tt.b, !tt.same, cmp.Diff(fmt.Sprint(tt.a), fmt.Sprint(tt.b)))
		}
	}
}

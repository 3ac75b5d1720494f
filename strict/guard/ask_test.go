// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

func TestAHoleIsForOneServerAndNothingElse(t *testing.T) {
	a := addrs("192.0.2.53")[0]
	r := hole(a, unix.AF_INET)
	if got := outline([]map[string]dbus.Variant{r}); got[0] != "30991: to 192.0.2.53 to-len 32 ipproto 17 sport-start 21317 dport-end 53 table 254" {
		t.Errorf("the rule is %q", got)
	}
	for _, key := range []string{"uid-range-start", "uid-range-end", "sport-end", "dport-start"} {
		if r[key].Value() == nil {
			t.Errorf("the rule has no %s: %v", key, r)
		}
	}
	if !isHole(r) || !fromHere(r) || slices.ContainsFunc(rules(Locks{"u": {Servers: addrs("192.0.2.1")}}, unix.AF_INET), isHole) {
		t.Error("a hole is not told from the other rules")
	}
}

func TestOnlyServersThatAreSomewhereAreAsked(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.53": "[192.0.2.53]", "2001:db8::53": "[2001:db8::53]", "::ffff:192.0.2.53": "[192.0.2.53]",
		"127.0.0.53": "[]", "::1": "[]", "fe80::53": "[]", "fe80::53%eth0": "[]", "0.0.0.0": "[]", "224.0.0.251": "[]", "x": "[]", "": "[]",
	} {
		if got := fmt.Sprint(asked(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// A hole that a program has left, as it was killed, is closed by whoever follows the profiles next.
func TestAHoleThatWasLeftIsClosed(t *testing.T) {
	nm := &fakeNM{}
	m := startNM(t, nm, withData("strict", "yes", "gateway", "192.0.2.1").settings)
	do(t, m)
	s, err := m.Read()
	if err != nil || !s.Active || len(s.Steps()) > 0 {
		t.Fatalf("before: %v, %v, %v", s.Active, s.Steps(), err)
	}
	holed := connection(s.Locks)
	list := append((Connection{settings: holed}).rules("ipv4"), hole(addrs("192.0.2.53")[0], unix.AF_INET))
	holed["ipv4"]["routing-rules"] = dbus.MakeVariant(list)
	nm.mu.Lock()
	nm.applied = holed
	nm.mu.Unlock()
	nm.took()
	do(t, m)
	if s, err := m.Read(); err != nil || !s.Active || len(s.Steps()) > 0 {
		t.Errorf("after: %v, %v, %v", s.Active, s.Steps(), err)
	}
	if calls := nm.took(); !strings.Contains(calls, "Reapply") {
		t.Errorf("the calls are %s", calls)
	}
}

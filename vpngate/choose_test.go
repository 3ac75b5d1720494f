// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// some are relays told apart by the last number of their address.
var some = []relay{
	{addr: netip.MustParseAddr("192.0.2.1"), port: 443, code: "KR", country: "Korea Republic of", speed: 50e6, ping: 30, sessions: 5, uptime: time.Hour, score: 4},
	{addr: netip.MustParseAddr("192.0.2.2"), port: 992, code: "JP", country: "Japan", speed: 900.05e6, ping: unknown, sessions: unknown, uptime: 0, score: 1},
	{addr: netip.MustParseAddr("192.0.2.3"), port: 1352, code: "JP", country: "Japan", speed: 50e6, ping: 3, sessions: 0, uptime: 50 * time.Hour, score: 3},
	{addr: netip.MustParseAddr("203.0.113.104"), port: 65535, code: "", country: "", speed: 0, ping: 300, sessions: 12345, uptime: 3 * time.Minute, score: 2},
}

func TestWhichRelaysInWhichOrder(t *testing.T) {
	for _, test := range []struct {
		why  string
		wish wish
		want string
	}{
		{"fastest first, equals in the list's order", wish{sort: "speed"}, "2 1 3 4"},
		{"slowest first", wish{sort: "speed", reverse: true}, "4 1 3 2"},
		{"nearest first, the unknown last", wish{sort: "ping"}, "3 1 4 2"},
		{"emptiest first, the unknown last", wish{sort: "sessions"}, "3 1 4 2"},
		{"longest up first", wish{sort: "uptime"}, "3 1 4 2"},
		{"by VPN Gate's measure", wish{sort: "score"}, "1 3 4 2"},
		{"by country, then speed", wish{sort: "country"}, "4 2 3 1"},
		{"one country", wish{sort: "speed", countries: []string{"JP"}}, "2 3"},
		{"two countries", wish{sort: "speed", countries: []string{"KR", "JP"}}, "2 1 3"},
		{"a country that is not there", wish{sort: "speed", countries: []string{"US"}}, ""},
		{"a least speed", wish{sort: "speed", minSpeed: 50}, "2 1 3"},
		{"a most ping is nothing an unknown one has", wish{sort: "speed", maxPing: 30}, "1 3"},
		{"the first two", wish{sort: "speed", limit: 2}, "2 1"},
		{"more than there are", wish{sort: "speed", limit: 9}, "2 1 3 4"},
	} {
		got, err := choose(some, test.wish)
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, r := range got {
			for i := range some {
				if some[i] == r {
					order = append(order, strconv.Itoa(i+1))
				}
			}
		}
		if s := strings.Join(order, " "); s != test.want {
			t.Errorf("%s: %s, want %s", test.why, s, test.want)
		}
	}
}

func TestTableFitsTheTerminal(t *testing.T) {
	for width, want := range map[int]string{
		0: `
COUNTRY               ADDRESS         PORT         SPEED    PING  SESSIONS  UPTIME
KR Korea Republic of  192.0.2.1        443   50.0 Mbit/s   30 ms         5     1 h
JP Japan              192.0.2.2        992  900.0 Mbit/s       -         -       -
JP Japan              192.0.2.3       1352   50.0 Mbit/s    3 ms         0     2 d
??                    203.0.113.104  65535             -  300 ms     12345   3 min
`,
		80: `
COUNTRY             ADDRESS         PORT         SPEED    PING  SESSIONS  UPTIME
KR Korea Republic…  192.0.2.1        443   50.0 Mbit/s   30 ms         5     1 h
`,
		60: `
COUNTRY           ADDRESS         PORT         SPEED    PING
KR Korea Republ…  192.0.2.1        443   50.0 Mbit/s   30 ms
`,
		40: `
COUNTRY      ADDRESS               SPEED
`,
		20: `
COUNTRY      ADDRESS
KR Korea R…  192.0.2.1
`,
	} {
		var b strings.Builder
		if err := writeTable(&b, some, width); err != nil {
			t.Fatal(err)
		}
		want = want[1:]
		got := strings.Join(strings.SplitAfter(b.String(), "\n")[:strings.Count(want, "\n")], "")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("width %d (-want +got)\n%s\n%s", width, diff, b.String())
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(line)) - 1; width >= 28 && n > width {
				t.Errorf("a line of %d in a terminal of %d: %s", n, width, line)
			}
		}
	}
}

func TestUptimeForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "-", 59 * time.Second: "0 min", 59*time.Minute + 59*time.Second: "59 min", time.Hour: "1 h",
		47 * time.Hour: "47 h", 48 * time.Hour: "2 d", maxUptime: "36500 d",
	} {
		if got := uptimeText(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

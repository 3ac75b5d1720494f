// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"
	"strings"

	"network-manager-softether/po"
)

// A wish says which relays are wanted, and in which order.
type wish struct {
	countries []string // codes; none = all
	minSpeed  float64  // Mbit/s
	maxPing   int64    // ms; 0 = any, even an unknown one
	sort      string   // one of orders
	reverse   bool
	limit     int // 0 = all
}

const mbit = 1e6

// An order puts the better relay first.
type order struct {
	name    string
	compare func(a, b relay) int
}

var orders = []order{
	{"speed", func(a, b relay) int { return cmp.Compare(b.speed, a.speed) }},
	{"ping", func(a, b relay) int { return lower(a.ping, b.ping) }},
	{"sessions", func(a, b relay) int { return lower(a.sessions, b.sessions) }},
	{"uptime", func(a, b relay) int { return cmp.Compare(b.uptime, a.uptime) }},
	{"score", func(a, b relay) int { return cmp.Compare(b.score, a.score) }},
	{"country", func(a, b relay) int { return cmp.Compare(a.code, b.code) }},
}

// lower puts the lower number first and the unknown one last: as unsigned numbers, -1 is the largest.
func lower(a, b int64) int { return cmp.Compare(uint64(a), uint64(b)) }

func findOrder(name string) (order, error) {
	var names []string
	for _, o := range orders {
		if o.name == name {
			return o, nil
		}
		names = append(names, o.name)
	}
	return order{}, po.Errorf(textErrSort, shown(name, maxWord), strings.Join(names, ", "))
}

// parseCountries reads "JP,kr".
func parseCountries(s string) ([]string, error) {
	var codes []string
	for word := range strings.SplitSeq(s, ",") {
		code := countryCode(word)
		if code == "" {
			return nil, po.Errorf(textErrCountry, shown(word, maxWord))
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// choose returns the relays that are wanted, in order; relays is not changed. Equal ones are in the order of
// speed, then of the list.
func choose(relays []relay, w wish) ([]relay, error) {
	by, err := findOrder(w.sort)
	if err != nil {
		return nil, err
	}
	var found []relay
	for _, r := range relays {
		if w.fits(r) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b relay) int {
		c := by.compare(a, b)
		if w.reverse {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(b.speed, a.speed))
	})
	if w.limit > 0 && len(found) > w.limit {
		found = found[:w.limit]
	}
	return found, nil
}

func (w wish) fits(r relay) bool {
	return (len(w.countries) == 0 || slices.Contains(w.countries, r.code)) &&
		float64(r.speed) >= w.minSpeed*mbit &&
		(w.maxPing == 0 || r.ping != unknown && r.ping <= w.maxPing)
}

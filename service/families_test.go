// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"testing"
	"time"
)

func TestWhenAConnectionIsUp(t *testing.T) {
	err4, err6 := errors.New("no DHCP"), errors.New("no router")
	fam := func(p progress) *family {
		f := &family{progress: p}
		return f
	}
	must := func(f *family) *family { f.must = true; return f }
	needs := func(f *family, d time.Duration) *family { f.required = d; return f }
	fail := func(err error) *family { return &family{progress: failed, err: err} }
	for _, tt := range []struct {
		name    string
		v4, v6  *family
		elapsed time.Duration
		up      bool
		err     error
		wait    time.Duration // less than an hour: when to look again
	}{
		{"a lease is enough at once", fam(found), fam(pending), 0, true, nil, 0},
		{"IPv6 waits a moment for a lease", fam(pending), fam(found), 0, false, nil, settle},
		{"and then no more", fam(pending), fam(found), settle, true, nil, 0},
		{"IPv6 need not wait for what has failed", fail(err4), fam(found), 0, true, nil, 0},
		{"both", fam(found), fam(found), 0, true, nil, 0},
		{"a lease alone, IPv6 off", fam(found), fam(absent), 0, true, nil, 0},
		{"nothing yet", fam(pending), fam(pending), time.Second, false, nil, time.Hour},
		{"no router, still asking for a lease", fam(pending), fail(err6), time.Second, false, nil, time.Hour},
		{"no lease, a router may come", fail(err4), fam(pending), time.Second, false, nil, routerWait - time.Second},
		{"no lease, no router in time", fail(err4), fam(pending), routerWait, false, err4, 0},
		{"neither", fail(err4), fail(err6), 20 * time.Second, false, err4, 0},
		{"no lease, IPv6 off", fail(err4), fam(absent), 20 * time.Second, false, err4, 0},
		{"addresses in the profile wait a moment for a router", fam(static), fam(pending), 0, false, nil, settle},
		{"and then no more for a router", fam(static), fam(pending), settle, true, nil, 0},
		{"IPv6 in the profile does not wait for DHCP for long", fam(pending), fam(static), settle, true, nil, 0},
		{"all in the profile", fam(static), fam(static), 0, true, nil, 0},
		{"layer two only", fam(absent), fam(absent), 0, true, nil, 0},
		{"only IPv6, no router yet", fam(absent), fam(pending), 0, false, nil, routerWait},
		{"layer two, with an eye on routers", fam(absent), fam(pending), routerWait, true, nil, 0},
		{"layer two, no router", fam(absent), fail(err6), time.Second, true, nil, 0},
		{"IPv6 must be there", fam(found), must(fam(pending)), time.Minute, false, nil, time.Hour},
		{"IPv6 had to be there", fam(found), must(fail(err6)), time.Minute, false, err6, 0},
		{"IPv4 must be there", must(fam(pending)), fam(found), time.Minute, false, nil, time.Hour},
		{"IPv4 had to be there", must(fail(err4)), fam(found), time.Minute, false, err4, 0},
		{"both must be there", must(fam(found)), must(fam(found)), 0, true, nil, 0},
		{"IPv6 is waited for", fam(found), needs(fam(pending), 5*time.Second), 2 * time.Second, false, nil, 3 * time.Second},
		{"but only so long", fam(found), needs(fam(pending), 5*time.Second), 5 * time.Second, true, nil, 0},
		{"IPv4 is waited for", needs(fam(pending), 5*time.Second), fam(found), 2 * time.Second, false, nil, 3 * time.Second},
		{"not after it has failed", needs(fail(err4), 5*time.Second), fam(found), 2 * time.Second, true, nil, 0},
	} {
		up, wait, err := enough(tt.v4, tt.v6, tt.elapsed)
		if up != tt.up || !errors.Is(err, tt.err) || !up && err == nil && wait != tt.wait {
			t.Errorf("%s: up %v, wait %v, %v; want %v, %v, %v", tt.name, up, wait, err, tt.up, tt.wait, tt.err)
		}
	}
}

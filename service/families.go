// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"network-manager-softether/profile"
)

// How long to wait for an address family.
const (
	// settle is how long a family without a DHCP exchange waits for the other one: if that joins later,
	// NetworkManager announces all of DNS again. After a lease it does not wait at all, since most hubs have
	// no IPv6 router to wait for.
	settle = 200 * time.Millisecond
	// routerWait is how long to wait for a router if nothing else is waited for.
	routerWait = 3 * time.Second
)

// progress is the state of the search for an address family.
type progress int

const (
	absent  progress = iota // nothing to wait for, and no address: disabled, link-local
	static                  // its addresses are in the profile
	pending                 // being looked for
	found
	failed // for now; the search goes on
)

// A family is an address family of an attempt, as far as waiting is concerned.
type family struct {
	progress
	must     bool          // may-fail=no
	required time.Duration // required-timeout
	news     chan error    // nil: there is an address; otherwise why there is none
	err      error
}

func newFamily(a profile.Addressing) *family {
	f := &family{must: a.MustSucceed, required: a.RequiredTimeout, news: make(chan error, 1)}
	switch {
	case a.Auto:
		f.progress = pending
	case a.Static:
		f.progress = static
	}
	return f
}

// tell reports once how the search for the family went.
func (f *family) tell(err error) {
	select {
	case f.news <- err:
	default: // already reported; what comes later only goes to the connection
	}
}

func (f *family) hear(err error) {
	f.progress, f.err = found, err
	if err != nil {
		f.progress = failed
	}
}

func (f *family) there() bool { return f.progress == found || f.progress == static }

// holds reports whether the connection still has to wait for the family, elapsed after the start.
func (f *family) holds(elapsed time.Duration) bool {
	return f.progress == pending && (f.must || elapsed < f.required)
}

// enough reports whether the connection is up, or why it cannot be, elapsed after the start of the search. If
// it reports neither, look again after wait.
//
// As in NetworkManager, one family is enough if the other may fail, and that joins when it is ready. Only a
// connection whose one automatic family is IPv6, and may fail, comes up with no address: that is how to get
// plain layer two without touching ipv6.method.
func enough(v4, v6 *family, elapsed time.Duration) (up bool, wait time.Duration, err error) {
	for _, f := range []*family{v4, v6} {
		if f.progress == failed && f.must {
			return false, 0, f.err
		}
	}
	switch {
	case v4.holds(elapsed) || v6.holds(elapsed):
		return false, longest(v4, v6, elapsed), nil
	case v4.progress == found, v4.progress != pending && v6.progress != pending && (v4.there() || v6.there()):
		return true, 0, nil
	case v4.there() || v6.there():
		return elapsed >= settle, settle - elapsed, nil
	case v4.progress == pending:
		return false, time.Hour, nil // the search ends by itself
	case v6.progress == pending && elapsed < routerWait:
		return false, routerWait - elapsed, nil
	}
	return v4.err == nil, 0, v4.err
}

// longest returns the time until the next of the required times has passed.
func longest(v4, v6 *family, elapsed time.Duration) time.Duration {
	wait := time.Hour
	for _, f := range []*family{v4, v6} {
		if f.progress == pending && f.required > elapsed {
			wait = min(wait, f.required-elapsed)
		}
	}
	return wait
}

// awaitFamilies returns when the connection can be announced, or cannot come up.
func awaitFamilies(ctx context.Context, v4, v6 *family) error {
	began := time.Now()
	for {
		up, wait, err := enough(v4, v6, time.Since(began))
		if up || err != nil {
			return err
		}
		select {
		case err := <-v4.news:
			v4.hear(err)
		case err := <-v6.news:
			v6.hear(err)
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// errNoIPv6: the profile insists on IPv6.
var errNoIPv6 = errors.New("no IPv6 address, which the profile insists on (ipv6.may-fail=no)")

func noIPv6(err error) error { return fmt.Errorf("%w: %w", errNoIPv6, err) }

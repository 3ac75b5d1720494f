// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"slices"
	"time"

	"network-manager-softether/dhcp/internal/pace"
)

// A table holds what was advertised for a limited time: at most max rows, in the order in which they were
// first heard.
type table[K comparable, V any] struct {
	max  int
	rows []row[K, V]
}

type row[K comparable, V any] struct {
	key   K
	value V
	until time.Time // zero: for ever
}

// set adds or renews the row of key, or removes it if life is 0. It reports false if the table is full.
func (t *table[K, V]) set(key K, value V, life time.Duration, now time.Time) bool {
	i := slices.IndexFunc(t.rows, func(r row[K, V]) bool { return r.key == key })
	switch {
	case life <= 0 && i >= 0:
		t.rows = slices.Delete(t.rows, i, i+1)
	case life <= 0:
	case i >= 0:
		t.rows[i].value, t.rows[i].until = value, after(now, life)
	case len(t.rows) >= t.max:
		return false
	default:
		t.rows = append(t.rows, row[K, V]{key, value, after(now, life)})
	}
	return true
}

func (t *table[K, V]) get(key K) (row[K, V], bool) {
	for _, r := range t.rows {
		if r.key == key {
			return r, true
		}
	}
	return row[K, V]{}, false
}

// expire drops the rows whose time is up.
func (t *table[K, V]) expire(now time.Time) {
	t.rows = slices.DeleteFunc(t.rows, func(r row[K, V]) bool { return left(r.until, now) <= 0 })
}

// next returns the time until the first row expires.
func (t *table[K, V]) next(now time.Time) time.Duration {
	d := forever
	for _, r := range t.rows {
		d = min(d, left(r.until, now))
	}
	return d
}

// after returns the time that is life from now; zero if that is for ever.
func after(now time.Time, life time.Duration) time.Time {
	if life == forever {
		return time.Time{}
	}
	return now.Add(life)
}

// left returns the time until t, which after returned.
func left(t, now time.Time) time.Duration {
	if t.IsZero() {
		return forever
	}
	return pace.Left(t, now)
}

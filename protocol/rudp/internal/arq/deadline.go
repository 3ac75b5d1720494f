// SPDX-License-Identifier: Apache-2.0

package arq

import (
	"sync"
	"time"
)

// A deadline interrupts those who wait for cond. All of it is guarded by cond.L.
type deadline struct {
	cond    sync.Cond
	timer   *time.Timer
	version int // counts calls of set, so that an old timer does no harm
	expired bool
}

// set moves the deadline. The zero time means none.
func (d *deadline) set(t time.Time) {
	d.version++
	d.expired = false
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		d.expired = true
		d.cond.Broadcast()
		return
	}
	version := d.version
	d.timer = time.AfterFunc(wait, func() {
		d.cond.L.Lock()
		defer d.cond.L.Unlock()
		if d.version == version {
			d.expired = true
			d.cond.Broadcast()
		}
	})
}

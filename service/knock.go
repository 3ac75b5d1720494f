// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync/atomic"
	"time"
)

// knockMost bounds a TCP connection for a session that is to be kept. The kernel repeats what goes unanswered after
// longer and longer pauses, the last of them of 4 s: where the way is free again meanwhile, a new attempt finds it sooner.
const knockMost = 3500 * time.Millisecond

// slowTurn is which attempt in a row may take as long as the caller lets it, for networks that are really so slow. By
// then most servers have ended the session.
const slowTurn = 6

// knocks counts attempts in a row to which nobody has answered. It is safe for concurrent use.
type knocks struct{ vain atomic.Uint32 }

// bound returns the context for the next attempt. The caller must call answered.
func (k *knocks) bound(ctx context.Context) (bounded context.Context, answered func(bool)) {
	cancel := func() {}
	if bounded = ctx; (k.vain.Load()+1)%slowTurn != 0 {
		bounded, cancel = context.WithTimeout(ctx, knockMost)
	}
	return bounded, func(yes bool) {
		cancel()
		if yes {
			k.vain.Store(0)
		} else if ctx.Err() == nil {
			k.vain.Add(1)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// hopeless marks an error after which Await need not try again.
type hopeless struct{ error }

// Hopeless marks an error after which Await need not try again.
func Hopeless(err error) error { return hopeless{err} }

func (h hopeless) Unwrap() error { return h.error }

// Await calls check again and again until it returns nil. It returns check's last error once ctx is done or
// time is up. what names what is being waited for.
func Await(ctx context.Context, what string, limit time.Duration, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	pause := 5 * time.Millisecond
	for {
		err := check()
		if err == nil {
			return nil
		}
		if errors.As(err, new(hopeless)) {
			return fmt.Errorf("%s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v for %s: %w", limit, what, err)
		case <-time.After(pause):
		}
		pause = min(2*pause, 100*time.Millisecond)
	}
}

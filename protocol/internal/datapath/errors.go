// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"errors"
	"fmt"
)

// The reasons why a connection ends.
var (
	// ErrMalformed: the server violated the protocol.
	ErrMalformed = errors.New("malformed answer")
	// ErrTimeout: nothing came in time.
	ErrTimeout = errors.New("timed out")
	// ErrLost: the connection broke or fell silent.
	ErrLost = errors.New("connection lost")
	// ErrServerClosed ends a connection that the server has closed.
	ErrServerClosed = fmt.Errorf("%w: closed by the server", ErrLost)
	// ErrLeft ends a connection below which the network is gone.
	ErrLeft = fmt.Errorf("%w: the network below it is gone", ErrLost)
	// errReplaced ends a connection that has reached its lifetime.
	errReplaced = fmt.Errorf("%w: replaced by a newer one", ErrLost)
)

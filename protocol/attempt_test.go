// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"network-manager-softether/internal/leaktest"
	"network-manager-softether/protocol/internal/datapath"
)

type pipeStream struct{ net.Conn }

func (pipeStream) CloseWrite() error { return nil }

func TestAConnectionThatComesAboutAtTheEndIsClosed(t *testing.T) {
	ours, theirs := net.Pipe()
	s := &Session{dialer: &dialer{timing: defaultTiming, log: slog.New(slog.DiscardHandler)}, receiver: datapath.NewReceiver()}
	s.ctx, s.cancel = context.WithCancel(t.Context())
	s.cancel()
	s.tcp = datapath.New(datapath.Config{
		Receiver: s.receiver, Ended: s.ended, Waits: datapath.Waits{Flush: time.Second, Closing: time.Second, Drain: time.Millisecond},
	})
	keep := &keeper{s: s, due: time.NewTimer(time.Hour), cancel: func() {}, attempts: make(chan attempt, 1)}
	stream := pipeStream{ours}
	keep.attempts <- attempt{c: datapath.NewConn(datapath.Link{Stream: stream, Raw: stream}, nil, time.Minute)}
	go s.closeAll(keep)
	leaktest.Ends(t, "the connection", func() { io.Copy(io.Discard, theirs) })
	ours.Close()
}

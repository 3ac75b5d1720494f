// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"sync"
	"sync/atomic"

	"network-manager-softether/frame"
	"network-manager-softether/protocol/internal/datapath"
	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/rudp/bulk"
)

// A datagramStream is a stream that can carry datagrams beside it, as R-UDP does in place of TCP.
type datagramStream interface {
	OpenBulk(sealer *bulk.Sealer, opener *bulk.Opener, receive func(frames [][]byte))
	SendBulk(frames [][]byte) error
}

// datagrams returns the connection as a datagramStream, nil if it is over TCP.
func (c *control) datagrams() datagramStream {
	d, _ := c.raw.(datagramStream)
	return d
}

// wantsBulk reports whether to ask for datagrams beside the stream of c. As over UDP, version 1 is only for
// those who ask for it. A server that knows nothing better is not asked at all: the request has no way to
// exclude version 1.
func (d *dialer) wantsBulk(c *control) bool {
	switch {
	case c.datagrams() == nil, d.UDP == UDPOff:
		return false
	case d.UDP == UDPV1, bulk.Secure(c.hello.version, c.hello.build):
		return true
	}
	d.log.Info("frames share the stream: this server's datagrams beside it have only a weak cipher", "server", c.addr, "build", c.hello.build)
	return false
}

// grantBulk returns what the server grants, nil for nothing.
func (c *control) grantBulk(d *dialer, welcome *pack.Pack) (*bulk.Params, error) {
	switch {
	case !c.bulk:
		return nil, nil
	case d.UDP == UDPV1:
		return bulk.Accept(welcome, 1)
	}
	return bulk.Accept(welcome, 2)
}

// A bulkChannel sends frames in datagrams beside the stream of a session's connection. A nil *bulkChannel
// sends nothing.
type bulkChannel struct {
	s       *Session
	params  *bulk.Params
	sealer  *bulk.Sealer
	sending sync.Mutex // guards sealer
	carrier atomic.Pointer[bulkCarrier]
}

type bulkCarrier struct {
	conn   *datapath.Conn
	stream datagramStream
}

// newBulkChannel returns the channel that the server granted, nil if p is.
func (s *Session) newBulkChannel(p *bulk.Params) *bulkChannel {
	if p == nil {
		return nil
	}
	sealer, err := bulk.NewSealer(p)
	if err != nil {
		s.dialer.log.Warn("no datagrams beside the stream", "error", err)
		return nil
	}
	s.dialer.log.Info("frames travel in datagrams beside the stream", "version", p.Version, "hmac", p.HMAC)
	return &bulkChannel{s: s, params: p, sealer: sealer}
}

// follow makes the new connection c carry the datagrams, once the session has a receiver. The server keeps
// the same keys for it.
func (b *bulkChannel) follow(c *datapath.Conn) {
	if b == nil {
		return
	}
	stream, ok := c.Raw.(datagramStream)
	if !ok {
		return
	}
	b.s.wg.Go(func() {
		select {
		case <-b.s.receiver.Started():
		case <-c.Gone():
			return
		}
		opener, err := bulk.NewOpener(b.params)
		if err != nil {
			b.s.dialer.log.Warn("no datagrams beside the stream", "error", err)
			return
		}
		b.sending.Lock()
		defer b.sending.Unlock()
		stream.OpenBulk(b.sealer, opener, b.s.receiver.Func())
		b.carrier.Store(&bulkCarrier{c, stream})
	})
}

// send sends the frames of f, and reports whether it did.
func (b *bulkChannel) send(f *frame.Batch) bool {
	if b == nil {
		return false
	}
	w := b.carrier.Load()
	if w == nil || !w.conn.Alive() {
		return false
	}
	b.sending.Lock()
	defer b.sending.Unlock()
	return w.stream.SendBulk(f.Frames()) == nil
}

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

// A datagramStream is what takes the place of TCP and can carry datagrams beside the
// stream: R-UDP.
type datagramStream interface {
	OpenBulk(sealer *bulk.Sealer, opener *bulk.Opener, receive func(frames [][]byte))
	SendBulk(frames [][]byte) error
}

// datagrams returns the connection as R-UDP, nil if it is something else.
func (c *control) datagrams() datagramStream {
	d, _ := c.raw.(datagramStream)
	return d
}

// wantsBulk reports whether frames shall travel beside the stream of c. There, as over
// UDP, version 1 is only for those who ask for it; and a server that can grant nothing
// better is not asked, as it could not be told to leave it.
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

// A bulkChannel sends frames beside the stream of a session's connection. A nil
// *bulkChannel is none.
type bulkChannel struct {
	s       *Session
	params  *bulk.Params
	sealer  *bulk.Sealer
	sending sync.Mutex // guards sealer
	way     atomic.Pointer[bulkWay]
}

type bulkWay struct {
	conn   *datapath.Conn
	stream datagramStream
}

// beside returns the channel that was granted.
func (s *Session) beside(p *bulk.Params) *bulkChannel {
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

// follow makes the new connection c carry the datagrams, once the session has a
// receiver. The server keeps the keys for it.
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
		b.way.Store(&bulkWay{c, stream})
	})
}

// send sends the frames of f, and reports whether it did.
func (b *bulkChannel) send(f *frame.Batch) bool {
	if b == nil {
		return false
	}
	w := b.way.Load()
	if w == nil || !w.conn.Alive() {
		return false
	}
	b.sending.Lock()
	defer b.sending.Unlock()
	return w.stream.SendBulk(f.Frames()) == nil
}

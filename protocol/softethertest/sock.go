// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"network-manager-softether/frame"
)

// A Cut is a way to end a connection.
type Cut int

// The cuts.
const (
	Polite Cut = iota // TLS close_notify, then FIN
	Abrupt            // FIN alone
	RST               // TCP reset
)

// rxSize is the room for what was read but not yet parsed: a TLS record and the start of a frame.
const rxSize = 32 << 10

// An rxBuf is a batch of received frames with the bytes that they are views of.
type rxBuf struct {
	buf    [rxSize]byte
	frames [][]byte
	conn   int         // what they came on, as for ReceiveFrom
	free   chan *rxBuf // where it belongs
}

// txSize is how much is collected for one write.
const txSize = 64 << 10

// A sock is a TCP connection that carries frames of a session.
type sock struct {
	sess      *ServerSession
	c         *conn
	direction uint32
	sent      atomic.Int64 // time of the last write, Unix nanoseconds
	done      chan struct{}

	mu sync.Mutex // guards writing
	tx []byte
}

func newSock(s *ServerSession, c *conn, direction uint32) *sock {
	return &sock{sess: s, c: c, direction: direction, done: make(chan struct{}), tx: make([]byte, 4, txSize)}
}

// serve reads until the connection ends.
func (k *sock) serve() error {
	defer close(k.done)
	k.c.raw.SetDeadline(time.Time{})
	if !k.c.fault(&Exchange{Step: StepData, Conn: k.c.tls, Session: k.sess}) {
		return errOver
	}
	if k.direction != directionToServer && !k.c.srv.settings().noKeepAlive {
		k.c.srv.wg.Add(1)
		go k.keepAlive()
	}
	free := make(chan *rxBuf, 2)
	for range cap(free) {
		free <- &rxBuf{frames: make([][]byte, 0, 256), conn: k.c.number, free: free}
	}
	var (
		d    = deframer{compressed: k.sess.compress}
		rx   = <-free
		fill int
	)
	k.extend()
	for {
		// The HTTP reader may hold the first bytes; an empty bufio.Reader reads
		// large pieces past its own buffer.
		n, err := k.c.br.Read(rx.buf[fill:])
		if err != nil {
			return err
		}
		fill += n
		messages, keepAlives := d.messages, d.keepAlives
		var used int
		used, rx.frames, err = d.next(rx.buf[:fill], rx.frames[:0])
		if err != nil {
			return err
		}
		k.sess.counters.keepAlivesIn.Add(d.keepAlives - keepAlives)
		if d.messages != messages {
			k.extend()
		}
		if len(rx.frames) == 0 {
			fill = copy(rx.buf[:], rx.buf[used:fill])
			continue
		}
		var next *rxBuf
		select {
		case next = <-free:
		case <-k.sess.done:
			return errOver
		}
		fill = copy(next.buf[:], rx.buf[used:fill])
		if !k.sess.deliver(rx) {
			return errOver
		}
		rx = next
	}
}

// extend gives the client a session timeout for its next message. A connection on
// which it sends nothing is exempt.
func (k *sock) extend() {
	if k.direction != directionToClient {
		k.c.raw.SetReadDeadline(time.Now().Add(k.sess.timeout))
	}
}

// keepAlive sends keep-alives at random intervals, as long as nothing else was
// sent (softether-protocol.md 9.2).
func (k *sock) keepAlive() {
	defer k.c.srv.wg.Done()
	msg := make([]byte, 8+maxKeepAlive)
	timer := time.NewTimer(0) // the first one at once
	defer timer.Stop()
	armed := time.Now()
	for {
		select {
		case <-k.done:
			return
		case <-timer.C:
		}
		if k.sent.Load() <= armed.UnixNano() {
			n := rand.IntN(maxKeepAlive)
			binary.BigEndian.PutUint32(msg, keepAlive)
			binary.BigEndian.PutUint32(msg[4:], uint32(n))
			for i := range msg[8 : 8+n] {
				msg[8+i] = byte(rand.Uint32())
			}
			if told := k.sess.announcement(msg[8:]); told > n {
				n = told
				binary.BigEndian.PutUint32(msg[4:], uint32(n))
			}
			if k.write(msg[:8+n]) != nil {
				return
			}
		}
		timeout := k.sess.timeout
		armed = time.Now()
		timer.Reset(max(rand.N(timeout/2+1), timeout/5))
	}
}

// write sends b as it is, unless the session is frozen.
func (k *sock) write(b []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.writeLocked(b)
}

func (k *sock) writeLocked(b []byte) error {
	now := time.Now()
	k.sent.Store(now.UnixNano())
	if k.sess.frozen(k) {
		return nil
	}
	k.c.raw.SetWriteDeadline(now.Add(k.sess.timeout))
	_, err := k.c.tls.Write(b)
	return err
}

// writeFrames sends frames in as few messages as the buffer allows.
func (k *sock) writeFrames(frames [][]byte) error {
	if k.sess.compress {
		frames = compress(frames)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(frames) > 0 {
		k.tx = k.tx[:4]
		n := 0
		for n < len(frames) && len(k.tx)+4+len(frames[n]) <= cap(k.tx) {
			k.tx = binary.BigEndian.AppendUint32(k.tx, uint32(len(frames[n])))
			k.tx = append(k.tx, frames[n]...)
			n++
		}
		if n == 0 {
			return errTooLong
		}
		binary.BigEndian.PutUint32(k.tx, uint32(n))
		if err := k.writeLocked(k.tx); err != nil {
			return err
		}
		frames = frames[n:]
	}
	return nil
}

func (k *sock) writeBatch(b *frame.Batch) error {
	if k.sess.compress {
		return k.writeFrames(b.Frames())
	}
	return k.write(b.Message())
}

// closePatience is how long a write may keep a connection from being closed.
const closePatience = time.Second

// close ends the connection from outside.
func (k *sock) close(how Cut) {
	k.c.ended(EndByServer)
	switch how {
	case Polite:
		// A writer that is under way would keep crypto/tls from saying goodbye.
		k.c.raw.SetWriteDeadline(time.Now().Add(closePatience))
		k.mu.Lock()
		defer k.mu.Unlock()
		k.c.tls.Close()
	case RST:
		reset(k.c.raw)
	default:
		k.c.raw.Close()
	}
}

// reset closes a TCP connection with RST.
func reset(w *watchedConn) {
	if tcp, ok := w.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails on a closed connection only
	}
	w.Close()
}

// killLater lets the unclean close bug take its time.
func (k *sock) killLater() {
	time.AfterFunc(bugDelay, func() { k.close(Polite) })
}

// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"crypto/rand"
	"encoding/binary"
	"net"
	"sync/atomic"
	"time"

	"network-manager-softether/frame"
	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/udpaccel"
)

// A UDP is what a server does about UDP acceleration (softether-protocol.md 10).
// Packets are sealed and opened by package udpaccel, as the client's are: that they
// are those of real servers is for its test vectors and the end-to-end tests to show.
// The server does not follow a client that changes its address.
type UDP struct {
	// Version is the highest one the server knows; 0 means 2.
	Version int
	// Stable is how long the way must have worked before the server sends frames on
	// it; 0 means the protocol's 10 s.
	Stable time.Duration
	// Receive, if it is set, gets the frames that come over UDP, in place of the
	// handler. They are valid until it returns.
	Receive func(frames [][]byte)
	// Announce has keep-alives tell the UDP port, as if the server had learned that it
	// is behind a NAT; 5.02 tells an address, too.
	Announce bool
	// OnTheWay, if it is set, gets each packet to the client and passes on what it
	// likes with send: an attacker that has no keys. One goroutine calls it.
	OnTheWay func(packet []byte, send func([]byte))
}

// WithUDP grants UDP acceleration to those who ask for it over TCP.
func WithUDP(u UDP) Option { return func(s *settings) { s.udp = &u } }

// udpEnd is the server's end of a session's UDP.
type udpEnd struct {
	path     *udpaccel.Path
	detour   *detour // nil: there is nobody on the way
	port     uint16  // the client sends to
	announce bool
	with502  bool
	segment  uint16 // TCP segments may be that long, 0: as long as they come
	closed   atomic.Bool
}

// grantUDP adds to the welcome what the client needs to know about the session's UDP,
// if it asked for it. It does nothing for a request that real servers ignore.
func (s *ServerSession) grantUDP(set *settings, c *conn, welcome *pack.Pack) error {
	port := s.login.Int("udp_acceleration_client_port")
	tcp, ok := c.raw.Conn.(*net.TCPConn)
	if set.udp == nil || !ok || !s.login.Bool("use_udp_acceleration") || port == 0 || port > 0xffff {
		return nil
	}
	u := *set.udp
	version := max(1, min(s.login.Int("udp_acceleration_max_version"), 2))
	if u.Version != 0 {
		version = min(version, uint32(u.Version))
	}
	var key1 [20]byte
	var key2 [128]byte
	var cookies [8]byte
	rand.Read(key1[:])
	rand.Read(key2[:])
	rand.Read(cookies[:])
	cookies[3], cookies[7] = cookies[3]|1, cookies[7]|1 // 0 is none
	params := udpaccel.Params{
		Version: int(version), SendKey: key2[:], RecvKey: s.login.Data("udp_acceleration_client_key_v2"),
		SendCookie: binary.BigEndian.Uint32(cookies[:]), RecvCookie: binary.BigEndian.Uint32(cookies[4:]),
		Fast: s.login.Bool("support_udp_accel_fast_disconnect_detect"), Compressed: s.compress, Stable: u.Stable,
	}
	if version == 1 {
		params.SendKey, params.RecvKey = key1[:], s.login.Data("udp_acceleration_client_key")
	}
	engine, err := udpaccel.NewEngine(params)
	if err != nil {
		return nil // the client's keys are too short
	}
	end := &udpEnd{announce: u.Announce, with502: set.new502}
	if set.new502 {
		end.segment = segmentOver(tcp)
	}
	if err := end.open(tcp, uint16(port), engine, u.OnTheWay, s.fromUDP(&u)); err != nil {
		return err
	}
	s.udp.Store(end)
	if s.isOver() {
		s.CutUDP() // the server was closed meanwhile
	}
	welcome.AddBool("use_udp_acceleration", true)
	welcome.AddInt("udp_acceleration_version", version)
	addIP(welcome, "udp_acceleration_server_ip", hostOf(tcp.LocalAddr()), set.new502)
	welcome.AddInt("udp_acceleration_server_port", uint32(end.port))
	welcome.AddData("udp_acceleration_server_key", key1[:])
	welcome.AddData("udp_acceleration_server_key_v2", key2[:])
	welcome.AddInt("udp_acceleration_server_cookie", params.RecvCookie)
	welcome.AddInt("udp_acceleration_client_cookie", params.SendCookie)
	welcome.AddBool("udp_acceleration_use_encryption", true)
	welcome.AddBool("use_hmac_on_udp_acceleration", s.login.Bool("support_hmac_on_udp_acceleration"))
	welcome.AddBool("udp_accel_fast_disconnect_detect", params.Fast)
	return nil
}

// open makes the sockets between the two ends of tcp, and the path on top.
func (u *udpEnd) open(tcp *net.TCPConn, client uint16, engine *udpaccel.Engine, attack func([]byte, func([]byte)), receive func([][]byte)) error {
	here := net.UDPAddr{IP: tcp.LocalAddr().(*net.TCPAddr).IP}
	there := net.UDPAddr{IP: tcp.RemoteAddr().(*net.TCPAddr).IP, Port: int(client)}
	conn, err := net.DialUDP("udp", &here, &there)
	if err != nil {
		return err
	}
	peer := client
	u.port = uint16(conn.LocalAddr().(*net.UDPAddr).Port)
	if attack != nil {
		if conn, u.detour, err = newDetour(conn, attack); err != nil {
			return err
		}
		peer = uint16(conn.RemoteAddr().(*net.UDPAddr).Port)
	}
	u.path, err = udpaccel.NewPath(udpaccel.PathConfig{Engine: engine, Conn: conn, Port: peer, Start: time.Now(), Receive: receive})
	if err != nil {
		u.detour.close()
	}
	return err
}

// fromUDP returns the function that accepts the frames received over UDP.
func (s *ServerSession) fromUDP(u *UDP) func(frames [][]byte) {
	free := make(chan *rxBuf, 1)
	free <- &rxBuf{conn: -1, free: free}
	return func(frames [][]byte) {
		s.counters.framesInUDP.Add(uint64(len(frames)))
		if u.Receive != nil {
			s.shorten(frames)
			u.Receive(frames)
			return
		}
		for len(frames) > 0 {
			var rx *rxBuf
			select {
			case rx = <-free:
			case <-s.done:
				return
			}
			rx.frames = rx.frames[:0]
			for b := rx.buf[:]; len(frames) > 0 && len(frames[0]) <= len(b); frames = frames[1:] {
				n := copy(b, frames[0])
				rx.frames, b = append(rx.frames, b[:n:n]), b[n:]
			}
			if !s.deliver(rx) {
				return
			}
		}
	}
}

// sendUDP sends frames over UDP if that is currently the way to go, and reports whether it did.
func (s *ServerSession) sendUDP(frames [][]byte, bytes int) bool {
	u := s.udp.Load()
	if u == nil || u.closed.Load() || !u.path.Usable() {
		return false
	}
	b := frame.NewBatch(bytes+4*len(frames), len(frames))
	for _, f := range frames {
		b.Append(f)
	}
	if u.path.Send(b.Frames()) != nil {
		return false
	}
	s.counters.framesOutUDP.Add(uint64(len(frames)))
	return true
}

// UDPUsable reports whether the server would now send frames over UDP.
func (s *ServerSession) UDPUsable() bool {
	u := s.udp.Load()
	return u != nil && !u.closed.Load() && u.path.Usable()
}

// CutUDP ends the session's UDP without a sign, as a firewall does. The handler and [UDP.Receive] must not
// call it.
func (s *ServerSession) CutUDP() {
	if u := s.udp.Load(); u != nil && !u.closed.Swap(true) {
		u.path.Close()
		u.detour.close()
	}
}

// announcement puts what a keep-alive says about UDP into b and returns its length, 0
// for nothing (softether-protocol.md 10.6).
func (s *ServerSession) announcement(b []byte) int {
	u := s.udp.Load()
	if u == nil || !u.announce {
		return 0
	}
	m := binary.BigEndian.AppendUint16([]byte("NATT_MY_PORT"), u.port)
	if u.with502 {
		addr := s.srv.AddrPort().Addr().As16()
		m = append(append(m, "NATT_MY_IP"...), addr[:]...)
	}
	return copy(b, m)
}

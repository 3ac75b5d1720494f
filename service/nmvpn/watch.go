// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"sync"

	"github.com/godbus/dbus/v5"
)

// WatchPeer calls gone, once and in a goroutine of its own, when the owner of a unique bus name leaves the
// bus, even if it has left already. stop ends the watch.
func (p *Plugin) WatchPeer(name string, gone func()) (stop func()) {
	match := []dbus.MatchOption{
		dbus.WithMatchSender("org.freedesktop.DBus"),
		dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"),
		dbus.WithMatchArg(0, name),
	}
	signals := make(chan *dbus.Signal, 8)
	done := make(chan struct{})
	p.conn.Signal(signals)
	if err := p.conn.AddMatchSignal(match...); err != nil {
		p.log.Warn("cannot watch who asked for the connection: if it crashes, the connection stays", "error", err)
	}
	go func() {
		var owned bool
		err := p.conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&owned)
		if err == nil && !owned {
			gone()
			return
		}
		for {
			select {
			case s, ok := <-signals:
				if !ok { // the bus itself is gone
					gone()
					return
				}
				if left(s, name) {
					gone()
					return
				}
			case <-done:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		p.conn.RemoveSignal(signals)
		close(done)
		_ = p.conn.RemoveMatchSignal(match...) // fails when the bus is gone, which is fine
	})
}

// left reports whether the bus says that name no longer has an owner. Anybody can send such a signal, but only
// the bus in its own name.
func left(s *dbus.Signal, name string) bool {
	if s.Sender != "org.freedesktop.DBus" || s.Name != "org.freedesktop.DBus.NameOwnerChanged" || len(s.Body) != 3 {
		return false
	}
	who, _ := s.Body[0].(string)
	owner, ok := s.Body[2].(string)
	return who == name && ok && owner == ""
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"time"

	"network-manager-softether/po"
	"network-manager-softether/service/notice"
)

// patience is how long a session must be lost before that is worth a notification: most are back sooner.
const patience = 10 * time.Second

// notifications is the desktop's side, and lookup NetworkManager's; both are replaced in tests.
type notifications interface {
	// Show shows a notification in place of an earlier one, 0 = none, and returns its number.
	Show(n notification, replaces uint32) (uint32, error)
	Close(id uint32)
}

type lookup interface {
	// Of returns the profile with this UUID, or an error if there is none for this person.
	Of(uuid string) (*view, error)
}

// A notification is what is shown.
type notification struct {
	title, body    string
	icon, category string // names of the specifications
}

// A teller knows for each connection what its person was told. Everything but later belongs to one goroutine.
type teller struct {
	desktop  notifications
	profiles lookup
	told     map[string]*told // by UUID
	later    chan func()
	ended    chan struct{}
}

// told is what is, or is about to be, on the screen about a connection.
type told struct {
	sender string // the service
	shown  uint32 // number of the notification, 0 = none
	lost   time.Time
	shows  notice.Event // what the notification is about
	timer  *time.Timer  // runs until the loss is worth a notification
}

func newTeller(d notifications, p lookup) *teller {
	return &teller{desktop: d, profiles: p, told: map[string]*told{}, later: make(chan func()), ended: make(chan struct{})}
}

func (t *teller) stop() {
	close(t.ended)
	for _, c := range t.told {
		c.found()
	}
}

// tell processes a notice of a service.
func (t *teller) tell(sender string, n notice.Notice) {
	c := t.told[n.UUID]
	if c == nil {
		c = &told{}
		t.told[n.UUID] = c
	}
	c.sender = sender
	switch n.Event {
	case notice.Failed, notice.Ended:
		c.found()
		t.show(c, n)
	case notice.Lost:
		if c.lost.IsZero() {
			c.lost = time.Now()
			c.timer = time.AfterFunc(patience, func() {
				t.post(func() {
					if !c.lost.IsZero() {
						t.show(c, n)
					}
				})
			})
		}
	case notice.Connected:
		if c.shows == notice.Lost {
			n.Number = uint32(time.Since(c.lost).Round(time.Second) / time.Second)
			t.show(c, n)
		} else {
			t.close(c)
		}
		c.found()
	case notice.Stopped:
		t.stopped(n.UUID, c)
	}
}

// gone is called when a service has left the bus, perhaps without a word.
func (t *teller) gone(sender string) {
	for uuid, c := range t.told {
		if c.sender == sender {
			t.stopped(uuid, c)
		}
	}
}

// stopped leaves only the reason on the screen: that a session was lost, or is back, no longer matters.
func (t *teller) stopped(uuid string, c *told) {
	c.found()
	if c.shows != notice.Failed && c.shows != notice.Ended {
		t.close(c)
		delete(t.told, uuid)
	}
}

// found ends the wait for a session.
func (c *told) found() {
	c.lost = time.Time{}
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// post runs f in the loop.
func (t *teller) post(f func()) {
	select {
	case t.later <- f:
	case <-t.ended:
	}
}

func (t *teller) close(c *told) {
	if c.shown != 0 {
		t.desktop.Close(c.shown)
	}
	c.shown, c.shows = 0, ""
}

// show makes a notification of a notice. A person who may not see the profile is shown nothing.
func (t *teller) show(c *told, n notice.Notice) {
	v, err := t.profiles.Of(n.UUID)
	if err != nil {
		return
	}
	id, err := t.desktop.Show(words(n, v), c.shown)
	if err != nil { // then it is in the journal, as the service's own message is
		fmt.Fprintf(os.Stderr, "%s: no notification shown: %v\n", program, err)
		return
	}
	c.shown, c.shows = id, n.Event
}

// words makes sentences of a notice about a connection with this profile.
func words(n notice.Notice, v *view) notification {
	switch n.Event {
	case notice.Lost:
		return notification{
			title: po.F("VPN “%s”: connection lost", v.name),
			body:  po.T("Nothing goes through the VPN at the moment. It is being connected again."),
			icon:  "network-vpn-acquiring-symbolic", category: "network.disconnected",
		}
	case notice.Connected:
		return notification{
			title: po.F("VPN “%s”: connected again", v.name),
			body:  po.N("The connection was lost for %d second.", "The connection was lost for %d seconds.", int(n.Number), n.Number),
			icon:  "network-vpn-symbolic", category: "network.connected",
		}
	}
	failure := notification{title: po.F("VPN “%s” could not connect", v.name), body: why(n, v), icon: "network-error-symbolic", category: "network.error"}
	if n.Event == notice.Ended {
		failure.title = po.F("VPN “%s” was disconnected", v.name)
	}
	return failure
}

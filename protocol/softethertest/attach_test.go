// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/protocol/softethertest"
)

func TestSessionLingersAndCanBeReattached(t *testing.T) {
	s := newServer(t, softethertest.WithTimeout(5*time.Second), softethertest.WithHandler(softethertest.Echo))
	c, welcome := login(t, s)
	sess := session(t, s)
	c.conn.Close()
	if err := sess.WaitConns(waitCtx(t), 0); err != nil {
		t.Fatal(err)
	}
	again, p := attach(t, s, welcome.Data("session_key"))
	if p.Int("error") != 0 || p.Int("direction") != 0 {
		t.Fatalf("error %d, direction %d for a lingering session", p.Int("error"), p.Int("direction"))
	}
	again.send(testFrame("still here"))
	if got, err := again.next(); err != nil || !bytes.Equal(got, echoed(testFrame("still here"))) {
		t.Errorf("frame %q, error %v after re-attaching", got, err)
	}
	again.conn.Close()
	select {
	case <-sess.Done():
	case <-time.After(30 * time.Second):
		t.Error("a session without connection lives on")
	}
	if _, p := attach(t, s, welcome.Data("session_key")); p.Int("error") != 13 {
		t.Errorf("error %d for an expired session, want 13", p.Int("error"))
	}
}

func TestAttachLimits(t *testing.T) {
	s := newServer(t, softethertest.WithoutReattach())
	c, welcome := login(t, s, num("max_connection", 2))
	key := welcome.Data("session_key")
	sess := session(t, s)
	var got []uint32
	for i := range 3 { // one more than granted is tolerated
		// The answer to the one before came before that was counted.
		if err := sess.WaitConns(waitCtx(t), i+1); err != nil {
			t.Fatal(err)
		}
		_, p := attach(t, s, key)
		got = append(got, p.Int("error"))
	}
	if diff := cmp.Diff([]uint32{0, 0, 15}, got); diff != "" {
		t.Errorf("unexpected errors (-want +got):\n%s", diff)
	}
	if _, p := attach(t, s, key[:19]); p.Int("error") != 4 {
		t.Errorf("error %d for a short key, want 4", p.Int("error"))
	}
	c.conn.Close()
	if err := sess.WaitConns(waitCtx(t), 2); err != nil {
		t.Error(err)
	}
	sess.Cut(softethertest.Polite)
	select {
	case <-sess.Done():
	case <-time.After(30 * time.Second):
		t.Error("a session that may not be re-attached outlives its connections")
	}
}

func TestHalfConnectionDirections(t *testing.T) {
	s := newServer(t)
	_, welcome := login(t, s, num("max_connection", 8), num("half_connection", 1))
	sess := session(t, s)
	var got []uint32
	for i := range 7 {
		_, p := attach(t, s, welcome.Data("session_key"))
		got = append(got, p.Int("direction"))
		if err := sess.WaitConns(waitCtx(t), i+2); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]uint32{1, 1, 2, 1, 2, 1, 2}, got); diff != "" {
		t.Errorf("unexpected directions (-want +got):\n%s", diff)
	}
}

func TestUncleanCloseBug(t *testing.T) {
	s := newServer(t, softethertest.WithUncleanCloseBug())
	c, welcome := login(t, s, num("max_connection", 2))
	other, _ := attach(t, s, welcome.Data("session_key"))
	sess := session(t, s)
	if err := sess.WaitConns(waitCtx(t), 2); err != nil {
		t.Fatal(err)
	}
	c.tcp.Close()
	if _, err := other.next(); err == nil {
		_, err = other.next() // after a keep-alive there may be nothing else
		if err == nil {
			t.Error("the other connection survived")
		}
	}
	late, p := attach(t, s, welcome.Data("session_key"))
	if p.Int("error") != 0 {
		t.Fatalf("error %d, want a connection that dies", p.Int("error"))
	}
	if _, err := late.next(); err != io.EOF {
		t.Errorf("error %v on a connection attached later, want EOF", err)
	}
}

func TestFrozenPathIsSilentAndANewOneWorks(t *testing.T) {
	s := newServer(t, softethertest.WithHandler(softethertest.Echo), softethertest.WithoutKeepAlive())
	c, welcome := login(t, s)
	sess := session(t, s)
	sess.Freeze()
	c.send(testFrame("into the void"))
	fresh, p := attach(t, s, welcome.Data("session_key"))
	if p.Int("error") != 0 {
		t.Fatalf("error %d", p.Int("error"))
	}
	fresh.send(testFrame("new"))
	if got, err := fresh.next(); err != nil || !bytes.Equal(got, echoed(testFrame("new"))) {
		t.Errorf("frame %q, error %v", got, err)
	}
	c.tcp.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	var timeout interface{ Timeout() bool }
	if got, err := c.next(); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("frame %q, error %v on the frozen connection, want silence", got, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/protocol/softethertest"
)

func TestReadingInAHurryDoesNotWait(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_STREAM)
	buf := make([]byte, 10)
	if n, err := w.readNow(w, buf); n != 0 || err != nil {
		t.Errorf("nothing to read, got %d bytes and %v", n, err)
	}
	send(t, peer, "abc")
	if n, err := w.readNow(w, buf); n != 3 || err != nil {
		t.Errorf("3 bytes to read, got %d and %v", n, err)
	}
	if n, err := w.readNow(w, buf[:0]); n != 0 || err != nil {
		t.Errorf("no room, got %d bytes and %v", n, err)
	}
	peer.Close()
	if n, err := w.readNow(w, buf); n != 0 || err != io.EOF {
		t.Errorf("closed, got %d bytes and %v", n, err)
	}
}

// TLS must be able to go on after a Read in a hurry has found only a part of a record.
func TestTLSGoesOnAfterReadingInAHurry(t *testing.T) {
	w, peer := wirePair(t, unix.SOCK_STREAM)
	relay, far := net.Pipe() // between peer and the server: bytes go through one at a time
	defer relay.Close()
	server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{softethertest.NewCertificate(new(x509.Certificate))}})
	go server.Handshake()
	go io.Copy(relay, peer) // what the client says
	handshake := make(chan error)
	client := tls.Client(w, &tls.Config{InsecureSkipVerify: true})
	go func() { handshake <- client.Handshake() }()
	one := make([]byte, 1)
	step := func() bool {
		relay.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := relay.Read(one); err != nil {
			return false
		}
		_, err := peer.Write(one)
		return err == nil
	}
	for done := false; !done; {
		select {
		case err := <-handshake:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
			step()
		}
	}
	const message = "hello over a slow line"
	sent := make(chan error, 1)
	go func() { _, err := io.WriteString(server, message); sent <- err }()
	var got []byte
	buf := make([]byte, 100)
	for range 5000 {
		step()
		n, err := w.readNow(client, buf)
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, buf[:n]...); len(got) >= len(message) {
			break
		}
	}
	if string(got) != message {
		t.Errorf("got %q, want %q", got, message)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

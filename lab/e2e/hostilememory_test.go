// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/internal/sha0"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
	"network-manager-softether/lab/softether"
	"network-manager-softether/protocol/softethertest"
)

// A needle is what must not be found in the memory of the service, and how it is called in a message.
type needle struct {
	what, bytes string
	early       bool // it is there before the first login
}

// keyNeedles are the forms in which a private key can lie about: its numbers in DER, and as
// package math/big keeps them.
func keyNeedles(w *world, text string) []needle {
	w.t.Helper()
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	w.ok(err)
	der := key.Primes[0].Bytes()
	words := slices.Clone(der)
	slices.Reverse(words)
	return []needle{
		{"a prime of the key in DER", string(der[8:40]), false},
		{"a prime of the key as a number", string(words[8:40]), true},
	}
}

// A server that stalls, or answers nonsense, keeps the service where it is as long as it likes. What the person's password
// opens must not lie open in the service's memory meanwhile, nor in what a crash leaves.
func TestNoSecretLiesOpenInFrontOfAHostileServer(t *testing.T) {
	w := freshNetwork(t)
	const password, user = "correct-horse-battery-4711", "carol"
	hash := sha0.Sum([]byte(password), []byte(strings.ToUpper(user)))
	passwords := []needle{{"the password", password, true}, {"the password's hash", string(hash[:]), false}}

	ca, err := softether.NewAuthority("User CA")
	w.ok(err)
	b := w.newBadge(ca, user, time.Hour)
	block, _ := pem.Decode([]byte(b.cert))
	hub := func(u softethertest.User) softethertest.Hub {
		u.Name = user
		return softethertest.Hub{Name: softether.HubOffice, Users: []softethertest.User{u}}
	}
	byCertificate, byPassword := hub(softethertest.User{CertDER: block.Bytes}), hub(softethertest.User{Password: password})
	bundled := w.badged(user, w.file("carol.p12", string(b.bundle)), "")
	bundled.Secrets = map[string]string{"key-password": keyPassword}
	key := keyNeedles(w, b.key)[:2:2]
	for port, c := range []struct {
		name    string
		hub     softethertest.Hub
		vpn     desktop.VPN
		needles []needle
	}{
		{"password", byPassword, w.profile("password", softether.HubOffice, softether.User{Name: user, Password: password, AuthType: "password"}), passwords},
		{"plain password", byPassword, w.profile("plain", softether.HubOffice, softether.User{Name: user, Password: password, AuthType: "plain-password"}), passwords},
		{"key file", byCertificate, w.badged(user, w.file("carol.crt", b.cert), w.file("carol.key", b.key)), append(key, needle{"a line of the key file", strings.Split(b.key, "\n")[7], true})},
		{"PKCS#12", byCertificate, bundled, append(key, needle{"the key's password", keyPassword, true})},
	} {
		t.Run(c.name, func(t *testing.T) {
			inner := *w
			inner.t = t
			inner.hidesFromHostileServer(8100+port, c.hub, c.vpn, c.needles)
		})
	}
}

// hidesFromHostileServer connects v to a server that holds the service at one step after another.
func (w *world) hidesFromHostileServer(port int, hub softethertest.Hub, v desktop.VPN, needles []needle) {
	w.t.Helper()
	l, err := w.Internet.Listen("tcp", fmt.Sprintf("%v:%d", plan.ServerAddr, port))
	w.ok(err)
	// A held connection stands still until something comes through the channel.
	arrived, goOn := make(chan struct{}, 1), make(chan bool)
	hold := func(x *softethertest.Exchange) bool {
		select {
		case arrived <- struct{}{}:
		case <-x.Done:
			return false
		}
		select {
		case answer := <-goOn:
			return answer
		case <-x.Done:
			return false
		}
	}
	srv := softethertest.NewServer(softethertest.WithListener(l), softethertest.WithHub(hub), softethertest.WithDHCP(softethertest.NewDHCP(softethertest.Lease{})),
		softethertest.WithFault(softethertest.StepAccept, softethertest.Times(1, hold)))
	defer srv.Close()
	await := func(what string) {
		w.t.Helper()
		select {
		case <-arrived:
		case <-time.After(hung):
			w.t.Fatalf("the service does not come to %s", what)
		}
	}

	v.Data["gateway"] = l.Addr().String()
	v.Data["server-cert-sha256"] = fmt.Sprintf("%x", sha256.Sum256(srv.Cert().Raw))
	w.ok(w.Desktop.Add(w.ctx, quick(v)))
	up := make(chan error, 1)
	go func() { up <- w.Desktop.Up(w.ctx, v.Name) }()
	await("the first connection")
	pid := w.service()
	for _, n := range needles {
		found, err := procfs.InMemory(pid, n.bytes)
		w.ok(err)
		if n.early && len(found) == 0 {
			w.t.Errorf("before the login %s is not found, so this test would find nothing later", n.what)
		}
	}
	goOn <- true
	w.ok(<-up)

	open := func() error {
		for _, n := range needles {
			found, err := procfs.InMemory(pid, n.bytes)
			if err == nil && len(found) > 0 {
				err = fmt.Errorf("%d copies of %s:\n%s", len(found), n.what, strings.Join(found, "\n"))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	w.eventually("the secrets to be forgotten after the login", 3*time.Second, open)

	// The session is lost, and the next connection, which may lead to anybody, stands still before the certificate is seen.
	srv.Set(softethertest.WithFault(softethertest.StepAccept, softethertest.Times(1, hold)), softethertest.WithFault(softethertest.StepLogin, softethertest.Times(1, hold)))
	srv.Sessions()[0].Kick()
	await("the second connection")
	if err := open(); err != nil {
		w.t.Errorf("a server that has shown no certificate faces %v", err)
	}
	goOn <- true

	// The right server, by its certificate, answers the login with nothing, and then with nonsense.
	await("the second login")
	w.eventually("the secrets to be forgotten while the server does not answer", 3*time.Second, open)
	srv.Set(softethertest.WithFault(softethertest.StepLogin, softethertest.Times(1, func(x *softethertest.Exchange) bool {
		hold(x)
		x.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\nABCD"))
		return false
	})))
	goOn <- false
	await("the third login")
	goOn <- false
	w.eventually("to be connected again", 30*time.Second, func() error {
		if n := len(srv.Sessions()); n != 1 {
			return fmt.Errorf("the server has %d sessions", n)
		}
		return nil
	})
	w.eventually("the secrets to be forgotten after a login that was answered with nonsense", 3*time.Second, open)

	// Who owns the files of a process in /proc tells whether it could dump core: they are root's if it could not.
	st, err := os.Stat(fmt.Sprintf("/proc/%d/mem", pid))
	w.ok(err)
	if owner := st.Sys().(*syscall.Stat_t).Uid; owner != 0 {
		w.t.Errorf("a crash would dump core: /proc/%d/mem belongs to user %d", pid, owner)
	}
	mark := w.Desktop.NMLogMark()
	w.ok(syscall.Kill(pid, syscall.SIGABRT))
	w.ok(w.Desktop.AwaitGone(w.ctx))
	var log string
	w.eventually("what the crash leaves in the journal", 5*time.Second, func() error {
		if log = w.Desktop.NMLog(mark); !strings.Contains(log, "goroutine ") {
			return fmt.Errorf("no goroutine in:\n%s", log)
		}
		return nil
	})
	for _, n := range needles {
		if strings.Contains(log, n.bytes) {
			w.t.Errorf("a crash puts %s into the journal", n.what)
		}
	}
	w.ok(w.Desktop.Clean(w.ctx))
}

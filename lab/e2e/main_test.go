// SPDX-License-Identifier: Apache-2.0

// Package e2e holds the end-to-end tests: what a person does with the VPN, against a real NetworkManager and a real
// softether-vpnserver. They need root and the installed programs, see [desktop.Stage].
package e2e

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

func TestMain(m *testing.M) { os.Exit(netns.Main(m.Run)) }

// perTest bounds one test.
const perTest = 2 * time.Minute

// hung is longer than anything takes that does not hang, even on a slow and busy computer. Nothing is measured by it:
// measurements are ratios, in make bench.
const hung = time.Minute

// A world is the lab as one test sees it.
type world struct {
	*lab.Lab
	t   *testing.T
	ctx context.Context
}

var shared struct {
	sync.Once
	lab *lab.Lab
	err error
}

// network returns the lab that most tests share. The test must leave the server running and the office as it was; its
// profiles are removed for it.
func network(t *testing.T) *world {
	t.Helper()
	shared.Do(func() { shared.lab, shared.err = startLab(context.Background()) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return enter(t, shared.lab)
}

// freshNetwork returns a lab of the test's own, which it may break as it likes. Such tests run beside each other. One that has
// only subtests of that kind calls t.Parallel itself: otherwise nothing else would run until the last of them has ended.
func freshNetwork(t *testing.T, change ...func(*lab.Options)) *world {
	t.Helper()
	t.Parallel()
	l, err := startLab(t.Context(), change...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return enter(t, l)
}

func startLab(ctx context.Context, change ...func(*lab.Options)) (*lab.Lab, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	opts := lab.Options{}
	if err := opts.FindPrograms(); err != nil {
		return nil, err
	}
	for _, f := range change {
		f(&opts)
	}
	return lab.Start(ctx, opts)
}

func enter(t *testing.T, l *lab.Lab) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), perTest)
	w := &world{Lab: l, t: t, ctx: ctx}
	mark := l.Desktop.NMLogMark()
	t.Cleanup(func() {
		defer cancel()
		// A test that ran out of time still has to be cleaned up after.
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := l.Desktop.Clean(ctx); err != nil {
			t.Error("cleaning up:", err)
		}
		if t.Failed() {
			t.Logf("what the service and NetworkManager logged:\n%s", l.Desktop.VPNLog(mark))
			t.Logf("the server's log: %s", l.Server.Log(15))
		}
	})
	return w
}

// verbose has the services of this test log all they can, and NetworkManager what it hears of them. The other tests see
// what Debian's own configuration shows.
func (w *world) verbose() {
	w.t.Helper()
	w.ok(w.Desktop.LogMore(w.ctx, "VPN_PLUGIN:TRACE,VPN:DEBUG"))
	w.t.Cleanup(func() { w.ok(w.Desktop.LogAsDebian(w.ctx)) })
}

// ok ends the test on an error.
func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// profile returns a profile for that hub and user with the password stored and the server's present certificate pinned.
func (w *world) profile(name, hub string, u softether.User, more ...string) desktop.VPN {
	w.t.Helper()
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	return desktop.VPN{Name: name, Password: u.Password, More: more, Data: map[string]string{
		"gateway": plan.ServerName, "hub": hub, "user": u.Name, "auth-type": u.AuthType, "server-cert-sha256": fingerprint,
	}}
}

// up makes the profile and connects it.
func (w *world) up(v desktop.VPN) {
	w.t.Helper()
	w.ok(w.Desktop.Add(w.ctx, v))
	w.ok(w.Desktop.Up(w.ctx, v.Name))
}

// down disconnects and checks that nothing is left.
func (w *world) down(name string) {
	w.t.Helper()
	w.ok(w.Desktop.Down(w.ctx, name))
	w.ok(w.Desktop.AwaitGone(w.ctx))
}

// tap returns the name of the one TAP device.
func (w *world) tap() string {
	w.t.Helper()
	taps, err := w.Desktop.TAPs()
	w.ok(err)
	if len(taps) != 1 {
		w.t.Fatalf("TAP devices are %v, want one", taps)
	}
	return taps[0]
}

// service returns the process id of the one VPN service.
func (w *world) service() int {
	w.t.Helper()
	pids := w.Desktop.Services()
	if len(pids) != 1 {
		w.t.Fatalf("service processes are %v, want one", pids)
	}
	return pids[0]
}

// eventually waits for check to succeed. A limit is not shorter than what a slow and busy computer may need.
func (w *world) eventually(what string, limit time.Duration, check func() error) {
	w.t.Helper()
	w.ok(netns.Await(w.ctx, what, max(limit, hung/2), check))
}

// state checks the state of the profile's active connection, 0 for none.
func (w *world) wantState(name string, want uint32) {
	w.t.Helper()
	if got, err := w.Desktop.State(name); err != nil || got != want {
		w.t.Errorf("state of %s is %d, %v, want %d", name, got, err, want)
	}
}

// is returns an error for Await unless got is want.
func is[T comparable](what string, got, want T, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("%s is %v, want %v", what, got, want)
	}
	return err
}

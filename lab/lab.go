// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// patience bounds the wait for what a server of the lab does by itself.
const patience = 20 * time.Second

// Options says what to build.
type Options struct {
	desktop.Plugin
	// Impaired puts a Line, which can be made slow and lossy, into the first base connection and into that of the
	// official client.
	Impaired bool
	// BehindNATs puts a NAT of its own in front of the desktop and of the VPN server, see NATs.
	BehindNATs bool
	// Progress receives a line per step; nil = none.
	Progress io.Writer
}

// A Lab is the running test network.
type Lab struct {
	*servers.Proxies
	Desktop  *desktop.Desktop
	Internet *netns.Host
	Server   *softether.Server
	Office   *servers.Office
	Line     *netns.Line // nil unless Options.Impaired
	NATs     *NATs       // nil unless Options.BehindNATs

	opts        Options
	internetDNS *netns.Process
	dir         string
	extra       []*netns.Host // computers added after Start
	progress    sync.Mutex    // one line at a time
}

// Start builds the network and returns once the desktop is online, the VPN server takes connections to both hubs and
// the office hands out addresses. It takes about two seconds. The process must have come through Main.
func Start(ctx context.Context, opts Options) (*Lab, error) {
	if !netns.Inside() {
		return nil, errors.New("lab.Start outside netns.Main: it would change this machine's network")
	}
	l := &Lab{opts: opts}
	if err := os.MkdirAll("/run/lab", 0o755); err != nil {
		return nil, err
	}
	var err error
	if l.dir, err = os.MkdirTemp("/run/lab", "net"); err != nil {
		return nil, err
	}
	if err := os.Chmod(l.dir, 0o755); err != nil {
		return nil, err
	}
	if err := l.build(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// AuthDialog is the password dialog under test.
func (l *Lab) AuthDialog() string { return l.opts.AuthDialog }

func (l *Lab) build(ctx context.Context) error {
	err := l.step("three computers, two cables to the Internet and one to the office", func() error {
		return errors.Join(l.computers(), l.wire())
	})
	if err != nil {
		return err
	}
	// The three sides do not know each other; the machine has more than one core.
	jobs := []func() error{
		func() error {
			return l.step("VPN server with hubs SECURENAT and OFFICE", func() error {
				if err := l.internetServices(); err != nil {
					return err
				}
				return l.Server.SetUp(ctx)
			})
		},
		func() error {
			return l.step("desktop with D-Bus and NetworkManager online", func() error { return l.Desktop.SetUp(ctx) })
		},
		func() error {
			return l.step("office with DHCP, DNS, web and iperf3", func() error { return l.Office.SetUp(ctx) })
		},
	}
	errs := make([]error, len(jobs))
	var wg sync.WaitGroup
	for i, job := range jobs {
		wg.Go(func() { errs[i] = job() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// computers makes the three computers that every lab has.
func (l *Lab) computers() (err error) {
	if l.Desktop, err = desktop.New(l.dir, &l.opts.Plugin); err != nil {
		return err
	}
	if err := l.newInternet(); err != nil {
		return err
	}
	l.Office, err = servers.NewOffice(l.dir)
	return err
}

// step runs one part of the work and reports it with the time it took.
func (l *Lab) step(what string, f func() error) error {
	began := time.Now()
	err := f()
	if err != nil {
		err = fmt.Errorf("%s: %w", what, err)
	}
	l.say("lab: %-70s %5.2f s", what, time.Since(began).Seconds())
	return err
}

func (l *Lab) say(format string, args ...any) {
	if l.opts.Progress == nil {
		return
	}
	l.progress.Lock()
	defer l.progress.Unlock()
	fmt.Fprintf(l.opts.Progress, format+"\n", args...)
}

// Close ends all programs of this lab and releases its namespaces. Another Lab may be started afterwards.
func (l *Lab) Close() error {
	var errs []error
	if l.Desktop != nil {
		errs = append(errs, l.Desktop.DisconnectBus())
	}
	for _, h := range l.hosts() {
		errs = append(errs, h.KillAll())
	}
	for _, h := range l.hosts() {
		h.Close()
	}
	errs = append(errs, os.RemoveAll(l.dir))
	return errors.Join(errs...)
}

// hosts lists the computers made so far.
func (l *Lab) hosts() []*netns.Host {
	var hosts []*netns.Host
	if l.Desktop != nil {
		hosts = append(hosts, l.Desktop.Host)
	}
	if l.Internet != nil {
		hosts = append(hosts, l.Internet)
	}
	if l.Office != nil {
		hosts = append(hosts, l.Office.Host)
	}
	return append(hosts, l.extra...)
}

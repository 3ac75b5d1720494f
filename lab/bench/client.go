// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// A client is one of the two that are compared.
type client interface {
	// up connects and down disconnects; between them the process runs.
	up(ctx context.Context, s setup) error
	down(ctx context.Context) error
	pids() []int
	host() *netns.Host
	tap() (string, error)
	// target is where iperf3 and pings go.
	target() netip.Addr
}

// The clients' places in the results. The rival is the official client, or another build of ours.
const (
	oursName  = "ours"
	rivalName = "rival"
	bareName  = "bare" // no VPN
)

// profileName is what our profile is called in NetworkManager.
const profileName = "bench"

// ours is a build of our service.
type ours struct {
	lab     *lab.Lab
	program string
}

// serviceLink is the service that NetworkManager starts, a link to the build under test. It is in the lab's own /run.
const serviceLink = "/run/bench-service"

func (c ours) host() *netns.Host  { return c.lab.Desktop.Host }
func (c ours) pids() []int        { return c.lab.Desktop.Services() }
func (c ours) target() netip.Addr { return plan.OfficeGateway }

func (c ours) tap() (string, error) {
	names, err := c.lab.Desktop.TAPs()
	if err == nil && len(names) != 1 {
		err = fmt.Errorf("TAP devices are %v, want one", names)
	}
	if err != nil {
		return "", err
	}
	return names[0], nil
}

func (c ours) up(ctx context.Context, s setup) error {
	if err := os.Remove(serviceLink); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(c.program, serviceLink); err != nil {
		return err
	}
	pin, err := c.lab.Server.Fingerprint(ctx)
	if err != nil {
		return err
	}
	data := map[string]string{"gateway": plan.ServerAddr.String(), "hub": softether.HubOffice, "user": softether.Alice.Name, "server-cert-sha256": pin}
	maps.Copy(data, s.ours)
	if err := c.lab.Desktop.Add(ctx, desktop.VPN{Name: profileName, Password: softether.Alice.Password, Data: data}); err != nil {
		return err
	}
	if err := c.lab.Desktop.Up(ctx, profileName); err != nil {
		return fmt.Errorf("%w\n%s", err, c.lab.Desktop.VPNLog(0))
	}
	_, err = c.host().Ping(ctx, plan.OfficeGateway)
	return err
}

func (c ours) down(ctx context.Context) error { return c.lab.Desktop.Clean(ctx) }

type official struct{ *softether.Official }

func (c official) host() *netns.Host                     { return c.Official.Host }
func (c official) pids() []int                           { return c.PIDs() }
func (c official) tap() (string, error)                  { return c.TAP(), nil }
func (c official) target() netip.Addr                    { return plan.OfficeGateway }
func (c official) up(ctx context.Context, s setup) error { return c.Up(ctx, s.official) }
func (c official) down(ctx context.Context) error        { return c.Down(ctx) }

// bare is the desktop without VPN, talking to the computer of the VPN server over the same cable that the VPN
// would use.
type bare struct{ lab *lab.Lab }

func (c bare) host() *netns.Host               { return c.lab.Desktop.Host }
func (c bare) pids() []int                     { return nil }
func (c bare) tap() (string, error)            { return "", errors.New("without VPN there is no TAP") }
func (c bare) target() netip.Addr              { return plan.ServerAddr }
func (c bare) up(context.Context, setup) error { return nil }
func (c bare) down(context.Context) error      { return nil }

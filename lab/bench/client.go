// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"

	"network-manager-softether/lab"
)

// A client is one of the two that are compared.
type client interface {
	// up connects, down disconnects; between them the process runs.
	up(ctx context.Context, s setup) error
	down(ctx context.Context) error
	pids() []int
	host() *lab.Host
}

// The clients' places in the results. The rival is the official client, or another build of ours.
const (
	oursName  = "ours"
	rivalName = "rival"
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

func (c ours) host() *lab.Host { return c.lab.Desktop.Host }
func (c ours) pids() []int     { return c.lab.Desktop.Services() }

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
	data := map[string]string{"gateway": lab.ServerAddr.String(), "hub": lab.HubOffice, "user": lab.Alice.Name, "server-cert-sha256": pin}
	maps.Copy(data, s.ours)
	if err := c.lab.Desktop.Add(ctx, lab.VPN{Name: profileName, Password: lab.Alice.Password, Data: data}); err != nil {
		return err
	}
	if err := c.lab.Desktop.Up(ctx, profileName); err != nil {
		return fmt.Errorf("%w\n%s", err, c.lab.Desktop.VPNLog(0))
	}
	_, err = c.host().Ping(ctx, lab.OfficeGateway)
	return err
}

func (c ours) down(ctx context.Context) error { return c.lab.Desktop.Clean(ctx) }

type official struct{ *lab.Official }

func (c official) host() *lab.Host                       { return c.Official.Host }
func (c official) pids() []int                           { return c.PIDs() }
func (c official) up(ctx context.Context, s setup) error { return c.Up(ctx, s.official) }
func (c official) down(ctx context.Context) error        { return c.Down(ctx) }

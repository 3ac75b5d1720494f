// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// NMCLI runs nmcli with those arguments, as the person at the keyboard would; stdin is what they type. The
// terminal is wide: readline of Debian 13 cuts off on the left what does not fit into a line.
func (d *Desktop) NMCLI(ctx context.Context, stdin string, args ...string) (netns.Result, error) {
	return d.Run(ctx, netns.Command{Args: append([]string{"nmcli"}, args...), Stdin: stdin, Env: []string{"COLUMNS=500"}})
}

// MustNMCLI is NMCLI for commands whose failure is an error.
func (d *Desktop) MustNMCLI(ctx context.Context, args ...string) (string, error) {
	return d.Must(ctx, append([]string{"nmcli"}, args...)...)
}

// A VPN is a profile to make.
type VPN struct {
	Name string
	// Data are the keys of vpn.data; nil and empty values are left out.
	Data map[string]string
	// Password, if not empty, is stored in the profile.
	Password string
	// Secrets are the other secrets that are stored.
	Secrets map[string]string
	// More are further arguments for nmcli: "ipv4.never-default", "yes", ...
	More []string
}

// Args returns the nmcli command that makes the profile.
func (v VPN) Args() []string {
	args := []string{"connection", "add", "type", "vpn", "con-name", v.Name, "vpn-type", "softether", "vpn.data", list(v.Data)}
	secrets := maps.Clone(v.Secrets)
	if v.Password != "" {
		if secrets == nil {
			secrets = make(map[string]string)
		}
		secrets["password"] = v.Password
	}
	if len(secrets) > 0 {
		args = append(args, "vpn.secrets", list(secrets))
	}
	return append(args, v.More...)
}

// list formats keys and values as nmcli wants them, sorted, without empty ones.
func list(m map[string]string) string {
	var items []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if m[k] != "" {
			items = append(items, k+"="+strings.ReplaceAll(m[k], ",", `\,`))
		}
	}
	return strings.Join(items, ", ")
}

// Add makes the profile.
func (d *Desktop) Add(ctx context.Context, v VPN) error {
	_, err := d.MustNMCLI(ctx, v.Args()...)
	return err
}

// Up connects a profile with what is stored, without asking anyone. The error contains what nmcli said.
func (d *Desktop) Up(ctx context.Context, name string) error {
	_, err := d.MustNMCLI(ctx, "connection", "up", name)
	return err
}

// Down disconnects a profile.
func (d *Desktop) Down(ctx context.Context, name string) error {
	_, err := d.MustNMCLI(ctx, "connection", "down", name)
	return err
}

// Clean removes all profiles but the base connections and waits until no VPN service and no TAP is left.
func (d *Desktop) Clean(ctx context.Context) error {
	out, err := d.MustNMCLI(ctx, "-t", "-f", "TYPE,UUID", "connection", "show")
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		if kind, uuid, _ := strings.Cut(strings.TrimSpace(line), ":"); kind == "vpn" {
			if _, err := d.MustNMCLI(ctx, "connection", "delete", "uuid", uuid); err != nil {
				return err
			}
		}
	}
	return d.AwaitGone(ctx)
}

// AwaitGone waits until nothing of a VPN is left: no service process, no TAP, no route and no DNS entry.
func (d *Desktop) AwaitGone(ctx context.Context) error {
	return netns.Await(ctx, "everything of the VPN to be gone", nmLimit, func() error {
		if pids := d.Services(); len(pids) > 0 {
			return fmt.Errorf("service processes %v still run", pids)
		}
		taps, err := d.TAPs()
		if err != nil || len(taps) > 0 {
			return fmt.Errorf("TAP devices %v are still there (%v)", taps, err)
		}
		dns, err := d.VPNDNS()
		if err != nil || len(dns) > 0 {
			return fmt.Errorf("DNS of a VPN is still set: %v (%v)", dns, err)
		}
		for _, a := range []string{plan.ServerAddr.String(), plan.ServerAddr6.String()} {
			if r, err := d.HostRoute(a); err != nil || r != "" {
				return fmt.Errorf("the route to the VPN server is still there: %s (%v)", r, err)
			}
		}
		return nil
	})
}

// UseBase makes one of the two cables the only active base connection.
func (d *Desktop) UseBase(ctx context.Context, n int) error {
	if _, err := d.MustNMCLI(ctx, "connection", "up", plan.Bases[n].Profile); err != nil {
		return err
	}
	other := plan.Bases[1-n].Profile
	if s, err := d.State(other); err != nil || s == 0 {
		return err
	}
	_, err := d.MustNMCLI(ctx, "connection", "down", other)
	return err
}

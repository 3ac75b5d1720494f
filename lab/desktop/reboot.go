// SPDX-License-Identifier: Apache-2.0

package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/profile"
)

// Reboot removes what a restart of the computer removes: what NetworkManager has configured in the kernel,
// and what it keeps in /run. NetworkManager must have ended; StartNM continues.
func (d *Desktop) Reboot(ctx context.Context) error {
	if d.nm.Running() == nil {
		return errors.New("NetworkManager still runs")
	}
	for _, b := range plan.Bases {
		if _, err := d.Must(ctx, "ip", "address", "flush", "dev", b.Device); err != nil {
			return err
		}
		if err := d.SetLink(b.Device, false); err != nil {
			return err
		}
	}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		rules, err := d.Net.RuleList(family)
		if err != nil {
			return fmt.Errorf("listing rules: %w", err)
		}
		for _, r := range rules {
			if r.Priority > 0 && r.Priority < 32766 {
				if err := d.Net.RuleDel(&r); err != nil {
					return fmt.Errorf("rule %v: %w", r, err)
				}
			}
		}
		if _, err := d.Run(ctx, netns.Command{Args: []string{
			"ip", map[int]string{netlink.FAMILY_V4: "-4", netlink.FAMILY_V6: "-6"}[family],
			"route", "flush", "table", fmt.Sprint(profile.StrictTable),
		}}); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(d.Path("/run/NetworkManager/*"))
	for _, f := range files {
		err = errors.Join(err, os.RemoveAll(f))
	}
	return err
}

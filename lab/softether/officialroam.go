// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"errors"
	"net/netip"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// OfficialCables are the interfaces of the official client's computer, and those at their far ends.
var OfficialCables = [2]struct{ Device, Far string }{{"base0", "wan2"}, {"base1", "wan3"}}

// SecondCable gives the computer another cable to the Internet. As for a person without NetworkManager, the
// server is reached over the first one for as long as that is there.
func (o *Official) SecondCable(ctx context.Context) error {
	end, router := netip.MustParsePrefix("10.84.0.2/24"), netip.MustParsePrefix("10.84.0.1/24")
	second := OfficialCables[1]
	err := netns.Cable(o.Host, second.Device, o.internet, second.Far)
	if err == nil {
		err = errors.Join(o.AddAddr(second.Device, end), o.internet.AddAddr(second.Far, router))
	}
	if err == nil {
		_, err = o.Must(ctx, "ip", "route", "add", plan.Single(plan.ServerAddr).String(), "via", router.Addr().String(), "dev", second.Device, "metric", "600")
	}
	return err
}

// PreferSecondCable makes the second cable the route to the server, with both plugged in.
func (o *Official) PreferSecondCable(ctx context.Context) error {
	_, err := o.Must(ctx, "ip", "route", "del", plan.Single(plan.ServerAddr).String(), "dev", OfficialCables[0].Device)
	return err
}

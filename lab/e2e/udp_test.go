// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
	"network-manager-softether/protocol/udpaccel"
)

// accelerate begins to count what carries the frames, and returns the profile with that udp-acceleration.
func (w *world) accelerate(mode string) desktop.VPN {
	w.t.Helper()
	w.ok(w.CountCarriers(w.ctx))
	v := ipv4Only(w.profile("fast", softether.HubOffice, softether.Alice))
	v.Data["udp-acceleration"] = mode
	return v
}

// carriers sends TCP through the tunnel for a second, and returns the packets that carried it.
func (w *world) carriers(reverse bool) (lab.Carriers, error) {
	before, err := w.Carriers(w.ctx)
	if err != nil {
		return before, err
	}
	if _, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, time.Second, reverse); err != nil {
		return before, err
	}
	after, err := w.Carriers(w.ctx)
	return after.Sub(before), err
}

// allUDP says whether UDP carried everything; TCP may have sent some keep-alives.
func allUDP(c lab.Carriers) error {
	if c.UDPUp < 100 || c.UDPDown < 100 || c.TCPUp > 10 || c.TCPDown > 10 {
		return fmt.Errorf("not all went over UDP: %+v", c)
	}
	return nil
}

// allTCP says whether TCP carried everything; UDP may have sent some keep-alives.
func allTCP(c lab.Carriers) error {
	if c.UDPUp > 20 || c.UDPDown > 20 || c.TCPUp < 100 || c.TCPDown < 100 {
		return fmt.Errorf("not all went over TCP: %+v", c)
	}
	return nil
}

// settles waits until everything goes that way, in both directions.
func (w *world) settles(what string, limit time.Duration, way func(lab.Carriers) error) {
	w.t.Helper()
	for _, reverse := range []bool{false, true} {
		w.eventually(what, limit, func() error {
			c, err := w.carriers(reverse)
			if err != nil {
				return err
			}
			return way(c)
		})
	}
}

func TestFramesTravelOverUDPAndOverTCPWhileUDPIsDead(t *testing.T) {
	w := freshNetwork(t)
	w.up(w.accelerate("yes"))
	// Rights are given up before the login, but the room for bursts has to be there (udpaccel.SocketBuffer).
	if res, err := w.Desktop.Run(w.ctx, netns.Command{Args: []string{"ss", "-uanm"}}); err != nil || !strings.Contains(res.Stdout, fmt.Sprintf("rb%d", 2*udpaccel.SocketBuffer)) {
		t.Errorf("no UDP socket has the room of udpaccel.SocketBuffer: %v\n%s", err, res.Stdout)
	}
	// The protocol uses UDP after it has worked for ten seconds.
	w.settles("frames to go over UDP", 25*time.Second, allUDP)

	transfer := make(chan error, 1)
	go func() {
		_, err := w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 8*time.Second, false)
		transfer <- err
	}()
	time.Sleep(2 * time.Second) // in the middle of it
	w.ok(w.BlockUDP(w.ctx, true))
	// We notice within a second; the server, which has to answer, within 2.1 s.
	t.Logf("the tunnel answered again %v after UDP died", w.flows(4*time.Second))
	w.ok(<-transfer)
	w.settles("frames to go over TCP", 10*time.Second, func(c lab.Carriers) error {
		c.UDPUp, c.UDPDown = 0, 0 // both go on trying
		return allTCP(c)
	})
	w.ok(w.BlockUDP(w.ctx, false))
	w.settles("frames to go over UDP again", 25*time.Second, allUDP)
	w.wantState("fast", desktop.Activated)
	if sockets, err := procfs.Listening(w.service()); err != nil || len(sockets) > 0 {
		t.Errorf("the service listens: %v, %v", sockets, err)
	}
	w.down("fast")
}

func TestUDPWorksOverIPv6AndCompresses(t *testing.T) {
	w := freshNetwork(t)
	v := w.accelerate("yes")
	v.Data["gateway"], v.Data["compression"], v.Data["max-connections"] = plan.ServerName6, "yes", "4"
	six := servers.OfficeDHCP()
	six.RA = true
	w.office(six)
	w.up(v)
	w.has6()
	w.settles("frames to go over UDP", 25*time.Second, allUDP)
	w.quiet()
	before, err := w.Carriers(w.ctx)
	w.ok(err)
	const pings, size = 50, 1400
	_, err = w.Desktop.Must(w.ctx, "ping", "-q", "-c", fmt.Sprint(pings), "-i", "0.01", "-s", fmt.Sprint(size), "-p", "61", plan.OfficeGateway.String())
	w.ok(err)
	after, err := w.Carriers(w.ctx)
	w.ok(err)
	if c := after.Sub(before); c.UDPUp < pings || c.UDPDown < pings || c.UDPUpBytes > pings*size/2 || c.UDPDownBytes > pings*size/2 {
		t.Errorf("%d echoes of %d equal bytes were not compressed over UDP: %+v", pings, size, c)
	}
	w.inOffice("fast")
	w.streams(5_000_000) // which arrive as they were
	w.settles("frames to go over UDP", 25*time.Second, allUDP)
	w.down("fast")
}

// quiet waits until what a transfer has left on its way has arrived.
func (w *world) quiet() {
	w.t.Helper()
	w.eventually("nothing but keep-alives to go through the tunnel", 10*time.Second, func() error {
		before, err := w.Carriers(w.ctx)
		w.ok(err)
		time.Sleep(200 * time.Millisecond)
		after, err := w.Carriers(w.ctx)
		w.ok(err)
		if c := after.Sub(before); c.UDPUpBytes+c.UDPDownBytes > 3000 {
			return fmt.Errorf("in 200 ms there were %+v", c)
		}
		return nil
	})
}

func TestFramesReturnToUDPAfterTheSessionIsReattached(t *testing.T) {
	w := freshNetwork(t)
	w.up(quick(w.accelerate("yes")))
	w.settles("frames to go over UDP", 25*time.Second, allUDP)
	w.ok(w.ResetConnections(w.ctx))
	w.flows(20 * time.Second)
	w.settles("frames to go over UDP", 40*time.Second, allUDP)
	w.down("fast")
}

func TestAutomaticUDPWaitsUntilTheLineLosesPackets(t *testing.T) {
	w := freshNetwork(t, func(o *lab.Options) { o.Impaired = true })
	far := netns.Impairment{Delay: 10 * time.Millisecond}
	w.Line.Set(far)
	w.up(w.accelerate("auto"))
	time.Sleep(12 * time.Second) // by now UDP could be used
	before, err := w.Carriers(w.ctx)
	w.ok(err)
	// Not so much that it overruns the line.
	w.ok(w.Desktop.EchoTCP(w.ctx, plan.OfficeGateway, 1<<20))
	after, err := w.Carriers(w.ctx)
	w.ok(err)
	w.ok(allTCP(after.Sub(before)))
	far.Loss = 0.02
	w.Line.Set(far)
	w.settles("frames to go over UDP", 40*time.Second, allUDP)
	w.down("fast")
}

func TestNoUDPWhereItIsNotWanted(t *testing.T) {
	w := freshNetwork(t)
	w.up(w.accelerate("no"))
	time.Sleep(3 * time.Second) // keep-alives would have gone
	c, err := w.Carriers(w.ctx)
	w.ok(err)
	if c.UDPUp > 0 { // from the server's ports may come something else, such as a DNS query
		t.Errorf("there was UDP: %+v", c)
	}
	w.down("fast")
}

// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

func TestAnImpairedLineDelaysAndLoses(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	opts := withoutPlugin()
	opts.Impaired = true
	l, err := Start(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Line.Set(netns.Impairment{Delay: 20 * time.Millisecond})
	for i := range 4 {
		rtt, err := l.Desktop.Ping(ctx, plan.ServerAddr)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			continue // with the neighbours' addresses to find out
		}
		if rtt < 40*time.Millisecond {
			t.Errorf("the round trip takes %v with 20 ms each way", rtt)
		}
	}
	if _, err := l.Internet.Start("iperf3", netns.Command{Args: []string{"iperf3", "--server"}}); err != nil {
		t.Fatal(err)
	}
	var clean, lossy float64
	for _, run := range []struct {
		line netns.Impairment
		got  *float64
	}{{netns.Impairment{}, &clean}, {netns.Impairment{Delay: 20 * time.Millisecond, Loss: 0.1}, &lossy}} {
		l.Line.Set(run.line)
		err := netns.Await(ctx, "iperf3 over the line", 30*time.Second, func() error {
			var err error
			*run.got, err = l.Desktop.Iperf(ctx, plan.ServerAddr, 2*time.Second, false)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("bare TCP over the line: %.0f Mbit/s; with 10 %% loss and 40 ms: %.0f Mbit/s", clean/1e6, lossy/1e6)
	if lossy <= 0 || lossy > clean/2 {
		t.Errorf("loss and delay slow TCP from %.0f to %.0f Mbit/s only", clean/1e6, lossy/1e6)
	}
	l.Line.Set(netns.Impairment{Loss: 1})
	lost, cancelLost := context.WithTimeout(ctx, time.Second)
	defer cancelLost()
	if rtt, err := l.Desktop.Ping(lost, plan.ServerAddr); err == nil {
		t.Errorf("an answer after %v over a line that loses everything", rtt)
	}
}

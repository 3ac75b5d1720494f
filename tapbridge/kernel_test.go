// SPDX-License-Identifier: Apache-2.0

package tapbridge_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"

	"network-manager-softether/frame"
	"network-manager-softether/tapbridge"
)

// A pair is two hosts, each a network namespace with a TAP, and the two bridges
// between them back to back in this process:
//
//	netns a                                                   netns b
//	10.9.0.1, fd09::1                               10.9.0.2, fd09::2
//	TAP ---- Bridge ---- one direct call ---- Bridge ---- TAP
type pair struct {
	a, b *side
}

type side struct {
	*netns
	tap    *tapbridge.TAP
	bridge *tapbridge.Bridge
	v4, v6 string
}

// cross is a Link that leads straight into another bridge.
type cross struct{ to *tapbridge.Bridge }

func (c cross) Send(b *frame.Batch) error {
	c.to.Receive(b.Frames())
	return nil
}

func newPair(t testing.TB, cfg tapbridge.TAPConfig) *pair {
	t.Helper()
	p := &pair{newSide(t, cfg, 1), newSide(t, cfg, 2)}
	p.a.bridge.SetLink(cross{p.b.bridge})
	p.b.bridge.SetLink(cross{p.a.bridge})
	return p
}

func newSide(t testing.TB, cfg tapbridge.TAPConfig, host byte) *side {
	t.Helper()
	s := &side{netns: newNetns(t), v4: fmt.Sprintf("10.9.0.%d", host), v6: fmt.Sprintf("fd09::%d", host)}
	cfg.MAC = net.HardwareAddr{0x5e, 0, 0, 0, 0, host}
	s.tap = s.open(cfg)
	s.bridge = tapbridge.New(s.tap, nil)
	t.Cleanup(func() { s.bridge.Close() })
	s.run("ip", "addr", "add", s.v4+"/24", "dev", s.tap.Name())
	s.run("ip", "addr", "add", s.v6+"/64", "dev", s.tap.Name(), "nodad")
	return s
}

// open makes a TAP in the namespace.
func (n *netns) open(cfg tapbridge.TAPConfig) *tapbridge.TAP {
	n.t.Helper()
	var tap *tapbridge.TAP
	var err error
	n.do(func() { tap, err = tapbridge.OpenTAP(cfg) })
	if err != nil {
		n.t.Fatal(err)
	}
	return tap
}

func TestPingWithoutFragments(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  tapbridge.TAPConfig
		mtu  int
	}{
		{"offload", tapbridge.TAPConfig{}, 1500},
		{"plain", tapbridge.TAPConfig{PlainMode: true}, 1500},
		{"small MTU", tapbridge.TAPConfig{MTU: 1300}, 1300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(t, tt.cfg)
			p.a.run("ping", "-M", "do", "-c", "3", "-i", "0.01", "-W", "2", "-s", fmt.Sprint(tt.mtu-28), p.b.v4)
			p.a.run("ping", "-M", "do", "-c", "3", "-i", "0.01", "-W", "2", "-s", fmt.Sprint(tt.mtu-48), p.b.v6)
			if out, err := p.a.try("ping", "-M", "do", "-c", "1", "-W", "0.1", "-s", fmt.Sprint(tt.mtu-27), p.b.v4); err == nil {
				t.Errorf("a packet longer than the MTU went through:\n%s", out)
			}
		})
	}
}

// iperf is what matters of the JSON of iperf3.
type iperf struct {
	Error string
	End   struct {
		Sum      struct{ Bits_per_second, Lost_percent float64 }
		Received struct{ Bits_per_second float64 } `json:"sum_received"`
		Sent     struct{ Retransmits int }         `json:"sum_sent"`
	}
}

// iperf3 runs a server in to and a client in from.
func (p *pair) iperf3(t testing.TB, from, to *side, addr string, args ...string) iperf {
	t.Helper()
	server := exec.CommandContext(t.Context(), "iperf3", "-s", "-1", "--forceflush")
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	to.do(func() { err = server.Start() })
	if err != nil {
		t.Fatal(err)
	}
	defer server.Wait()
	defer server.Process.Kill()
	for s := bufio.NewScanner(out); s.Scan() && !strings.Contains(s.Text(), "listening"); {
	}
	go func() { // the rest of what it says
		for s := bufio.NewScanner(out); s.Scan(); {
		}
	}()
	text := from.run("iperf3", append([]string{"-c", addr, "-J"}, args...)...)
	var r iperf
	if err := json.Unmarshal([]byte(text), &r); err != nil || r.Error != "" {
		t.Fatalf("iperf3: %v %s\n%s", err, r.Error, text)
	}
	return r
}

// bulk is how much iperf3 moves in a test. The race detector makes checksums slow.
var bulk = map[bool]string{false: "60M", true: "6M"}[raceDetector]

func TestBulkTravelsInSuperframes(t *testing.T) {
	p := newPair(t, tapbridge.TAPConfig{})
	for _, tt := range []struct {
		name     string
		from, to *side // of the data
		addr     string
		args     []string
	}{
		{"TCP v4", p.a, p.b, p.b.v4, []string{"-n", bulk}},
		{"TCP v4 back", p.b, p.a, p.b.v4, []string{"-n", bulk, "-R"}},
		{"TCP v6", p.a, p.b, p.b.v6, []string{"-n", bulk}},
		{"TCP v6 back", p.b, p.a, p.b.v6, []string{"-n", bulk, "-R"}},
		{"UDP v4", p.a, p.b, p.b.v4, []string{"-u", "-b", "300M", "-n", "3M"}},
		{"UDP v6 back", p.b, p.a, p.b.v6, []string{"-u", "-b", "300M", "-n", "3M", "-R"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, written := tt.to.bridge.Stats(), tt.to.received()
			r := p.iperf3(t, p.a, p.b, tt.addr, tt.args...)
			after, written := tt.to.bridge.Stats(), tt.to.received()-written
			frames := after.ReceivedFrames - before.ReceivedFrames
			t.Logf("%.2f Gbit/s, %d retransmits, %.2f %% lost, %d frames in %d packets", r.gbits(),
				r.End.Sent.Retransmits, r.End.Sum.Lost_percent, frames, written)
			if frames < 1000 {
				t.Errorf("%d frames are not what was sent", frames)
			}
			if !strings.Contains(tt.name, "UDP") && int(frames) < 4*written {
				t.Errorf("%d frames went to the kernel in %d packets, want a quarter at most", frames, written)
			}
			if after.ReceiveDropped > before.ReceiveDropped || after.SendDropped > before.SendDropped {
				t.Errorf("the bridge lost frames: before %+v, after %+v", before, after)
			}
		})
	}
}

// gbits is what arrived, in Gbit/s.
func (r iperf) gbits() float64 { return r.End.Received.Bits_per_second / 1e9 }

// BenchmarkTCP moves 1 GB between the two hosts. Both ends of iperf3 and both
// bridges share the machine.
func BenchmarkTCP(b *testing.B) {
	for _, plain := range []bool{false, true} {
		for _, streams := range []string{"1", "8"} {
			b.Run(fmt.Sprintf("plain=%v/streams=%s", plain, streams), func(b *testing.B) {
				p := newPair(b, tapbridge.TAPConfig{PlainMode: plain})
				sum := 0.0
				for b.Loop() {
					sum += p.iperf3(b, p.a, p.b, p.b.v4, "-n", "1G", "-P", streams).gbits()
				}
				b.ReportMetric(sum/float64(b.N), "Gbit/s")
			})
		}
	}
}

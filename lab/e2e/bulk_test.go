// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
)

// Over R-UDP frames have a way beside the stream, which is as fast as the line where the stream is not: no more than 64
// segments of 512 bytes are under way in it. Debian's server knows the RC4 version only, which is taken for
// udp-acceleration=v1 alone; others grant version 2, which is taken unless it is switched off.
func TestBulkDatagramsOverRUDP(t *testing.T) {
	w := freshNetwork(t, func(o *lab.Options) { o.Impaired = true })
	w.verbose()
	_, err := w.Server.BehindRendezvous(w.ctx)
	w.ok(err)
	w.Line.Set(netns.Impairment{Delay: 20 * time.Millisecond}) // a round trip of 40 ms
	w.ok(w.OnlyLet(w.ctx, "meta l4proto udp"))
	type speed struct {
		version     string  // granted, "" for nothing beside the stream
		there, back float64 // bit/s
	}
	measure := func(acceleration string) (s speed) {
		v := w.by("udp")
		v.Name, v.Data["udp-acceleration"] = "office-"+acceleration, acceleration
		mark := w.Desktop.NMLogMark()
		w.up(v)
		w.pings(plan.OfficeGateway)
		if found := versionBeside.FindStringSubmatch(w.Desktop.NMLog(mark)); found != nil {
			s.version = found[1]
		}
		for _, way := range []struct {
			rate    *float64
			reverse bool
		}{{&s.there, false}, {&s.back, true}} {
			w.eventually("iperf3, which may still be busy", 20*time.Second, func() (err error) {
				*way.rate, err = w.Desktop.Iperf(w.ctx, plan.OfficeGateway, 4*time.Second, way.reverse)
				return err
			})
		}
		w.down(v.Name)
		t.Logf("udp-acceleration=%s at 40 ms round trip: version %q, %.1f Mbit/s there, %.1f back", acceleration, s.version, s.there/1e6, s.back/1e6)
		return s
	}
	stream, auto, datagrams := measure("no"), measure("auto"), measure("v1")
	if stream.version != "" || datagrams.version == "" {
		t.Errorf("beside the stream: version %q with no, %q with v1", stream.version, datagrams.version)
	}
	want := datagrams.version
	if want == "1" {
		want = "" // auto does not take RC4
	}
	if auto.version != want {
		t.Errorf("beside the stream with auto: version %q, want %q, as the server grants %q", auto.version, want, datagrams.version)
	}
	// It is some 30 times as much where nothing else is done.
	if datagrams.there+datagrams.back < stream.there+stream.back {
		t.Error("datagrams beside the stream are slower than the stream")
	}
}

// In ICMP and DNS messages, too, and as large as frames come: what is longer than a packet is cut up by IP.
func TestBulkDatagramsInICMPAndDNS(t *testing.T) {
	t.Parallel()
	for transport, passes := range map[string]string{"icmp": "meta l4proto icmp", "dns": "udp dport 53"} {
		t.Run(transport, func(t *testing.T) {
			w := freshNetwork(t)
			w.verbose()
			if transport == "icmp" {
				w.ok(w.Server.OverICMP(w.ctx))
			} else {
				w.ok(w.Server.OverDNS(w.ctx))
			}
			v := w.by(transport)
			v.Data["udp-acceleration"] = "v1"
			w.ok(w.OnlyLet(w.ctx, passes))
			mark := w.Desktop.NMLogMark()
			w.works(v)
			if !strings.Contains(w.Desktop.NMLog(mark), besideTheStream) {
				t.Error("frames do not go beside the stream")
			}
			for _, size := range []string{"56", "1400", "1472"} {
				if _, err := w.Desktop.Must(w.ctx, "ping", "-c1", "-W5", "-M", "do", "-s", size, plan.OfficeGateway.String()); err != nil {
					t.Errorf("%s bytes: %v", size, err)
				}
			}
			w.survives(v)
			w.down(v.Name)
		})
	}
}

// besideTheStream is what the service logs when bulk datagrams are granted.
const besideTheStream = "frames travel in datagrams beside the stream"

var versionBeside = regexp.MustCompile(besideTheStream + `.*\bversion=(\d)`)

// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab"
)

// Over R-UDP frames have a way beside the stream, which is as fast as the line where the stream is not: no more than 64
// segments of 512 bytes are under way in it. Debian's server knows the RC4 version only, so it is taken for
// udp-acceleration=v1 alone.
func TestBulkDatagramsOverRUDP(t *testing.T) {
	w := freshNetwork(t, func(o *lab.Options) { o.Impaired = true })
	w.verbose()
	_, err := w.BehindRendezvous(w.ctx)
	w.ok(err)
	w.Line.Set(lab.Impairment{Delay: 20 * time.Millisecond}) // a round trip of 40 ms
	w.ok(w.OnlyLet(w.ctx, "meta l4proto udp"))
	type speed struct{ there, back float64 } // bit/s
	measure := func(acceleration string) (s speed) {
		v := w.by("udp")
		v.Name, v.Data["udp-acceleration"] = "office-"+acceleration, acceleration
		mark := w.Desktop.NMLogMark()
		w.up(v)
		w.pings(lab.OfficeGateway)
		if got, want := strings.Contains(w.Desktop.NMLog(mark), besideTheStream), acceleration == "v1"; got != want {
			t.Errorf("udp-acceleration=%s: beside the stream: %v, want %v", acceleration, got, want)
		}
		for _, way := range []struct {
			rate    *float64
			reverse bool
		}{{&s.there, false}, {&s.back, true}} {
			w.eventually("iperf3, which may still be busy", 20*time.Second, func() (err error) {
				*way.rate, err = w.Desktop.Iperf(w.ctx, lab.OfficeGateway, 4*time.Second, way.reverse)
				return err
			})
		}
		w.down(v.Name)
		t.Logf("udp-acceleration=%s at 40 ms round trip: %.1f Mbit/s there, %.1f back", acceleration, s.there/1e6, s.back/1e6)
		return s
	}
	stream, _, datagrams := measure("no"), measure("auto"), measure("v1")
	// It is some 30 times as much where nothing else is done.
	if datagrams.there+datagrams.back < stream.there+stream.back {
		t.Error("datagrams beside the stream are slower than the stream")
	}
}

// In ICMP and DNS messages, too, and as large as frames come: what is longer than a packet is cut up by IP.
func TestBulkDatagramsInICMPAndDNS(t *testing.T) {
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
				if _, err := w.Desktop.Must(w.ctx, "ping", "-c1", "-W5", "-M", "do", "-s", size, lab.OfficeGateway.String()); err != nil {
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

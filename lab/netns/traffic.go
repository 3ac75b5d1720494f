// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// WhoAmI asks the web server at addr and returns "PLACE ADDRESS": which part of the lab has answered
// ("internet" or "office") and which address it saw the request come from.
func (h *Host) WhoAmI(ctx context.Context, addr netip.Addr) (string, error) {
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return h.DialContext(ctx, network, addr)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+netip.AddrPortFrom(addr, 80).String()+"/", nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	return strings.TrimSpace(string(b)), err
}

// Iperf measures TCP throughput from the host to the iperf3 server at addr, or from there with reverse, in
// bits per second as seen by the receiver. The server runs one test at a time and reopens its listening
// socket after each, so a client that is too early is refused and tries again.
func (h *Host) Iperf(ctx context.Context, addr netip.Addr, length time.Duration, reverse bool) (bits float64, err error) {
	err = Await(ctx, "iperf3", length+15*time.Second, func() error {
		bits, err = h.iperf(ctx, addr, length, reverse)
		if err == nil {
			return nil
		}
		// The last is what 3.18 says where 3.12 could not connect.
		for _, early := range []string{"unable to connect to server", "the server is busy", "unable to receive control message"} {
			if strings.Contains(err.Error(), early) {
				return err
			}
		}
		return hopeless{err}
	})
	return bits, err
}

func (h *Host) iperf(ctx context.Context, addr netip.Addr, length time.Duration, reverse bool) (float64, error) {
	args := []string{"iperf3", "--client", addr.String(), "--json", "--connect-timeout", "3000", "--time", fmt.Sprint(int(length.Seconds()))}
	if reverse {
		args = append(args, "--reverse")
	}
	ctx, cancel := context.WithTimeout(ctx, length+15*time.Second)
	defer cancel()
	res, err := h.Run(ctx, Command{Args: args})
	if err != nil {
		return 0, err
	}
	var report struct {
		Error string
		End   struct {
			Received struct {
				Bits float64 `json:"bits_per_second"`
			} `json:"sum_received"`
		}
	}
	if err := json.Unmarshal([]byte(res.Stdout), &report); err != nil {
		return 0, fmt.Errorf("iperf3's report: %w: %s", err, res.Text())
	}
	if report.Error != "" {
		return 0, fmt.Errorf("iperf3: %s", report.Error)
	}
	return report.End.Received.Bits, nil
}

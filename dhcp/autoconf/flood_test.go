// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/mdlayher/ndp"

	"network-manager-softether/internal/bubbletest"
)

// Any host of the network can send router advertisements, as many as it likes.
func TestFloodOfStrangeAdvertisementsDoesNotFloodTheLog(t *testing.T) {
	damaged := &ndp.RawOption{Type: optRouteInfo, Length: 1, Value: []byte{129, 0, 0, 0, 0, 0}}
	many := make([]ndp.Option, maxRoutes+1)
	for i := range many {
		var dst [16]byte
		binary.BigEndian.PutUint64(dst[:], 0x2001_0db8_0000_0000+uint64(i)<<16)
		many[i] = &ndp.RouteInformation{PrefixLength: 48, Prefix: netip.AddrFrom16(dst), RouteLifetime: time.Hour}
	}
	for _, tt := range []struct {
		name string
		opts []ndp.Option
		line string
	}{
		{"damaged", []ndp.Option{damaged}, "damaged options"},
		{"more than is kept", many, "more than is kept"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubbletest.Run(t, func(t *testing.T) {
				n, c := newNetwork(t)
				var log bytes.Buffer
				logger := slog.New(slog.NewTextHandler(&log, nil))
				c.log, c.host.log = logger, logger
				ctx, cancel := context.WithCancel(t.Context())
				_, end := maintain(ctx, c, nil)
				for range 120 {
					n.advertise(routerLL, usual(tt.opts...))
					time.Sleep(499 * time.Millisecond)
				}
				cancel()
				<-end
				if got := bytes.Count(log.Bytes(), []byte(tt.line)); got != 1 {
					t.Errorf("%d lines in a minute, want 1:\n%.1000s", got, log.Bytes())
				}
			})
		})
	}
}

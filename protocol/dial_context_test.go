// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// ending is a context that ends when and how a test wants.
type ending struct {
	context.Context
	done chan struct{}
	how  error
}

func (e *ending) Done() <-chan struct{} { return e.done }

func (e *ending) Err() error {
	select {
	case <-e.done:
		return e.how
	default:
		return nil
	}
}

// TestDialEndsWithItsContext ends the context at every step, while the server is
// silent.
func TestDialEndsWithItsContext(t *testing.T) {
	for _, step := range []struct {
		op  string
		set func(cfg *protocol.Config, srv *Server, reached func())
	}{
		{"resolve", func(cfg *protocol.Config, _ *Server, reached func()) {
			cfg.Host, cfg.Resolver = "vpn.example", resolverFunc(func(ctx context.Context) error {
				reached()
				<-ctx.Done()
				return ctx.Err()
			})
		}},
		{"connect", func(cfg *protocol.Config, _ *Server, reached func()) {
			cfg.Dialer = dialerFunc(func(ctx context.Context, _ string) (net.Conn, error) {
				reached()
				<-ctx.Done()
				return nil, ctx.Err()
			})
		}},
		{"TLS", func(_ *protocol.Config, srv *Server, reached func()) {
			srv.Set(WithFault(StepAccept, func(x *Exchange) bool {
				x.Conn.Read(make([]byte, 1)) // the client is done with TCP
				reached()
				return Silence(x)
			}))
		}},
		{"hello", func(_ *protocol.Config, srv *Server, reached func()) {
			srv.Set(WithFault(StepHello, func(x *Exchange) bool { reached(); return Silence(x) }))
		}},
		{"login", func(_ *protocol.Config, srv *Server, reached func()) {
			srv.Set(WithFault(StepLogin, func(x *Exchange) bool { reached(); return Silence(x) }))
		}},
	} {
		for _, how := range []error{context.Canceled, context.DeadlineExceeded} {
			t.Run(fmt.Sprint(step.op, "/", how), func(t *testing.T) {
				srv := start(t)
				cfg := alice(srv)
				ctx := &ending{t.Context(), make(chan struct{}), how}
				step.set(cfg, srv, func() { close(ctx.done) })
				_, err := protocol.Dial(ctx, cfg)
				var at *protocol.Error
				if !errors.Is(err, how) || !errors.As(err, &at) || at.Op != step.op {
					t.Errorf("error %v, want %v at step %s", err, how, step.op)
				}
				if errors.Is(err, protocol.ErrTimeout) != (how == context.DeadlineExceeded) {
					t.Errorf("error %v: is it a time-out?", err)
				}
			})
		}
	}
}

type resolverFunc func(context.Context) error

func (f resolverFunc) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	return nil, f(ctx)
}

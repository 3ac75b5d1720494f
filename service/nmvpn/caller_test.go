// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"network-manager-softether/lab/bustest"
)

// caller is a handler that writes down what it is called with.
type caller struct {
	mu  sync.Mutex
	got []string
	err error
}

func (c *caller) answer(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *caller) calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

func (c *caller) note(format string, args ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, fmt.Sprintf(format, args...))
	return c.err
}

func (c *caller) NeedSecrets(s Settings) (string, error) {
	return "vpn", c.note("NeedSecrets %v", s["vpn"]["data"].Value())
}

func (c *caller) Connect(who string, s Settings, interactive bool) error {
	return c.note("Connect %v interactive=%v from-unique-name=%v", s["vpn"]["data"].Value(), interactive, strings.HasPrefix(who, ":1."))
}

func (c *caller) NewSecrets(s Settings) error {
	return c.note("NewSecrets %v", s["vpn"]["secrets"].Value())
}
func (c *caller) Disconnect() error { return c.note("Disconnect") }

func start(t *testing.T, bus *bustest.Bus, h Handler) *Plugin {
	t.Helper()
	p, err := Serve(bus.Connect(t), testName, h, slog.New(slog.DiscardHandler), func(*Plugin) {})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

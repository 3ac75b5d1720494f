// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"network-manager-softether/lab/bustest"
)

func TestASecondInstanceIsToldThatTheNameIsTaken(t *testing.T) {
	bus := bustest.New(t, policy)
	start(t, bus, &caller{})
	_, err := Serve(bus.Connect(t), testName, &caller{}, slog.New(slog.DiscardHandler), func(*Plugin) {})
	if !errors.Is(err, ErrNameTaken) {
		t.Errorf("error %v, want ErrNameTaken", err)
	}
}

func TestWithoutThePolicyTheNameIsRefusedWithAHint(t *testing.T) {
	bus := bustest.New(t, "")
	_, err := Serve(bus.Connect(t), testName, &caller{}, slog.New(slog.DiscardHandler), func(*Plugin) {})
	if err == nil || !strings.Contains(err.Error(), "policy") {
		t.Errorf("error %v, want one that names the policy", err)
	}
}

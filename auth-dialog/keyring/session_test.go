// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"bytes"
	"context"
	"crypto/aes"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// plainOnly is the real keyring, but refusing encryption as a simple one does.
type plainOnly struct{ dbus.BusObject }

func (p plainOnly) CallWithContext(ctx context.Context, method string, flags dbus.Flags, args ...any) *dbus.Call {
	if args[0] == encrypted {
		return &dbus.Call{Err: dbus.Error{Name: "org.freedesktop.DBus.Error.NotSupported"}}
	}
	return p.BusObject.CallWithContext(ctx, method, flags, args...)
}

func TestSecretsAreEncryptedOnTheBusIfTheKeyringCan(t *testing.T) {
	h := newHome(t)
	h.store(uuid, "password", "x")
	for _, tc := range []struct {
		why     string
		service dbus.BusObject
		sealed  bool
	}{
		{"gnome-keyring", h.conn.Object(keyringName, path), true},
		{"without encryption", plainOnly{h.conn.Object(keyringName, path)}, false},
	} {
		s, err := openSession(t.Context(), tc.service)
		if err != nil {
			t.Fatal(err)
		}
		var open, locked []dbus.ObjectPath
		if err := h.conn.Object(keyringName, path).Call(service+".SearchItems", 0, map[string]string{"connection-uuid": uuid}).Store(&open, &locked); err != nil || len(open) != 1 {
			t.Fatalf("%s: items %v, %v", tc.why, open, err)
		}
		var v sealed
		if err := h.conn.Object(keyringName, open[0]).Call(item+".GetSecret", 0, s.path).Store(&v); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(v.Value, []byte("x")) == tc.sealed {
			t.Errorf("%s: what crosses the bus is %q", tc.why, v.Value)
		}
		if got, err := s.open(v); err != nil || got != "x" {
			t.Errorf("%s: got %q, %v", tc.why, got, err)
		}
	}
}

func TestKeysEverybodyKnowsAreRefused(t *testing.T) {
	for _, theirs := range []*big.Int{big.NewInt(0), big.NewInt(1), new(big.Int).Sub(group, big.NewInt(1)), group, new(big.Int).Lsh(group, 1)} {
		if _, err := agree(big.NewInt(5), theirs); err == nil {
			t.Errorf("%x is accepted", theirs)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(make([]byte, 16), make([]byte, 16))
	f.Add([]byte{}, []byte("x"))
	f.Add(make([]byte, 16), []byte(strings.Repeat("x", 160)))
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, params, value []byte) {
		s := session{block: block}
		text, err := s.open(sealed{Params: params, Value: value})
		if err == nil && (len(text) >= len(value) || len(value)-len(text) > 16) {
			t.Errorf("%d bytes give %d", len(value), len(text))
		}
		if errors.Is(err, errPadding) && len(value)%16 != 0 {
			t.Error("the padding of a broken block was looked at")
		}
	})
}

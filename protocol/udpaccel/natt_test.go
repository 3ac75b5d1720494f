// SPDX-License-Identifier: Apache-2.0

package udpaccel

import (
	"bytes"
	"testing"
)

func TestNATTPort(t *testing.T) {
	for _, tt := range []struct {
		name    string
		payload string
		want    uint16
	}{
		{"port", "NATT_MY_PORT\x9c\x40", 40000},
		{"port and address", "NATT_MY_PORT\x9c\x41NATT_MY_IP" + string(make([]byte, 16)), 40001},
		{"noise", "NATT_MY_PART\x9c\x40", 0},
		{"no port", "NATT_MY_PORT", 0},
		{"half a port", "NATT_MY_PORT\x9c", 0},
		{"port 0", "NATT_MY_PORT\x00\x00", 0},
		{"nothing", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := NATTPort([]byte(tt.payload)); got != tt.want || ok != (tt.want != 0) {
				t.Errorf("got %d, %v, want %d", got, ok, tt.want)
			}
		})
	}
}

func FuzzNATTPort(f *testing.F) {
	f.Add([]byte("NATT_MY_PORT\x9c\x40"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if port, ok := NATTPort(b); ok != (port != 0) || ok && !bytes.HasPrefix(b, nattPrefix) {
			t.Errorf("%x gives %d, %v", b, port, ok)
		}
	})
}

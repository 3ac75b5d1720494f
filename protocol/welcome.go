// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"time"

	"network-manager-softether/protocol/pack"
	"network-manager-softether/protocol/rudp/bulk"
	"network-manager-softether/protocol/udpaccel"
)

// welcome is the server's answer to a login it accepted (softether-protocol.md 7.1).
type welcome struct {
	sessionName, connectionName string
	key                         [keyLen]byte
	connections                 int
	half, qos, compressed       bool
	timeout                     time.Duration
	message                     string
	policy                      Policy
	udp                         *udpaccel.Grant // nil: none
	bulk                        *bulk.Params    // nil: none
}

// parseWelcome checks what the server granted against what was asked for.
func (d *dialer) parseWelcome(p *pack.Pack) (*welcome, error) {
	w := &welcome{
		sessionName:    plainLine(p.Str("session_name")),
		connectionName: plainLine(p.Str("connection_name")),
		message:        plainText(string(p.Data("Msg")), maxMessage),
		policy:         parsePolicy(p),
	}
	switch {
	case w.sessionName == "" || w.connectionName == "":
		return nil, fmt.Errorf("%w: a welcome without a session", ErrMalformed)
	case len(p.Data("session_key")) != keyLen:
		return nil, fmt.Errorf("%w: session key of %d bytes", ErrMalformed, len(p.Data("session_key")))
	case !p.Bool("use_encrypt"):
		return nil, ErrNoEncryption
	case p.Bool("use_compress") && !d.Compression:
		return nil, fmt.Errorf("%w: compression, which was not asked for", ErrMalformed)
	case p.Bool("half_connection") && !d.wantsHalf():
		return nil, fmt.Errorf("%w: half-duplex connections, which were not asked for", ErrMalformed)
	}
	copy(w.key[:], p.Data("session_key"))
	// Compared as uint32: the value is the server's to choose.
	w.connections = int(max(1, min(p.Int("max_connection"), uint32(d.connections()))))
	w.compressed = p.Bool("use_compress")
	w.half, w.qos = p.Bool("half_connection"), p.Bool("qos") && d.wantsQoS()
	w.timeout = d.clampTimeout(p.Int("timeout"))
	return w, nil
}

// clampTimeout returns the session time-out for the server's milliseconds.
func (d *dialer) clampTimeout(ms uint32) time.Duration {
	if ms == 0 {
		return d.timeoutDefault
	}
	return min(max(time.Duration(ms)*time.Millisecond, d.timeoutMin), d.timeoutMax)
}

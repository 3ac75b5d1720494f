// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"network-manager-softether/protocol/pack"
)

// ErrGrant means that the grant in a welcome is unusable. As the server will send its frames that way, there
// can be no session.
var ErrGrant = errors.New("the server's bulk datagrams are unusable")

// Params is what both sides have agreed on.
type Params struct {
	Version          int    // 1 or 2
	HMAC             bool   // version 1: signed with HMAC-SHA1
	SendKey, RecvKey []byte // 20 bytes in version 1, 32 in version 2
	Compressed       bool   // the session uses compression, so the other side may use it here as well
}

// Versions of servers that grant version 2 if it is offered: 4.30, and 5.02 from build 5181 on. Those in
// between grant version 1 whatever is offered.
const (
	first4  = 430
	first5  = 502
	build5  = 5181
	version = 2 // the highest one there is
)

// Secure reports whether a server of that version, as given in its hello, grants version 2.
func Secure(serverVersion, serverBuild uint32) bool {
	if serverVersion < 500 {
		return serverVersion >= first4
	}
	return serverVersion > first5 || serverVersion == first5 && serverBuild >= build5
}

// Offer adds to a login that both versions are supported.
func Offer(p *pack.Pack) {
	p.AddBool("support_bulk_on_rudp", true)
	p.AddBool("support_hmac_on_bulk_of_rudp", true)
	p.AddInt("rudp_bulk_max_version", version)
}

// Accept reads the answer to the offer from a welcome: nil without error if the server declines. lowest is
// the lowest version to accept.
func Accept(p *pack.Pack, lowest int) (*Params, error) {
	if !p.Bool("enable_bulk_on_rudp") {
		return nil, nil
	}
	g := &Params{
		Version:    int(max(1, min(p.Int("rudp_bulk_version"), version+1))),
		HMAC:       p.Bool("enable_hmac_on_bulk_of_rudp"),
		SendKey:    p.Data("bulk_on_rudp_send_key"),
		RecvKey:    p.Data("bulk_on_rudp_recv_key"),
		Compressed: p.Bool("use_compress"),
	}
	switch {
	case g.Version > version:
		return nil, fmt.Errorf("%w: version %d, which was not offered", ErrGrant, p.Int("rudp_bulk_version"))
	case g.Version < lowest:
		return nil, fmt.Errorf("%w: version %d only, whose cipher is weak", ErrGrant, g.Version)
	}
	return g, g.check()
}

func (g *Params) check() error {
	size := map[int]int{1: v1KeyLen, 2: chacha20poly1305.KeySize}[g.Version]
	if size == 0 || len(g.SendKey) != size || len(g.RecvKey) != size {
		return fmt.Errorf("%w: version %d with keys of %d and %d bytes", ErrGrant, g.Version, len(g.SendKey), len(g.RecvKey))
	}
	return nil
}

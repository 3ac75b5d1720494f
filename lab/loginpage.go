// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"network-manager-softether/lab/plan"
)

// LoginPage puts what a Wi-Fi shows before somebody has paid into a base: whoever connects to the VPN server reaches
// another one, which has a certificate of its own, and what is connected already is reset.
func (l *Lab) LoginPage(ctx context.Context, b plan.Base) (paid func() error, err error) {
	listener, err := l.Internet.Listen("tcp", ":0")
	if err != nil {
		return nil, err
	}
	page := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "Welcome to our café. Please log in.") // whoever wanted something else has gone
	}))
	page.Config.ErrorLog = log.New(io.Discard, "", 0) // they all complain
	page.Listener.Close()
	page.Listener = listener
	page.StartTLS()
	_, port, _ := strings.Cut(listener.Addr().String(), "]:")
	gone := func() error {
		// Close of page itself would wait for what stands open.
		_, err := l.Internet.Must(context.WithoutCancel(ctx), "nft", "delete", "table", "inet", "login-page")
		return errors.Join(err, page.Config.Close())
	}
	_, err = l.Internet.Must(ctx, "nft", fmt.Sprintf(`table inet login-page {
		chain divert { type nat hook prerouting priority -100; iifname %q tcp dport 443 redirect to :%s; }
	}`, b.Far, port))
	if err == nil {
		err = l.reset(ctx, "dst", b.Address.String(), "or", "dst", "["+b.Address6.String()+"]")
	}
	if err != nil {
		return nil, errors.Join(err, gone())
	}
	return gone, nil
}

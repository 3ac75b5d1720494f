// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

// StartDnsmasq starts dnsmasq on the host with that configuration.
func (h *Host) StartDnsmasq(name, conf string) (*Process, error) {
	file := h.Path("/" + name + ".conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return nil, err
	}
	return h.Start(name, Command{Args: []string{"dnsmasq", "--keep-in-foreground", "--conf-file=" + file}})
}

// ServeWhoAmI serves a page with two words: the name of the place, and the address the request came from.
func ServeWhoAmI(h *Host, addr, place string) error {
	l, err := h.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintln(w, place, from)
	})}
	h.OnClose(func() { _ = srv.Close() })
	go func() { _ = srv.Serve(l) }() // ends with Close
	return nil
}

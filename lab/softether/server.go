// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
)

// The hubs of the server.
const (
	HubNAT    = "SECURENAT"
	HubOffice = "OFFICE"
)

// A Server is the softether-vpnserver. It listens on ServerAddr, ServerAddr6 (ports 443, 992, 5555).
type Server struct {
	Host *netns.Host
	CA   *Authority // signs the certificate that UseSignedCert installs

	dir  string // for files of the lab that the server reads
	proc *netns.Process
	env  []string // of the server's process
}

const (
	serverProgram = "/usr/libexec/softether/vpnserver/vpnserver"
	adminPassword = "adminpw"
	serverLimit   = 20 * time.Second
)

// OfficeTAP is the hub OFFICE's interface on the server. vpnserver puts "tap_" before the name given to BridgeCreate.
const OfficeTAP = "tap_office"

// seed is the configuration that the server starts with: without the parts that contact SoftEther's public
// services, which would only fail slowly here.
const seed = `declare root
{
	uint ConfigRevision 1
	declare DDnsClient
	{
		bool Disabled true
	}
	declare ListenerList
	{
		declare Listener0
		{
			bool DisableDos true
			bool Enabled true
			uint Port 443
		}
		declare Listener1
		{
			bool DisableDos true
			bool Enabled true
			uint Port 992
		}
		declare Listener2
		{
			bool DisableDos true
			bool Enabled true
			uint Port 5555
		}
	}
	declare ServerConfiguration
	{
		bool DisableNatTraversal true
	}
}
`

// NewServer is for a computer on which the server has never run. Files that both need are below dir.
func NewServer(h *netns.Host, dir string) *Server { return &Server{Host: h, dir: dir} }

// SetUp starts and configures the server.
func (s *Server) SetUp(ctx context.Context) error {
	if err := s.WatchTAP(OfficeTAP, plan.OfficeBridge); err != nil {
		return err
	}
	if err := s.Sow(); err != nil {
		return err
	}
	if err := s.Launch(ctx); err != nil {
		return err
	}
	if err := s.adminAs(ctx, "", setupScript()); err != nil {
		return err
	}
	return s.awaitBridge(ctx)
}

// Launch starts the program and waits for its listener.
func (s *Server) Launch(ctx context.Context) error {
	var err error
	if s.proc, err = s.Host.Start("vpnserver", netns.Command{Args: []string{s.program("vpnserver", serverProgram), "execsvc"}, Env: append(s.buildEnv(), s.env...)}); err != nil {
		return err
	}
	return netns.Await(ctx, "the VPN server's listener", serverLimit, func() error {
		if err := s.proc.Running(); err != nil {
			return err
		}
		c, err := s.Host.DialContext(ctx, "tcp", "127.0.0.1:5555")
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// Start starts a stopped server and returns when both hubs are online.
func (s *Server) Start(ctx context.Context) error {
	if err := s.Launch(ctx); err != nil {
		return err
	}
	err := netns.Await(ctx, "the VPN server's hubs", serverLimit, func() error {
		out, err := s.Admin(ctx, "HubList")
		if err == nil && strings.Count(out, "|Online") < 2 {
			err = fmt.Errorf("not all hubs are online:\n%s", out)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.awaitBridge(ctx)
}

// Kill ends the server without warning, which is like a power failure to its sessions (their sockets are
// reset).
func (s *Server) Kill(ctx context.Context) error { return s.end(ctx, syscall.SIGKILL) }

// Stop shuts the server down in an orderly way.
func (s *Server) Stop(ctx context.Context) error { return s.end(ctx, syscall.SIGTERM) }

// end signals the watchdog and the actual server, its child.
func (s *Server) end(ctx context.Context, sig syscall.Signal) error {
	pids := append([]int{s.proc.PID()}, procfs.ChildPIDs(s.proc.PID())...)
	for _, pid := range pids {
		_ = syscall.Kill(pid, sig) // it may have ended by itself
	}
	return netns.Await(ctx, "the VPN server to end", serverLimit, func() error {
		for _, pid := range pids {
			if procfs.Alive(pid) {
				return fmt.Errorf("process %d still runs", pid)
			}
		}
		return nil
	})
}

// Freeze stops the server's processes without closing anything (SIGSTOP), or lets them continue.
func (s *Server) Freeze(on bool) error {
	sig := syscall.SIGCONT
	if on {
		sig = syscall.SIGSTOP
	}
	var errs []error
	for _, pid := range append([]int{s.proc.PID()}, procfs.ChildPIDs(s.proc.PID())...) {
		errs = append(errs, syscall.Kill(pid, sig))
	}
	return errors.Join(errs...)
}

// Log returns the end of the server's own log.
func (s *Server) Log(lines int) string {
	dir := s.Host.Path("/var/log/softether/server_log")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return "no server log"
	}
	return netns.Tail(dir+"/"+entries[len(entries)-1].Name(), lines)
}

// Fingerprint returns the SHA-256 of the certificate that the server presents now, in hex, as in
// server-cert-sha256.
func (s *Server) Fingerprint(ctx context.Context) (string, error) {
	cert, err := s.Cert(ctx)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:]), nil
}

// Cert returns the certificate that the server presents now.
func (s *Server) Cert(ctx context.Context) (*x509.Certificate, error) {
	conn, err := s.Host.DialContext(ctx, "tcp", "127.0.0.1:5555")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	t := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // we ask which certificate there is
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return t.ConnectionState().PeerCertificates[0], nil
}

// WatchTAP plugs a hub's TAP into a bridge whenever the server recreates it.
func (s *Server) WatchTAP(tap, bridge string) error {
	updates := make(chan netlink.LinkUpdate, 64)
	stop := make(chan struct{})
	err := s.Host.Do(func() error { return netlink.LinkSubscribe(updates, stop) })
	if err != nil {
		return err
	}
	s.Host.OnClose(func() { close(stop) })
	go func() {
		for u := range updates {
			if u.Attrs().Name == tap && u.Header.Type == syscall.RTM_NEWLINK && u.Attrs().MasterIndex == 0 {
				_ = s.Host.PlugInto(bridge, tap) // it may be gone again; awaitBridge tells
			}
		}
	}()
	return nil
}

func (s *Server) awaitBridge(ctx context.Context) error {
	return netns.Await(ctx, "the hub's TAP on the office bridge", serverLimit, func() error { return s.Host.PlugInto(plan.OfficeBridge, OfficeTAP) })
}

// PIDs lists the server's processes, a watchdog and the actual server.
func (s *Server) PIDs() []int { return append([]int{s.proc.PID()}, procfs.ChildPIDs(s.proc.PID())...) }

// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A Host is a computer of the lab: a network namespace and a mount namespace. Its own files (see Path) lie in a
// directory of the lab that is bind-mounted over the real places for the programs of this host only.
type Host struct {
	Name string
	// Net speaks netlink in this host's network namespace. It is safe for concurrent use.
	Net *netlink.Handle

	dir      string
	net, mnt *os.File
	closers  []func() // ends what the lab process itself does on this host
}

// OnClose has f called when the host is closed.
func (h *Host) OnClose(f func()) { h.closers = append(h.closers, f) }

// NewHost makes a host whose private directories (absolute paths) are given; every one starts out empty. prepare runs
// inside, after the mounts, and may add more of them.
func NewHost(dir, name string, private []string, prepare func(h *Host) error) (*Host, error) {
	h := &Host{Name: name, dir: filepath.Join(dir, name)}
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS | unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		var err error
		if h.net, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return err
		}
		if h.mnt, err = os.Open("/proc/thread-self/ns/mnt"); err != nil {
			return err
		}
		if h.Net, err = netlink.NewHandle(); err != nil {
			return fmt.Errorf("netlink: %w", err)
		}
		for _, p := range private {
			if err := h.hide(p); err != nil {
				return err
			}
		}
		lo, err := h.Net.LinkByName("lo")
		if err != nil {
			return err
		}
		if err := h.Net.LinkSetUp(lo); err != nil {
			return err
		}
		// Duplicate address detection would only cost a second at every start: the lab hands out the addresses.
		for _, p := range []string{"accept_dad", "dad_transmits"} {
			if err := os.WriteFile("/proc/sys/net/ipv6/conf/default/"+p, []byte("0"), 0); err != nil {
				return err
			}
		}
		if prepare != nil {
			return prepare(h)
		}
		return nil
	})
	if err != nil {
		h.Close()
		return nil, fmt.Errorf("making host %s: %w", name, err)
	}
	return h, nil
}

// Path returns where a file that the host's programs see at path, in one of its private directories, really
// is.
func (h *Host) Path(path string) string { return filepath.Join(h.dir, path) }

// Do runs f on a thread inside the host's network namespace. Sockets opened in f stay in that namespace and
// work from anywhere afterwards. Files are those of the lab, see Path.
func (h *Host) Do(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(h.net.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("entering the network of %s: %w", h.Name, err)
		}
		return f()
	})
}

// inside is Do in the host's mount namespace as well, for starting programs.
func (h *Host) inside(f func() error) error {
	return h.Do(func() error {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		if err := unix.Setns(int(h.mnt.Fd()), unix.CLONE_NEWNS); err != nil {
			return fmt.Errorf("entering the mounts of %s: %w", h.Name, err)
		}
		return f()
	})
}

// Listen is net.Listen on this host.
func (h *Host) Listen(network, addr string) (l net.Listener, err error) {
	err = h.Do(func() error {
		l, err = net.Listen(network, addr)
		return err
	})
	return l, err
}

// Serve listens for TCP on addr and calls talk for each connection, all at once; it closes them afterwards. It stops
// when the listener is closed.
func (h *Host) Serve(addr string, talk func(net.Conn)) (net.Listener, error) {
	l, err := h.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				talk(c)
			}()
		}
	}()
	return l, nil
}

// DialContext is net.Dialer.DialContext on this host. addr must be numeric.
func (h *Host) DialContext(ctx context.Context, network, addr string) (c net.Conn, err error) {
	err = h.Do(func() error {
		// With one address and no fallback delay, the dialer opens its socket on this thread.
		d := net.Dialer{FallbackDelay: -1}
		c, err = d.DialContext(ctx, network, addr)
		return err
	})
	return c, err
}

// Close releases the namespaces and stops what the lab process itself serves in them. KillAll ends the
// programs.
func (h *Host) Close() {
	for _, f := range h.closers {
		f()
	}
	if h.Net != nil {
		h.Net.Close()
	}
	h.net.Close()
	h.mnt.Close()
}

// hide puts an empty private directory over path.
func (h *Host) hide(path string) error {
	own := h.Path(path)
	if err := errors.Join(os.MkdirAll(own, 0o755), os.MkdirAll(path, 0o755)); err != nil {
		return err
	}
	return Bind(own, path, 0)
}

// Bind mounts from over to, in the mount namespace of the calling thread, with these flags in addition (MS_RDONLY).
func Bind(from, to string, flags uintptr) error {
	if err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mounting %s over %s: %w", from, to, err)
	}
	if flags == 0 {
		return nil
	}
	if err := unix.Mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|flags, ""); err != nil {
		return fmt.Errorf("remounting %s: %w", to, err)
	}
	return nil
}

// onThread runs f on an operating system thread that ends with it, so f may change what belongs to a thread.
func onThread(f func() error) error {
	res := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime then ends the thread with the goroutine
		res <- f()
	}()
	return <-res
}

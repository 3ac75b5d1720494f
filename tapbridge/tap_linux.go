// SPDX-License-Identifier: Apache-2.0

package tapbridge

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"network-manager-softether/frame"
	"network-manager-softether/tapbridge/offload"
)

// TAPConfig describes the device to create.
type TAPConfig struct {
	Name        string           // one %d stands for the first free number; "" is DefaultName
	MAC         net.HardwareAddr // required: udev changes the address of a device created without one
	MTU         int              // 0 is DefaultMTU
	DisableIPv6 bool             // disable_ipv6=1: not even a link-local address
	Autoconf    *Autoconf        // nil: the kernel makes no IPv6 addresses but the link-local one
	Unplugged   bool             // no carrier until SetCarrier, where the kernel can do that
	PlainMode   bool             // no IFF_VNET_HDR, for diagnosis: one frame per system call
	Logger      *slog.Logger     // nil discards
}

// Autoconf makes the kernel form addresses from router advertisements, and use nothing else in them: no
// routes, no MTU. Whoever owns the TAP must let no advertisements through but their own, see [Bridge.ToHost].
type Autoconf struct {
	Token     [8]byte  // interface identifier; zero: made from Secret
	Secret    [16]byte // that stable identifiers are made from (RFC 7217); zero: from the MAC address
	Temporary int      // use_tempaddr: 0 none, 1 as well, 2 preferred
}

// A TAP is a network interface of the kernel whose other end is this process. It is up, and disappears with
// the process, however that ends. It is a [Device].
type TAP struct {
	file  *os.File
	raw   syscall.RawConn
	log   *slog.Logger
	name  string
	index int
	mac   net.HardwareAddr
	vnet  bool // frames have a virtio_net_hdr before them
	usoOK bool // the kernel takes UDP superframes

	closed atomic.Bool

	in  reader
	out writer
}

var _ Device = (*TAP)(nil)

// tunPath is the device file of the driver.
const tunPath = "/dev/net/tun"

// OpenTAP creates a TAP device in the network namespace of the calling thread and brings it up. It needs
// CAP_NET_ADMIN. Errors are [ErrNoTUN], [ErrNameTaken], [ErrBadConfig] or what the system reported, in an
// [*Error].
func OpenTAP(cfg TAPConfig) (*TAP, error) { return openTAP(tunPath, cfg) }

func openTAP(path string, cfg TAPConfig) (*TAP, error) {
	name, err := checkName(cfg.Name)
	if err != nil {
		return nil, &Error{"create", cfg.Name, err}
	}
	mtu, err := checkMTU(cfg.MTU)
	if err != nil {
		return nil, &Error{"create", name, err}
	}
	if err := checkMAC(cfg.MAC); err != nil {
		return nil, &Error{"create", name, err}
	}
	t := &TAP{log: cfg.Logger, mac: slices.Clone(cfg.MAC)}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	fd, err := t.create(path, name, cfg.PlainMode)
	if err != nil {
		return nil, &Error{"create", name, err}
	}
	// Only a file made from a nonblocking descriptor that is already bound to a device works with the
	// runtime's poller, which refuses an unbound /dev/net/tun.
	t.file = os.NewFile(uintptr(fd), tunPath)
	if err := t.configure(mtu, cfg); err != nil {
		t.file.Close()
		return nil, err
	}
	t.in.init(t)
	t.out.init(t)
	t.log.Debug("TAP is up", "name", t.name, "index", t.index, "mac", t.mac.String(), "mtu", mtu, "offload", t.vnet, "uso", t.usoOK)
	return t, nil
}

// Name returns the name the device had when it was created.
func (t *TAP) Name() string { return t.name }

// Index returns the interface index, which still identifies the device after it has been renamed.
func (t *TAP) Index() int { return t.index }

// MAC returns the hardware address of the device.
func (t *TAP) MAC() net.HardwareAddr { return slices.Clone(t.mac) }

// Offload reports whether superframes are in use.
func (t *TAP) Offload() bool { return t.vnet }

// SetCarrier plugs the cable in or pulls it. A device without carrier neither checks its addresses for
// duplicates nor announces itself, which nobody would hear. Kernels before 5.0 do not support it.
func (t *TAP) SetCarrier(on bool) error {
	value := 0
	if on {
		value = 1
	}
	var failed error
	err := t.raw.Control(func(fd uintptr) { failed = unix.IoctlSetPointerInt(int(fd), unix.TUNSETCARRIER, value) })
	if err := errors.Join(err, os.NewSyscallError("TUNSETCARRIER", failed)); err != nil {
		return &Error{"set the carrier of", t.name, err}
	}
	return nil
}

// Close removes the device. It may be called more than once.
func (t *TAP) Close() error {
	if t.closed.Swap(true) {
		return nil
	}
	if err := t.file.Close(); err != nil {
		return &Error{"close", t.name, err}
	}
	return nil
}

// create opens the driver, creates a device of the given name, and returns its descriptor, which is
// nonblocking. It sets name, vnet and usoOK.
func (t *TAP) create(path, name string, plain bool) (int, error) {
	if !plain {
		fd, err := t.attach(path, name, unix.IFF_VNET_HDR)
		if err != errNoOffload {
			return fd, err
		}
		t.log.Info("the kernel's TUN driver offloads nothing, using one system call per frame")
	}
	return t.attach(path, name, 0)
}

// attach opens the driver once and creates a device with the given extra flags.
func (t *TAP) attach(path, name string, flags uint16) (fd int, err error) {
	fd, err = unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	switch err {
	case nil:
	case unix.ENOENT, unix.ENODEV, unix.ENXIO:
		return -1, ErrNoTUN
	default:
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if flags&unix.IFF_VNET_HDR != 0 {
		if err := probeVnetHdr(fd); err != nil {
			return -1, err
		}
	}
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		return -1, err
	}
	// Without IFF_TUN_EXCL, a persistent device of that name would be taken over,
	// with whatever configuration it has.
	ifr.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_TUN_EXCL | flags)
	switch err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err {
	case nil:
	case unix.EBUSY, unix.EEXIST:
		return -1, ErrNameTaken
	case unix.EPERM, unix.EACCES:
		return -1, fmt.Errorf("%w (it takes CAP_NET_ADMIN)", os.NewSyscallError("TUNSETIFF", err))
	default:
		return -1, os.NewSyscallError("TUNSETIFF", err)
	}
	t.name, t.vnet, t.usoOK = ifr.Name(), false, false
	if flags&unix.IFF_VNET_HDR != 0 {
		if err := t.setOffloads(fd); err != nil {
			return -1, err
		}
	}
	return fd, nil
}

// reader and writer hold what Read and Write need; each is used by one goroutine at a time, see Device.
type (
	reader struct {
		ready   func(fd uintptr) bool // made once: a closure per call would be an allocation
		buf     []byte
		split   offload.Segmenter
		batch   *frame.Batch // the argument of the current Read
		err     error        // its result
		streak  int          // reads since there was nothing to read
		strange int          // failed reads in a row
		told    bool         // a dropped frame has been logged
	}
	writer struct {
		ready   func(fd uintptr) bool
		join    *offload.Coalescer
		merge   bool // superframes are written
		refused int  // superframes in a row that the kernel refused
		told    bool // a refused frame has been logged
		iov     []unix.Iovec
		frames  [][]byte // the argument of the current Write
		took    int      // its results
		err     error
	}
)

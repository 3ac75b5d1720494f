// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/procfs"
)

// An Official is a computer with the official client, Debian's softether-vpnclient, to measure ours against. It has a
// cable to the Internet like the desktop's, and no NetworkManager. The client configures no addresses on Linux
// (softether-protocol.md 13.1), so its TAP has a fixed one of the office's network.
type Official struct {
	*netns.Host
	Line *netns.Line // nil unless Options.Impaired

	dir      string
	internet *netns.Host
	proc     *netns.Process
}

// An OfficialAccount is how the official client connects to the hub OFFICE as Alice; the zero value is its default,
// one TCP connection with UDP acceleration.
type OfficialAccount struct {
	Connections int // TCP connections, 0 is 1
	NoUDP       bool
	Compress    bool
	Server      string // a name, or empty for the server's IPv4 address
}

// officialInner is the client's fixed address in the office, outside what OfficeDHCP hands out.
var officialInner = netip.MustParsePrefix("10.20.0.60/24")

const (
	clientProgram = "/usr/libexec/softether/vpnclient/vpnclient"
	officialNIC   = "bench" // vpnclient puts "vpn_" before it
	officialTAP   = "vpn_bench"
	officialLimit = 20 * time.Second

	// Now and then the client's control port answers a connection with this instead of a prompt. No command has run then.
	turnedAway = "Error occurred. (Error code: 2)"
)

// NewOfficial is for a computer that has its cable already. Files are below dir.
func NewOfficial(h *netns.Host, line *netns.Line, internet *netns.Host, dir string) *Official {
	return &Official{Host: h, Line: line, internet: internet, dir: dir}
}

// TAP is the name of the client's interface while it is connected.
func (o *Official) TAP() string { return officialTAP }

// Up starts the client from scratch, connects, and returns once the office answers a ping.
func (o *Official) Up(ctx context.Context, a OfficialAccount) error {
	ctx, cancel := context.WithTimeout(ctx, officialLimit)
	defer cancel()
	if err := o.launch(ctx); err != nil {
		return err
	}
	err := o.vpncmd(ctx, "NicCreate "+officialNIC,
		fmt.Sprintf("AccountCreate a /SERVER:%s:443 /HUB:%s /USERNAME:%s /NICNAME:%s", cmp.Or(a.Server, plan.ServerAddr.String()), HubOffice, Alice.Name, officialNIC),
		fmt.Sprintf("AccountPasswordSet a /PASSWORD:%s /TYPE:standard", Alice.Password),
		fmt.Sprintf("AccountDetailSet a /MAXTCP:%d /INTERVAL:1 /TTL:0 /HALF:no /BRIDGE:no /MONITOR:no /NOTRACK:yes /NOQOS:no /DISABLEUDP:%s",
			max(a.Connections, 1), yesNo(a.NoUDP)),
		"Account"+map[bool]string{true: "CompressEnable a", false: "CompressDisable a"}[a.Compress])
	if err != nil {
		return err
	}
	if err := o.AddAddr(officialTAP, officialInner); err != nil {
		return err
	}
	if err := o.vpncmd(ctx, "AccountConnect a"); err != nil {
		return err
	}
	_, err = o.Ping(ctx, plan.OfficeGateway)
	return err
}

// launch starts the client from scratch and waits until it accepts commands.
func (o *Official) launch(ctx context.Context) error {
	for _, dir := range []string{"/var/lib/softether", "/var/log/softether"} {
		// What an earlier run left would be other accounts and a TAP of another address.
		if err := errors.Join(os.RemoveAll(o.Path(dir)), os.MkdirAll(o.Path(dir), 0o755)); err != nil {
			return err
		}
	}
	var err error
	if o.proc, err = o.Start("vpnclient", netns.Command{Args: []string{clientProgram, "execsvc"}}); err != nil {
		return err
	}
	return netns.Await(ctx, "the official client's control port", officialLimit, func() error {
		if err := o.proc.Running(); err != nil {
			return err
		}
		// It takes connections before it takes commands.
		return o.vpncmd(ctx, "VersionGet")
	})
}

// Pass makes a client without accounts import a .vpn file, and returns the account of that name as the client
// then exports it. file is a path in the lab.
func (o *Official) Pass(ctx context.Context, account, file string) ([]byte, error) {
	if o.proc == nil {
		if err := o.launch(ctx); err != nil {
			return nil, err
		}
	}
	out := file + ".passed"
	// vpncmd takes a word that begins with a slash for an option; it runs in the root folder, so one less is the same.
	err := o.vpncmd(ctx, "AccountImport "+strings.TrimPrefix(file, "/"), fmt.Sprintf("AccountExport %q /SAVEPATH:%s", account, out), fmt.Sprintf("AccountDelete %q", account))
	if err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// Down disconnects and ends the client.
func (o *Official) Down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, officialLimit)
	defer cancel()
	err := o.vpncmd(ctx, "AccountDisconnect a", "AccountDelete a", "NicDelete "+officialNIC)
	return errors.Join(err, o.end(ctx))
}

// end ends the client's processes.
func (o *Official) end(ctx context.Context) error {
	// With many connections it does not always end when asked.
	pids := o.PIDs()
	var late error
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		for _, pid := range pids {
			_ = syscall.Kill(pid, sig) // it may have ended by itself
		}
		late = netns.Await(ctx, "the official client to end", officialLimit/4, func() error {
			for _, pid := range pids {
				if procfs.Alive(pid) {
					return fmt.Errorf("process %d still runs", pid)
				}
			}
			return nil
		})
		if late == nil {
			break
		}
	}
	return late
}

// PIDs lists the client's processes, a watchdog and the actual client.
func (o *Official) PIDs() []int {
	return append([]int{o.proc.PID()}, procfs.ChildPIDs(o.proc.PID())...)
}

func (o *Official) vpncmd(ctx context.Context, commands ...string) error {
	_, err := o.run(ctx, commands...)
	return err
}

// run runs commands, one per line. If the client refuses one, that is an error.
func (o *Official) run(ctx context.Context, commands ...string) (netns.Result, error) {
	file := filepath.Join(o.dir, "vpncmd-official")
	if err := os.WriteFile(file, []byte(strings.Join(commands, "\n")+"\n"), 0o600); err != nil {
		return netns.Result{}, err
	}
	var res netns.Result
	err := netns.Await(ctx, "the official client to take commands", officialLimit, func() error {
		var err error
		res, err = o.Run(ctx, netns.Command{Args: []string{"vpncmd", "127.0.0.1", "/CLIENT", "/IN:" + file}})
		if err == nil && strings.Contains(res.Stdout, turnedAway) && !strings.Contains(res.Stdout, "VPN Client>") {
			return fmt.Errorf("vpncmd: %s", res.Text())
		}
		if err != nil {
			return netns.Hopeless(err)
		}
		return nil
	})
	if err == nil && (res.Code != 0 || strings.Contains(res.Stdout, "Error occurred. (Error code:")) {
		err = fmt.Errorf("vpncmd: %s", res.Text())
	}
	return res, err
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

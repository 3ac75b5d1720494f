// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
)

// Where the proxies of the Internet are, once a test has started one.
var (
	ProxyAddr = netip.MustParseAddr("203.0.113.20")
	ProxyUser = User{Name: "proxy-joe", Password: "proxy secret"}
)

// The name of ProxyAddr in the lab's DNS, and the ports.
const (
	ProxyName = "proxy.lab.test"

	SquidOpen   = 3128 // lets everybody in
	SquidBasic  = 3129 // wants ProxyUser, by basic authentication
	SquidDigest = 3130 // wants ProxyUser, by digest authentication

	DanteOpen     = 1080 // lets everybody in; SOCKS 4 and 5
	DantePassword = 1081 // SOCKS 5, wants ProxyUser
)

// proxyHost gives the Internet the proxies' address, once.
func (l *Lab) proxyHost() error {
	lo, err := l.Internet.Net.LinkByName("lo")
	if err != nil {
		return err
	}
	addrs, err := l.Internet.Net.AddrList(lo, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, a := range addrs {
		if a.IP.String() == ProxyAddr.String() {
			return nil
		}
	}
	return l.Internet.address("lo", single(ProxyAddr))
}

// StartSquid starts Squid on one of its ports, unless it runs.
func (l *Lab) StartSquid(ctx context.Context, port int) error {
	if l.proxyRuns(ctx, port) {
		return nil
	}
	if err := l.proxyHost(); err != nil {
		return err
	}
	name := fmt.Sprintf("squid-%d", port)
	dir := "/var/log/" + name // one of the host's own directories, where Squid's user may write
	if err := os.MkdirAll(l.Internet.Path(dir), 0o777); err != nil {
		return err
	}
	if err := os.Chmod(l.Internet.Path(dir), 0o777); err != nil {
		return err
	}
	conf := []string{
		fmt.Sprintf("http_port %v:%d", ProxyAddr, port),
		"pid_filename none", "netdb_filename none", "pinger_enable off", "icp_port 0", "max_filedescriptors 1024",
		"cache_log " + dir + "/cache.log", "access_log stdio:" + dir + "/access.log", "coredump_dir none",
		"tcp_outgoing_address " + ProxyAddr.String(), "cache deny all", "shutdown_lifetime 0 seconds", "visible_hostname " + ProxyName,
	}
	password := ""
	switch port {
	case SquidBasic:
		hash, err := l.Internet.Must(ctx, "openssl", "passwd", "-apr1", ProxyUser.Password)
		if err != nil {
			return err
		}
		password = ProxyUser.Name + ":" + hash
		conf = append(conf, "auth_param basic program /usr/lib/squid/basic_ncsa_auth "+dir+"/password",
			"auth_param basic children 2 startup=1", "auth_param basic realm lab")
	case SquidDigest:
		const realm = "lab"
		sum := md5.Sum([]byte(ProxyUser.Name + ":" + realm + ":" + ProxyUser.Password)) // HA1 of RFC 7616
		password = ProxyUser.Name + ":" + realm + ":" + hex.EncodeToString(sum[:]) + "\n"
		conf = append(conf, "auth_param digest program /usr/lib/squid/digest_file_auth -c "+dir+"/password",
			"auth_param digest children 2 startup=1", "auth_param digest realm "+realm, "auth_param digest check_nonce_count on")
	}
	if password == "" {
		conf = append(conf, "http_access allow all")
	} else {
		conf = append(conf, "acl known proxy_auth REQUIRED", "http_access allow known", "http_access deny all")
		if err := os.WriteFile(l.Internet.Path(dir+"/password"), []byte(password), 0o644); err != nil {
			return err
		}
	}
	file := dir + "/squid.conf"
	if err := os.WriteFile(l.Internet.Path(file), []byte(strings.Join(conf, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	return l.startProxy(ctx, name, port, "squid", "-N", "--foreground", "-d1", "-f", file)
}

// SquidLog returns the access log of the Squid on that port: who asked for what, with which result.
func (l *Lab) SquidLog(port int) string {
	b, _ := os.ReadFile(l.Internet.Path(fmt.Sprintf("/var/log/squid-%d/access.log", port)))
	return string(b)
}

// StartDante starts Dante on one of its ports, unless it runs.
func (l *Lab) StartDante(ctx context.Context, port int) error {
	if l.proxyRuns(ctx, port) {
		return nil
	}
	if err := l.proxyHost(); err != nil {
		return err
	}
	method := "none"
	if port == DantePassword {
		method = "username"
		if err := l.danteUser(ctx); err != nil {
			return err
		}
	}
	conf := fmt.Sprintf(`logoutput: stderr
internal: %[1]v port = %[2]d
external: %[1]v
clientmethod: none
socksmethod: %[3]s
user.privileged: root
user.unprivileged: nobody
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 log: error connect }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 log: error connect }
`, ProxyAddr, port, method)
	name := fmt.Sprintf("dante-%d", port)
	file := filepath.Join("/var/log", name+".conf")
	if err := os.WriteFile(l.Internet.Path(file), []byte(conf), 0o644); err != nil {
		return err
	}
	return l.startProxy(ctx, name, port, "danted", "-f", file)
}

// DanteLog returns what the Dante on that port has logged.
func (l *Lab) DanteLog(port int) string {
	b, _ := os.ReadFile(l.Internet.Path(fmt.Sprintf("/dante-%d.log", port)))
	return string(b)
}

// danteUser makes ProxyUser an account of the Internet's host, which is where Dante looks.
func (l *Lab) danteUser(ctx context.Context) error {
	hash, err := l.Internet.Must(ctx, "openssl", "passwd", "-6", ProxyUser.Password)
	if err != nil {
		return err
	}
	for name, line := range map[string]string{
		"passwd": ProxyUser.Name + ":x:65000:65000::/:/bin/false\n",
		"shadow": ProxyUser.Name + ":" + strings.TrimSpace(hash) + ":19000::::::\n",
	} {
		b, err := os.ReadFile("/etc/" + name)
		if err != nil {
			return err
		}
		file := l.Internet.Path("/etc/" + name) // so far a link to the machine's
		if err := errors.Join(os.Remove(file), os.WriteFile(file, append(b, line...), 0o600)); err != nil {
			return err
		}
		if err := os.Chmod(file, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) proxyRuns(ctx context.Context, port int) bool {
	c, err := l.Internet.DialContext(ctx, "tcp", fmt.Sprintf("%v:%d", ProxyAddr, port))
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// startProxy starts a program and waits until it takes connections.
func (l *Lab) startProxy(ctx context.Context, name string, port int, args ...string) error {
	p, err := l.Internet.Start(name, Command{Args: args})
	if err != nil {
		return err
	}
	return Await(ctx, name, serverLimit, func() error {
		if err := p.running(); err != nil {
			return err
		}
		c, err := l.Internet.DialContext(ctx, "tcp", fmt.Sprintf("%v:%d", ProxyAddr, port))
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// OnlyProxies makes the Internet refuse all that comes straight from the desktop to the VPN servers, those of a cluster
// among them, or stop doing so: only what goes through a proxy arrives.
func (l *Lab) OnlyProxies(ctx context.Context, on bool) error {
	if !on {
		_, err := l.Internet.Must(ctx, "nft", "delete", "table", "inet", "only-proxies")
		return err
	}
	_, err := l.Internet.Must(ctx, "nft", fmt.Sprintf(`table inet only-proxies {
		chain to_server { type filter hook input priority 0;
			iifname "wan*" ip daddr %v meta l4proto tcp reject with tcp reset;
			iifname "wan*" ip6 daddr %v meta l4proto tcp reject with tcp reset;
		}
		chain to_cluster { type filter hook forward priority 0;
			iifname "wan*" ip daddr { %v, %v } meta l4proto tcp reject with tcp reset;
		}
	}`, ServerAddr, ServerAddr6, ControllerAddr, MemberAddr))
	return err
}

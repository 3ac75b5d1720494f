// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vishvananda/netlink"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// ProxyUser is the user that Squid and Dante let in where they do not let everybody in.
var ProxyUser = softether.User{Name: "proxy-joe", Password: "proxy secret"}

// ProxyRealm is what Squid says it asks for.
const ProxyRealm = "lab"

// The ports of ProxyAddr.
const (
	SquidOpen   = 3128 // lets everybody in
	SquidBasic  = 3129 // wants ProxyUser, by basic authentication
	SquidDigest = 3130 // wants ProxyUser, by digest authentication

	DanteOpen     = 1080 // lets everybody in; SOCKS 4 and 5
	DantePassword = 1081 // SOCKS 5, wants ProxyUser
)

// proxyLimit bounds the start of a proxy.
const proxyLimit = 20 * time.Second

// Proxies are the proxies of the Internet: Squid and Dante, each on those of the ports above on which it was
// started.
type Proxies struct{ host *netns.Host }

// NewProxies is for the computer that has the Internet's services.
func NewProxies(internet *netns.Host) *Proxies { return &Proxies{host: internet} }

// proxyHost gives the Internet the proxies' address, once.
func (p *Proxies) proxyHost() error {
	lo, err := p.host.Net.LinkByName("lo")
	if err != nil {
		return err
	}
	addrs, err := p.host.Net.AddrList(lo, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, a := range addrs {
		if a.IP.String() == plan.ProxyAddr.String() {
			return nil
		}
	}
	return p.host.AddAddr("lo", plan.Single(plan.ProxyAddr))
}

// StartSquid starts Squid on one of its ports, unless it is already running there.
func (p *Proxies) StartSquid(ctx context.Context, port int) error {
	if p.proxyRuns(ctx, port) {
		return nil
	}
	if err := p.proxyHost(); err != nil {
		return err
	}
	name := fmt.Sprintf("squid-%d", port)
	dir := "/var/log/" + name // one of the host's own directories, where Squid's user may write
	if err := os.MkdirAll(p.host.Path(dir), 0o777); err != nil {
		return err
	}
	if err := os.Chmod(p.host.Path(dir), 0o777); err != nil {
		return err
	}
	conf := []string{
		fmt.Sprintf("http_port %v:%d", plan.ProxyAddr, port),
		"pid_filename none", "netdb_filename none", "pinger_enable off", "icp_port 0", "max_filedescriptors 1024",
		"cache_log " + dir + "/cache.log", "access_log stdio:" + dir + "/access.log", "coredump_dir none",
		"tcp_outgoing_address " + plan.ProxyAddr.String(), "cache deny all", "shutdown_lifetime 0 seconds", "visible_hostname " + plan.ProxyName,
	}
	password := ""
	switch port {
	case SquidBasic:
		hash, err := p.host.Must(ctx, "openssl", "passwd", "-apr1", ProxyUser.Password)
		if err != nil {
			return err
		}
		password = ProxyUser.Name + ":" + hash
		conf = append(conf, "auth_param basic program /usr/lib/squid/basic_ncsa_auth "+dir+"/password",
			"auth_param basic children 2 startup=1", "auth_param basic realm "+ProxyRealm)
	case SquidDigest:
		sum := md5.Sum([]byte(ProxyUser.Name + ":" + ProxyRealm + ":" + ProxyUser.Password)) // HA1 of RFC 7616
		password = ProxyUser.Name + ":" + ProxyRealm + ":" + hex.EncodeToString(sum[:]) + "\n"
		conf = append(conf, "auth_param digest program /usr/lib/squid/digest_file_auth -c "+dir+"/password",
			"auth_param digest children 2 startup=1", "auth_param digest realm "+ProxyRealm, "auth_param digest check_nonce_count on")
	}
	if password == "" {
		conf = append(conf, "http_access allow all")
	} else {
		conf = append(conf, "acl known proxy_auth REQUIRED", "http_access allow known", "http_access deny all")
		if err := os.WriteFile(p.host.Path(dir+"/password"), []byte(password), 0o644); err != nil {
			return err
		}
	}
	file := dir + "/squid.conf"
	if err := os.WriteFile(p.host.Path(file), []byte(strings.Join(conf, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	return p.startProxy(ctx, name, port, "squid", "-N", "--foreground", "-d1", "-f", file)
}

// SquidLog returns the access log of the Squid on that port: who asked for what, with which result.
func (p *Proxies) SquidLog(port int) string {
	b, _ := os.ReadFile(p.host.Path(fmt.Sprintf("/var/log/squid-%d/access.log", port)))
	return string(b)
}

// StartDante starts Dante on one of its ports, unless it is already running there.
func (p *Proxies) StartDante(ctx context.Context, port int) error {
	if p.proxyRuns(ctx, port) {
		return nil
	}
	if err := p.proxyHost(); err != nil {
		return err
	}
	method := "none"
	if port == DantePassword {
		method = "username"
		if err := p.danteUser(ctx); err != nil {
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
`, plan.ProxyAddr, port, method)
	name := fmt.Sprintf("dante-%d", port)
	file := filepath.Join("/var/log", name+".conf")
	if err := os.WriteFile(p.host.Path(file), []byte(conf), 0o644); err != nil {
		return err
	}
	return p.startProxy(ctx, name, port, "danted", "-f", file)
}

// danteUser makes ProxyUser an account of the Internet's host, which is where Dante looks.
func (p *Proxies) danteUser(ctx context.Context) error {
	hash, err := p.host.Must(ctx, "openssl", "passwd", "-6", ProxyUser.Password)
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
		file := p.host.Path("/etc/" + name) // so far a link to the machine's
		if err := errors.Join(os.Remove(file), os.WriteFile(file, append(b, line...), 0o600)); err != nil {
			return err
		}
		if err := os.Chmod(file, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (p *Proxies) proxyRuns(ctx context.Context, port int) bool {
	c, err := p.host.DialContext(ctx, "tcp", fmt.Sprintf("%v:%d", plan.ProxyAddr, port))
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// startProxy starts a program and waits until it takes connections.
func (p *Proxies) startProxy(ctx context.Context, name string, port int, args ...string) error {
	proxy, err := p.host.Start(name, netns.Command{Args: args})
	if err != nil {
		return err
	}
	return netns.Await(ctx, name, proxyLimit, func() error {
		if err := proxy.Running(); err != nil {
			return err
		}
		c, err := p.host.DialContext(ctx, "tcp", fmt.Sprintf("%v:%d", plan.ProxyAddr, port))
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/procfs"
	"network-manager-softether/lab/servers"
	"network-manager-softether/lab/softether"
)

// Once the connection is up, and after it has come back by itself, no password is in the memory of the service,
// which a core dump or a look into the process would show.
func TestNoPasswordStaysInMemory(t *testing.T) {
	w := freshNetwork(t)
	const password = "correct-horse-battery-4711"
	for _, user := range []softether.User{{Name: "carol", Password: password, AuthType: "password"}, {Name: "dora", Password: password, AuthType: "plain-password"}} {
		_, err := w.Server.Admin(w.ctx, "Hub "+softether.HubOffice+"\nUserCreate "+user.Name+" /GROUP:none /REALNAME:none /NOTE:none\n"+
			"UserPasswordSet "+user.Name+" /PASSWORD:"+password)
		w.ok(err)
		w.forgets(ipv4Only(w.profile(user.Name, softether.HubOffice, user)), user, password)
	}

	// Each TCP connection logs in to the proxy.
	w.ok(w.StartSquid(w.ctx, servers.SquidBasic))
	w.ok(w.StartSquid(w.ctx, servers.SquidDigest))
	w.ok(w.StartDante(w.ctx, servers.DantePassword))
	// With the word before it: 32 bytes alone may stay where the processor's registers were saved.
	sent := "Basic " + base64.StdEncoding.EncodeToString([]byte(servers.ProxyUser.Name+":"+servers.ProxyUser.Password))
	// With a proxy's digest this is as good as the password.
	first := md5.Sum([]byte(servers.ProxyUser.Name + ":" + servers.ProxyRealm + ":" + servers.ProxyUser.Password))
	for port, kind := range map[int]string{servers.SquidBasic: "http", servers.SquidDigest: "http", servers.DantePassword: "socks5"} {
		v := w.proxied(kind, port, true)
		v.Data["max-connections"] = "2"
		w.forgets(v, softether.Alice, servers.ProxyUser.Password, sent, hex.EncodeToString(first[:]))
	}

	ca, err := softether.NewAuthority("User CA")
	w.ok(err)
	b := w.newBadge(ca, "stored", time.Hour)
	w.ok(w.Server.AddCertUser(w.ctx, softether.HubOffice, "stored", []byte(b.cert)))
	v := w.badged("stored", w.file("stored.crt", b.cert), w.file("stored.key", b.locked))
	v.Secrets = map[string]string{"key-password": keyPassword}
	w.forgets(v, softether.User{Name: "stored"}, keyPassword)
}

// forgets connects v, and has the server end its session once, and searches the memory of the service for secrets.
func (w *world) forgets(v desktop.VPN, user softether.User, secrets ...string) {
	w.t.Helper()
	w.up(quick(v))
	without := func(when string) {
		w.t.Helper()
		pid := w.service()
		if found, err := procfs.InMemory(pid, "nm-softether-service"); err != nil || len(found) == 0 {
			w.t.Fatalf("the memory of the service cannot be searched: %v", err)
		}
		// Memory is swept beside the connection.
		w.eventually("the secrets of "+v.Name+" to be forgotten when "+when, 3*time.Second, func() error {
			for _, secret := range secrets {
				found, err := procfs.InMemory(pid, secret)
				if err == nil && len(found) > 0 {
					err = fmt.Errorf("%d copies of %q:\n%s", len(found), secret, strings.Join(found, "\n"))
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	without("connected")
	w.ok(w.Server.Kick(w.ctx, softether.HubOffice, user))
	w.flows(20 * time.Second)
	without("connected again")
	w.down(v.Name)
	w.ok(w.Desktop.Clean(w.ctx))
}

// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// A person chooses on the settings page what happens to the traffic outside the VPN, and does no more.
func TestTheChoiceOnThePageBlocksAndOpens(t *testing.T) {
	w := freshNetwork(t)
	session, shown := w.desktopShows()
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "connection.permissions", "user:"+netns.PersonName))))
	w.ok(session.StartNotifier(w.ctx))

	t.Log("blocked, before the first connection")
	w.choose("strict=yes")
	w.awaitStrict("yes, " + plan.ServerAddr.String())
	w.blocked()
	w.ok(w.Desktop.Up(w.ctx, "office"))
	if banner, err := w.Desktop.Banner("office"); err != nil || strings.Contains(banner, "NOT blocked") {
		t.Errorf("the banner is %q, %v", banner, err)
	}
	w.pings(plan.OfficeInner)
	w.blocked(func() { w.pings(plan.OfficeInner) })

	t.Log("the service is killed")
	w.blocked(func() { w.ok(syscall.Kill(w.service(), syscall.SIGKILL)) }, func() { w.ok(w.Desktop.AwaitGone(w.ctx)) })
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeInner)

	t.Log("another gateway, of which the server is one, too")
	w.choose("gateway=" + plan.ServerAddr6.String())
	w.awaitStrict("yes, " + plan.ServerAddr6.String())
	w.eventually("the office by the other gateway", perTest/4, func() error { return w.pingOnce(plan.OfficeInner) })
	w.blocked(func() { w.pings(plan.OfficeInner) })

	t.Log("except in the local network")
	w.choose("strict=allow-lan")
	w.awaitStrict("allow-lan, " + plan.ServerAddr6.String())
	w.eventually("the router", perTest/4, func() error { return w.pingOnce(plan.Bases[0].Router) })

	t.Log("opened, while connected")
	seen := w.watchesBases()
	w.choose("strict=no")
	w.awaitStrict("")
	w.eventually("the office in the ordinary table", perTest/4, func() error { return w.pingOnce(plan.OfficeInner) })
	seen.none()
	w.ok(w.Desktop.Down(w.ctx, "office"))
	w.opened()

	select {
	case got := <-shown:
		t.Errorf("the desktop shows %q", got)
	default:
	}

	t.Log("a choice that cannot be followed")
	w.choose("gateway=nosuch.lab.test, strict=yes")
	select {
	case got := <-shown:
		if !strings.HasPrefix(got, "office: Traffic outside the VPN\nThe choice “Blocked” is not in force: the name nosuch.lab.test could not be resolved") {
			t.Errorf("the desktop shows %q", got)
		}
	case <-time.After(perTest / 4):
		t.Error("the desktop says nothing")
	}
}

// The same by the pointer: a person opens the page in nm-connection-editor, chooses and saves.
func TestTheChoiceIsMadeInNMConnectionEditor(t *testing.T) {
	w := freshNetwork(t)
	session, _ := w.desktopShows()
	w.ok(w.Desktop.Add(w.ctx, ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "connection.permissions", "user:"+netns.PersonName))))
	w.ok(session.StartNotifier(w.ctx))
	var script string
	for _, file := range []string{"screen.py", "edit.py"} {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		w.ok(err)
		script, err = session.Give(file, text)
		w.ok(err)
	}
	home := filepath.Dir(script)
	chooses := func(choice string) {
		w.clicks(netns.Command{User: netns.Person, Env: []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + home}}, script, "--edit="+w.get("office", "connection.uuid"),
			">Outside the VPN", "Traffic outside the VPN="+choice, "!Save")
	}
	chooses("Blocked")
	w.awaitStrict("yes, " + plan.ServerAddr.String())
	w.blocked()
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeInner)
	w.blocked(func() { w.pings(plan.OfficeInner) })
	chooses("According to the routes")
	w.awaitStrict("")
	w.eventually("the office in the ordinary table", perTest/4, func() error { return w.pingOnce(plan.OfficeInner) })
	w.down("office")
	w.opened()
}

// choose changes a key of the profile as a settings page does that the person saves.
func (w *world) choose(pair string) {
	w.t.Helper()
	if res := w.as(netns.Person, "", "connection", "modify", "office", "+vpn.data", pair); res.Code != 0 {
		w.t.Fatalf("%s: %s", pair, res.Text())
	}
}

// awaitStrict waits until guard and profile have that lock for office, none if it is empty.
func (w *world) awaitStrict(lock string) {
	w.t.Helper()
	_, servers, _ := strings.Cut(lock, ", ")
	w.eventually("strict mode: "+lock, perTest/4, func() error {
		out, err := w.Desktop.MustNMCLI(w.ctx, "-g", "vpn.data", "connection", "show", "office")
		w.ok(err)
		data := strings.ReplaceAll(out, `\`, "")
		status := w.strictly("status")
		if lock == "" && strings.Contains(status, "not blocked") && !strings.Contains(data, "server-addresses") ||
			lock != "" && strings.Contains(status, "office: "+lock+"\n") && strings.Contains(data, "server-addresses = "+servers) {
			return nil
		}
		return fmt.Errorf("status says %q, the profile %q", status, data)
	})
}

// While everything is blocked and the VPN is down, another server's name is still found: by one question to the network's
// own name server, and nothing else leaves.
func TestANewGatewayNameIsFoundWhileAllIsBlocked(t *testing.T) {
	w := freshNetwork(t)
	session, shown := w.desktopShows()
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice, "connection.permissions", "user:"+netns.PersonName))
	v.Data["gateway"] = plan.ServerAddr6.String()
	w.ok(w.Desktop.Add(w.ctx, v))
	w.ok(session.StartNotifier(w.ctx))
	w.choose("strict=yes")
	w.awaitStrict("yes, " + plan.ServerAddr6.String())

	seen := w.watchesBases()
	w.choose("gateway=" + plan.ServerName4)
	w.awaitStrict("yes, " + plan.ServerAddr.String())
	asked := seen.left()
	t.Logf("asked: %v", asked)
	for what := range asked {
		if !strings.HasSuffix(what, ", protocol 17, port 53") {
			t.Errorf("in clear: %s", what)
		}
	}
	if len(asked) == 0 {
		t.Error("nobody was asked")
	}
	for _, family := range []string{"-4", "-6"} {
		rules, err := w.Desktop.Must(w.ctx, "ip", family, "rule")
		w.ok(err)
		if strings.Contains(rules, "sport 21317") {
			t.Errorf("the way to the name server is still open:\n%s", rules)
		}
	}
	w.blocked()
	w.ok(w.Desktop.Up(w.ctx, "office"))
	w.pings(plan.OfficeInner)
	w.blocked(func() { w.pings(plan.OfficeInner) })
	select {
	case got := <-shown:
		t.Errorf("the desktop shows %q", got)
	default:
	}
	w.down("office")
}

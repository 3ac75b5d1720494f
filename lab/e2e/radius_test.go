// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// company is the login of somebody about whom the VPN server asks FreeRADIUS.
func company(r softether.RADIUSUser) softether.User {
	return softether.User{Name: r.Name, Password: r.Password, AuthType: "plain-password"}
}

func TestCompanyAccountsOverRADIUS(t *testing.T) {
	w := freshNetwork(t)
	// Names that the server does not let an administrator create can come from RADIUS.
	accented := softether.RADIUSUser{Name: "Zoë Müller-密码", Password: "Grüße-čaj"}
	plain := softether.RADIUSUser{Name: "bob", Password: "pa55"}
	w.ok(w.Server.UseRADIUS(w.ctx, softether.HubOffice, accented, plain))
	for _, u := range []softether.RADIUSUser{accented, plain} {
		v := ipv4Only(w.profile("company", softether.HubOffice, company(u)))
		w.up(v)
		w.pings(plan.OfficeGateway)
		w.down(v.Name)
		w.ok(w.Desktop.Clean(w.ctx))
		if log := w.Server.RADIUSLog(); !strings.Contains(log, "Login OK: ["+u.Name+"]") {
			t.Errorf("FreeRADIUS did not let %s in:\n%s", u.Name, log)
		}
	}
	plain.Password = "wrong"
	w.refused(w.profile("company", softether.HubOffice, company(plain)), noSecrets, "password")
	if log := w.Server.RADIUSLog(); !strings.Contains(log, "Login incorrect") {
		t.Errorf("FreeRADIUS refused nobody:\n%s", log)
	}
}

// A confirmation on the telephone takes time. The server gives up before the client does: see RADIUSPatience of the lab, and
// package protocol for a server with more of it.
func TestRADIUSAnswersLate(t *testing.T) {
	w := freshNetwork(t)
	patience, err := w.Server.RADIUSPatience(w.ctx)
	w.ok(err)
	late := softether.RADIUSUser{Name: "carol", Password: "pa55", Delay: patience - 2*time.Second}
	never := softether.RADIUSUser{Name: "dave", Password: "pa55", Delay: patience + 5*time.Second}
	w.ok(w.Server.UseRADIUS(w.ctx, softether.HubOffice, late, never))
	v := ipv4Only(w.profile("company", softether.HubOffice, company(late)))
	w.ok(w.Desktop.Add(w.ctx, v))
	began := time.Now()
	w.ok(w.Desktop.Up(w.ctx, v.Name))
	if took := time.Since(began); took < late.Delay {
		t.Errorf("it took %v: FreeRADIUS was not asked", took)
	}
	w.pings(plan.OfficeGateway)
	w.down(v.Name)
	w.ok(w.Desktop.Clean(w.ctx))
	w.refused(w.profile("company", softether.HubOffice, company(never)), noSecrets, "AUTH_FAILED")
}

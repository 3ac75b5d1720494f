// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// wrong is a profile with a wrong password stored.
func (w *world) wrong() desktop.VPN {
	w.t.Helper()
	v := w.profile("typo", softether.HubOffice, softether.Alice)
	v.Password = "not-" + softether.Alice.Password
	return v
}

// asks connects with someone at the keyboard who types these lines.
func (w *world) asks(name string, lines ...string) netns.Result {
	w.t.Helper()
	res, err := w.Desktop.NMCLI(w.ctx, strings.Join(lines, "\n")+"\n", "--ask", "connection", "up", name)
	w.ok(err)
	return res
}

// ctrlU is Ctrl-U: nmcli fills the prompt with the stored password, as dots, which has to be deleted before a new one is
// typed.
const ctrlU = "\x15"

func TestWrongPasswordWithNobodyToAsk(t *testing.T) {
	w := network(t)
	w.refused(w.wrong(), noSecrets, "password")
}

func TestWrongPasswordIsAskedForAgain(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.wrong()))
	res := w.asks("typo", ctrlU+softether.Alice.Password)
	if res.Code != 0 {
		t.Fatalf("nmcli --ask failed: %s", res.Text())
	}
	for _, want := range []string{"did not accept this user name or password", "Enter the password of user “" + softether.Alice.Name + "” on ", "Ctrl-U"} {
		if !strings.Contains(res.Text(), want) {
			t.Errorf("no %q in\n%s", want, res.Text())
		}
	}
	w.pings(plan.OfficeGateway)
	w.down("typo")
}

func TestSecondAttemptAtThePromptIsRight(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.wrong()))
	if res := w.asks("typo", ctrlU+"still wrong", ctrlU+softether.Alice.Password); res.Code != 0 {
		t.Fatalf("nmcli --ask failed: %s", res.Text())
	}
	w.pings(plan.OfficeGateway)
	w.down("typo")
}

func TestAlwaysWrongPasswordEndsAfterThreeRounds(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.wrong()))
	res := w.asks("typo", "a", "b", "c", "d", "e")
	if res.Code == 0 || !strings.Contains(res.Text(), loginFailed) {
		t.Errorf("nmcli said %q (exit status %d), want a failure with %q", res.Text(), res.Code, loginFailed)
	}
	if n := strings.Count(res.Text(), "vpn.secrets.password"); n < 2 || n > 3 {
		t.Errorf("the password was asked for %d times", n)
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
}

func TestNoPasswordStored(t *testing.T) {
	t.Run("nobody to ask", func(t *testing.T) {
		w := network(t)
		v := w.profile("none", softether.HubOffice, softether.Alice)
		v.Password = ""
		w.refused(v, noSecrets, "")
	})
	for name, flags := range map[string]string{"asked": "0", "asked every time": "2"} {
		t.Run(name, func(t *testing.T) {
			w := network(t)
			v := w.profile("none", softether.HubOffice, softether.Alice)
			v.Password = ""
			v.Data["password-flags"] = flags
			w.ok(w.Desktop.Add(w.ctx, v))
			if res := w.asks("none", softether.Alice.Password); res.Code != 0 {
				t.Fatalf("nmcli --ask failed: %s", res.Text())
			}
			w.pings(plan.OfficeGateway)
			w.down("none")
			if flags == "2" {
				if res, err := w.Desktop.NMCLI(w.ctx, "", "connection", "up", "none"); err != nil || res.Code == 0 {
					t.Errorf("it connected without the password that is never saved: %s, %v", res.Text(), err)
				}
			}
		})
	}
}

func TestPersonCancelsThePrompt(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.wrong()))
	res, err := w.Desktop.NMCLI(w.ctx, "", "--ask", "connection", "up", "typo") // end of input is what Ctrl-D gives
	w.ok(err)
	if res.Code == 0 {
		t.Errorf("nmcli said %q", res.Text())
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
	w.baseIntact()
}

func TestPasswordFile(t *testing.T) {
	w := network(t)
	v := w.profile("file", softether.HubOffice, softether.Alice)
	v.Password = ""
	w.ok(w.Desktop.Add(w.ctx, v))
	w.ok(w.Desktop.WriteFile("/etc/NetworkManager/passwords", "vpn.secrets.password:"+softether.Alice.Password+"\n"))
	_, err := w.Desktop.MustNMCLI(w.ctx, "connection", "up", "file", "passwd-file", "/etc/NetworkManager/passwords")
	w.ok(err)
	w.pings(plan.OfficeGateway)
}

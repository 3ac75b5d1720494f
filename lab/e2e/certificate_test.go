// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/pem"
	"path/filepath"
	"strings"
	"testing"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// unpinned is a profile that says nothing about the server's certificate.
func (w *world) unpinned() desktop.VPN {
	w.t.Helper()
	v := w.profile("trust", softether.HubOffice, softether.Alice)
	v.Data["server-cert-sha256"] = ""
	return v
}

func TestCertificateQuestionIsAskedOnceAndNotAgain(t *testing.T) {
	w := network(t)
	w.ok(w.Server.NewCert(w.ctx))
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	res := w.asks("trust", "yes")
	if res.Code != 0 || !strings.Contains(res.Text(), colons(fingerprint)) {
		t.Fatalf("nmcli --ask with yes typed (exit status %d) said, without the fingerprint %s:\n%s", res.Code, fingerprint, res.Text())
	}
	w.pings(plan.OfficeGateway)
	w.down("trust")

	res = w.asks("trust") // a question would be seen in what nmcli prints
	if res.Code != 0 || strings.Contains(res.Text(), "trust-sha256") {
		t.Fatalf("the second time (exit status %d): %s", res.Code, res.Text())
	}
	w.down("trust")
	w.ok(w.Desktop.Up(w.ctx, "trust")) // and with nobody to ask
	w.down("trust")
}

func TestOnlyAYesTrustsAServer(t *testing.T) {
	w := network(t)
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	stores := func() string { return strings.ReplaceAll(w.get("trust", "vpn.secrets"), `\:`, ":") }
	unknown := "password = " + softether.Alice.Password
	asked := unknown + ", trust-sha256-" + fingerprint + " = "
	for _, tc := range []struct {
		name   string
		typed  []string
		up     bool
		asks   int
		stores string
	}{
		{"a no", []string{"no", "yes"}, false, 1, asked + "no"},
		{"a no in German", []string{"nein"}, false, 1, asked + "nein"},
		{"a yes in Japanese", []string{"はい"}, true, 1, asked + "はい"},
		{"a password, then yes", []string{softether.Alice.Password, "yes"}, true, 2, asked + "noyes"}, // nmcli puts the no before it
		{"only passwords", []string{softether.Alice.Password, "a", "b", "yes"}, false, 3, asked + "no"},
		{"an Enter, then yes", []string{"", "yes"}, true, 2, asked + "noyes"},
		{"an Enter after the other", []string{"", "", ""}, false, 2, asked + "no"},
		{"the fingerprint", []string{colons(fingerprint)}, true, 1, asked + colons(fingerprint)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := enter(t, w.Lab)
			w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
			res := w.asks("trust", tc.typed...)
			if got := strings.Count(res.Text(), "(vpn.secrets.trust-sha256-"); (res.Code == 0) != tc.up || got != tc.asks {
				t.Errorf("exit status %d after %d questions, want %d:\n%s", res.Code, got, tc.asks, res.Text())
			}
			// NetworkManager shows none while an agent that has just left is still on its list.
			w.eventually("what the profile stores", perTest/4, func() error { return is("it", stores(), tc.stores, nil) })
		})
	}
}

// The administrator types what the question says, on the server.
func TestFingerprintIsReadOnTheServerAsTheQuestionSays(t *testing.T) {
	w := network(t)
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	_, command, ok := strings.Cut(w.asks("trust", "no").Text(), "To read it on the server, they use: ")
	command, _, _ = strings.Cut(command, "\n")
	if !ok {
		t.Fatal("the question names no command")
	}
	res, err := w.Internet.Run(w.ctx, netns.Command{Args: []string{"sh", "-c", command}})
	w.ok(err)
	if !strings.Contains(res.Stdout, "="+colons(fingerprint)+"\n") {
		t.Errorf("%s: no %s in\n%s", command, colons(fingerprint), res.Text())
	}

	// And as the manual page says, with SoftEther's own tool.
	file := filepath.Join(t.TempDir(), "server.crt")
	// What begins with a slash is a switch to vpncmd. It runs in the root folder, so one less is the same.
	_, err = w.Server.Admin(w.ctx, "ServerCertGet "+strings.TrimPrefix(file, "/"))
	w.ok(err)
	out, err := w.Internet.Must(w.ctx, "openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", file)
	w.ok(err)
	if !strings.Contains(out, "="+colons(fingerprint)) {
		t.Errorf("ServerCertGet: no %s in %s", colons(fingerprint), out)
	}
}

func TestChangedCertificateIsNeverAQuestion(t *testing.T) {
	w := network(t)
	w.ok(w.Desktop.Add(w.ctx, w.unpinned()))
	if res := w.asks("trust", "yes"); res.Code != 0 {
		t.Fatalf("the first connection failed: %s", res.Text())
	}
	w.down("trust")
	w.ok(w.Server.NewCert(w.ctx))
	mark := w.Desktop.NMLogMark()
	res := w.asks("trust", "yes", "yes", "yes")
	if res.Code == 0 {
		t.Fatal("it connected to a server with another certificate")
	}
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	if strings.Contains(res.Text(), colons(fingerprint)) {
		t.Errorf("the new certificate was offered:\n%s", res.Text())
	}
	if log := w.Desktop.VPNLog(mark); !strings.Contains(log, colons(fingerprint)) {
		t.Error("the log does not show the new fingerprint")
	}
	w.ok(w.Desktop.AwaitGone(w.ctx))
}

func TestUnknownCertificateWithNobodyToAsk(t *testing.T) {
	w := network(t)
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	w.refused(w.unpinned(), noSecrets, "server-cert-sha256")
	w.neverLoggedIn(fingerprint)
}

// neverLoggedIn checks that the log tells how to trust the certificate.
func (w *world) neverLoggedIn(fingerprint string) {
	w.t.Helper()
	if !strings.Contains(w.Desktop.VPNLog(0), colons(fingerprint)) {
		w.t.Error("the log does not show the fingerprint")
	}
}

func TestWrongPinInTheProfile(t *testing.T) {
	w := network(t)
	v := w.profile("pinned", softether.HubOffice, softether.Alice)
	v.Data["server-cert-sha256"] = strings.Repeat("00", 32)
	w.refused(v, connectFailed, "certificate")
}

func TestCertificateSignedByAnAuthorityOfTheProfile(t *testing.T) {
	w := network(t)
	w.ok(w.Server.UseSignedCert(w.ctx))
	t.Cleanup(func() { w.ok(w.Server.NewCert(w.ctx)) })
	w.ok(w.Desktop.WriteFile("/etc/NetworkManager/ca.pem", string(w.Server.CA.PEM)))
	v := w.unpinned()
	v.Data["ca"] = "/etc/NetworkManager/ca.pem"
	w.up(v)
	w.pings(plan.OfficeGateway)
	w.down("trust")

	block, _ := pem.Decode(w.Server.CA.PEM)
	w.ok(w.Desktop.WriteFile("/etc/NetworkManager/ca.cer", string(block.Bytes))) // as Windows writes it
	v.Name, v.Data["ca"] = "binary", "/etc/NetworkManager/ca.cer"
	w.up(v)
	w.down("binary")

	v.Name, v.Data["gateway"] = "othername", plan.ServerName4 // not a name in the certificate
	w.refused(v, noSecrets, plan.ServerName4)
}

func TestCertificateIsNotCheckedWhenThePersonSaysSo(t *testing.T) {
	w := network(t)
	v := w.unpinned()
	v.Data["server-cert-check"] = "no"
	w.up(v)
	w.pings(plan.OfficeGateway)
}

// A pin that is demanded and not there yet is asked for, even where the certificate would verify.
func TestPinIsDemandedAndGivenAtTheFirstConnection(t *testing.T) {
	w := network(t)
	fingerprint, err := w.Server.Fingerprint(w.ctx)
	w.ok(err)
	v := w.unpinned()
	v.Data["server-cert-check"] = "pin"
	w.refused(v, noSecrets, "server-cert-sha256") // nobody to ask
	w.neverLoggedIn(fingerprint)
	w.ok(w.Desktop.Clean(w.ctx))

	w.ok(w.Desktop.Add(w.ctx, v))
	res := w.asks("trust", "yes")
	if res.Code != 0 || !strings.Contains(res.Text(), colons(fingerprint)) {
		t.Fatalf("nmcli --ask with yes typed (exit status %d): %s", res.Code, res.Text())
	}
	w.down("trust")
	w.ok(w.Desktop.Up(w.ctx, "trust")) // the answer is the pin
	w.down("trust")
}

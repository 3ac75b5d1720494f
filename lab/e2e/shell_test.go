// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/gui"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// A prompt is GNOME Shell's question for secrets.
type prompt struct {
	w     *world
	shell *desktop.Shell
	name  string // of the connection
}

// flips makes the profile and flips its switch.
func (p prompt) flips(v desktop.VPN) {
	p.w.t.Helper()
	p.w.ok(p.w.Desktop.Add(p.w.ctx, v))
	p.w.ok(p.shell.FlipVPN(p.w.ctx, p.name))
}

// awaits waits for the question and checks that it contains these texts.
func (p prompt) awaits(texts ...string) {
	p.w.t.Helper()
	for _, text := range append(texts, "Authenticate VPN "+p.name) {
		_, err := p.shell.Find(p.w.ctx, "dialog", text)
		p.w.ok(err)
	}
}

// types types into the only field and confirms with Return, which ends the question.
func (p prompt) types(text string) {
	p.w.t.Helper()
	field, err := p.shell.Find(p.w.ctx, "password text", "")
	p.w.ok(err)
	p.w.ok(field.SetText(text))
	p.w.ok(p.shell.Until(p.w.ctx, "the end of the question", func() error { return p.shell.Gone(field) }, func() error {
		if err := field.Focus(); err != nil {
			return err
		}
		return p.shell.Press(gui.KeyReturn)
	}))
}

// cancels closes the question, and checks that this is the end of it.
func (p prompt) cancels() {
	p.w.t.Helper()
	p.w.ok(p.shell.PressUntil(p.w.ctx, "the end of the question", func() error { return p.shell.None("dialog", "Authenticate VPN") }, gui.KeyEscape))
	p.w.eventually("the connection to end", perTest/4, func() error {
		state, err := p.w.Desktop.State(p.name)
		return is("its state", state, 0, err)
	})
	p.w.ok(p.w.Desktop.AwaitGone(p.w.ctx))
	p.w.ok(p.shell.AwaitNone(p.w.ctx, "dialog", "Authenticate VPN"))
	p.w.baseIntact()
}

// comesUp waits until the VPN does and the office can be reached.
func (w *world) comesUp(name string) {
	w.t.Helper()
	w.eventually(name+" to come up", perTest/4, func() error {
		state, err := w.Desktop.State(name)
		return is("its state", state, desktop.Activated, err)
	})
	w.pings(plan.OfficeGateway)
}

// photo takes a picture of a page if pictures are kept: that takes a while.
func (w *world) photo(name string, take func(context.Context) (image.Image, error)) {
	w.t.Helper()
	if os.Getenv("SCREENSHOTS") == "" {
		return
	}
	picture, err := take(w.ctx)
	w.ok(err)
	f, err := os.Create(filepath.Join(pictures(w.t), name+".png"))
	w.ok(err)
	w.ok(errors.Join(png.Encode(f, picture), f.Close()))
}

// One person, one session, one question after the other.
func TestGNOMEShell(t *testing.T) {
	w := freshNetwork(t)
	shell, err := w.Desktop.StartShell(w.ctx)
	w.ok(err)
	for name, test := range map[string]func(p prompt, v desktop.VPN){
		"connects with the password that is typed": typesPassword,
		"asks again when the password was wrong":   typesWrongPassword,
		"keeps the password in the keyring":        keepsPassword,
		"does not connect when the person cancels": cancelsPassword,
		"asks once whether the server is trusted":  trusts,
		"does not connect to a server not trusted": trustsNot,
	} {
		t.Run(name, func(t *testing.T) {
			w := enter(t, w.Lab)
			v := w.profile("Office", softether.HubOffice, softether.Alice)
			v.Password = ""
			test(prompt{w, shell, v.Name}, v)
		})
	}
}

func typesPassword(p prompt, v desktop.VPN) {
	p.flips(v)
	p.awaits("user “" + softether.Alice.Name + "” on " + plan.ServerName)
	p.w.photo("shell-prompt", p.shell.Picture)
	p.types(softether.Alice.Password)
	p.w.comesUp(p.name)
}

func typesWrongPassword(p prompt, v desktop.VPN) {
	p.flips(v)
	p.awaits("Enter the password")
	p.types("not-" + softether.Alice.Password)
	p.awaits("did not accept this user name or password", "Enter the password of user “"+softether.Alice.Name+"”")
	p.types(softether.Alice.Password)
	p.w.comesUp(p.name)
}

// The keyring is asked by the shell, not by our program.
func keepsPassword(p prompt, v desktop.VPN) {
	v.Data["password-flags"] = "1" // of an agent
	p.flips(v)
	p.awaits("Enter the password")
	p.types(softether.Alice.Password)
	p.w.comesUp(p.name)
	p.w.down(p.name)
	p.w.ok(p.shell.FlipVPN(p.w.ctx, p.name))
	p.w.comesUp(p.name)
	if got := p.w.get(p.name, "vpn.secrets"); got != "" {
		p.w.t.Errorf("the profile has it, too: %q", got)
	}
}

func cancelsPassword(p prompt, v desktop.VPN) {
	p.flips(v)
	p.awaits("Enter the password")
	p.cancels()
}

func trusts(p prompt, v desktop.VPN) {
	fingerprint := p.distrusts(&v)
	p.flips(v)
	p.awaits(plan.ServerName, "self-signed", colons(fingerprint), "Type “yes”", "trusted from now on", "openssl x509 -noout -fingerprint")
	p.w.photo("shell-certificate", p.shell.Picture)
	// The Return that follows the password's, and the password itself, trust nobody.
	field, err := p.shell.Find(p.w.ctx, "password text", "")
	p.w.ok(err)
	p.w.ok(errors.Join(field.Focus(), p.shell.Press(gui.KeyReturn)))
	p.awaits(colons(fingerprint))
	p.types(softether.Alice.Password)
	p.w.eventually("the question to be asked again", perTest/4, func() error {
		return is("what the profile stores", p.w.get(p.name, "vpn.secrets"), "password = "+softether.Alice.Password+", trust-sha256-"+fingerprint+" = no", nil)
	})
	p.awaits(colons(fingerprint))
	p.w.eventually("the field to be empty", perTest/4, func() error {
		field, err := p.shell.Find(p.w.ctx, "password text", "")
		if err == nil && field.Name != "" {
			err = fmt.Errorf("it reads %q", field.Name)
		}
		return err
	})
	p.types("yes")
	p.w.comesUp(p.name)
	p.w.down(p.name)
	p.w.ok(p.shell.FlipVPN(p.w.ctx, p.name))
	p.w.comesUp(p.name)
}

func trustsNot(p prompt, v desktop.VPN) {
	fingerprint := p.distrusts(&v)
	p.flips(v)
	p.awaits(colons(fingerprint))
	p.cancels()
	if got := p.w.get(p.name, "vpn.data,vpn.secrets"); strings.Contains(got, fingerprint) {
		p.w.t.Errorf("the certificate is trusted now: %s", got)
	}
}

// distrusts makes a profile have all it needs but the server's certificate, and returns the fingerprint of that.
func (p prompt) distrusts(v *desktop.VPN) string {
	p.w.t.Helper()
	v.Password = softether.Alice.Password
	fingerprint := v.Data["server-cert-sha256"]
	v.Data["server-cert-sha256"] = ""
	return fingerprint
}

// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/netns"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// somebody is a user of the computer who is not root, and nobody's friend.
const somebody = 65534

// status runs nm-softether-status as a user.
func (w *world) status(user uint32, args ...string) netns.Result {
	w.t.Helper()
	program := installed(w.t) + "/usr/bin/nm-softether-status"
	r, err := w.Desktop.Run(w.ctx, netns.Command{Args: append([]string{program}, args...), User: user})
	w.ok(err)
	return r
}

// TestPersonSeesHowTheConnectionStands reads the facts of a session as somebody without rights.
func TestPersonSeesHowTheConnectionStands(t *testing.T) {
	w := network(t)
	if r := w.status(somebody); r.Code != 0 || !strings.Contains(r.Stdout, "No SoftEther connection") {
		t.Errorf("before: %+v", r)
	}
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))
	v.Data["udp-acceleration"] = "no"
	w.up(v)
	w.pings(plan.OfficeGateway)
	seen := w.status(somebody, "office")
	for _, want := range []string{
		"office (" + w.tap() + ")", "Virtual hub: " + softether.HubOffice, "User: " + softether.Alice.Name, "Encryption: TLS 1.", "TCP connections: 1 of 1",
		"UDP acceleration: off", w.addressIn(w.tap(), plan.OfficeNet).String(),
	} {
		if !strings.Contains(seen.Stdout, want) {
			t.Errorf("no %q in\n%s%s", want, seen.Stdout, seen.Stderr)
		}
	}
	if strings.Contains(seen.Stdout, softether.Alice.Password) {
		t.Error("the password is shown")
	}
	var list []struct {
		Sent    int64 `json:"sent_bytes"`
		Session struct {
			Certificate string `json:"certificate_sha256"`
			Product     string `json:"server_product"`
		} `json:"session"`
	}
	out := w.status(somebody, "--json").Stdout
	w.ok(json.Unmarshal([]byte(out), &list))
	if len(list) != 1 || list[0].Sent == 0 || len(list[0].Session.Certificate) != 95 || !strings.Contains(list[0].Session.Product, "SoftEther") {
		t.Errorf("JSON: %s", out)
	}
}

// TestStatusOfAPrivateProfileIsPrivate shows it to its user and to root, and to nobody else; what rules the connection
// stays with root.
func TestStatusOfAPrivateProfileIsPrivate(t *testing.T) {
	w := network(t)
	v := ipv4Only(w.profile("office", softether.HubOffice, softether.Alice))
	v.More = append(v.More, "connection.permissions", "user:daemon")
	w.up(v)
	const daemon = 1
	for _, tc := range []struct {
		user uint32
		sees bool
	}{{0, true}, {daemon, true}, {somebody, false}} {
		r := w.status(tc.user, "office")
		if (r.Code == 0) != tc.sees {
			t.Errorf("user %d: %+v", tc.user, r)
		}
		if !tc.sees && strings.Contains(r.Stdout, "10.") {
			t.Errorf("user %d is told %s", tc.user, r.Stdout)
		}
	}
	// The policy lets a user read, and nothing else.
	r, err := w.Desktop.Run(w.ctx, netns.Command{User: daemon, Args: []string{
		"dbus-send", "--system", "--print-reply",
		"--dest=" + serviceName(w), "/org/freedesktop/NetworkManager/VPN/Plugin", "org.freedesktop.NetworkManager.VPN.Plugin.Disconnect",
	}})
	w.ok(err)
	if r.Code == 0 || !strings.Contains(r.Stderr, "AccessDenied") {
		t.Errorf("a user may disconnect: %+v", r)
	}
	w.wantState("office", desktop.Activated)
}

// serviceName is the bus name of the one service that runs.
func serviceName(w *world) string {
	w.t.Helper()
	pids := w.Desktop.Services()
	if len(pids) != 1 {
		w.t.Fatalf("services: %v", pids)
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pids[0]))
	w.ok(err)
	args := strings.Split(string(line), "\x00")
	for i, a := range args {
		if name, ok := strings.CutPrefix(a, "--bus-name="); ok {
			return name
		}
		if a == "--bus-name" && i+1 < len(args) {
			return args[i+1]
		}
	}
	w.t.Fatalf("no bus name in %q", args)
	return ""
}

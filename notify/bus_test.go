// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/lab/bustest"
	"network-manager-softether/service/notice"
)

// policy is that of the installed service.
const policy = "../data/nm-softether-service.conf"

func settingsOf(id, gateway string) map[string]map[string]dbus.Variant {
	return map[string]map[string]dbus.Variant{
		"connection": {"id": dbus.MakeVariant(id)},
		"vpn":        {"data": dbus.MakeVariant(map[string]string{"gateway": gateway, "hub": "OFFICE"}), "user-name": dbus.MakeVariant("joe")},
	}
}

// networkManager has one profile, which everybody may see.
type networkManager struct{ uuid string }

func (n networkManager) GetConnectionByUuid(uuid string) (dbus.ObjectPath, *dbus.Error) {
	if uuid != n.uuid {
		return "/", dbus.NewError("org.freedesktop.NetworkManager.Settings.PermissionDenied", nil)
	}
	return "/profile", nil
}

func (n networkManager) GetSettings() (map[string]map[string]dbus.Variant, *dbus.Error) {
	return settingsOf("Work & <b>Play</b>", "vpn.example"), nil
}

// recorder is a desktop that writes down what it is to show.
type recorder chan string

func (recorder) GetCapabilities() ([]string, *dbus.Error) {
	return []string{"body", "body-markup"}, nil
}

func (r recorder) Notify(app string, replaces uint32, icon, title, body string, actions []string, hints map[string]dbus.Variant, expire int32) (uint32, *dbus.Error) {
	r <- fmt.Sprintf("%s|%d|%s|%s|%v", app, replaces, title, body, hints["urgency"].Value())
	return 42, nil
}

func (r recorder) CloseNotification(id uint32) *dbus.Error {
	r <- fmt.Sprintf("close %d", id)
	return nil
}

// rules is a file with rules of a bus.
func rules(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.conf")
	if err := os.WriteFile(file, []byte("<busconfig>"+text+"</busconfig>"), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

const everything = `<policy context="default"><allow own="*"/><allow send_destination="*"/></policy>`

func export(t *testing.T, conn *dbus.Conn, name string, objects map[dbus.ObjectPath]map[string]any) {
	t.Helper()
	for path, interfaces := range objects {
		for face, object := range interfaces {
			if err := conn.Export(object, path, face); err != nil {
				t.Fatal(err)
			}
		}
	}
	if reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("%s: %v, %v", name, reply, err)
	}
}

func TestNoticesBecomeNotifications(t *testing.T) {
	system, session := bustest.New(t, rules(t, everything)), bustest.New(t, rules(t, everything))
	nm := networkManager{"6f4e1c2a-0000-4000-8000-000000000001"}
	export(t, system.Connect(t), nmName, map[dbus.ObjectPath]map[string]any{settingsPath: {settingsName: nm}, "/profile": {settingsName + ".Connection": nm}})
	shown := make(recorder, 10)
	export(t, session.Connect(t), notificationsName, map[dbus.ObjectPath]map[string]any{notificationsPath: {notificationsName: shown}})

	service, early := system.Connect(t), system.Connect(t)
	export(t, early, "org.freedesktop.NetworkManager.softether.Connection_1", nil)
	person := session.Connect(t)
	ended := make(chan error, 1)
	go func() { ended <- serve(system.Connect(t), person) }()
	awaitName(t, session.Connect(t), sessionName)
	if err := serve(system.Connect(t), session.Connect(t)); err != errRunning {
		t.Errorf("a second one in the session: %v", err)
	}
	export(t, service, "org.freedesktop.NetworkManager.softether.Connection_2", nil)

	say := func(from *dbus.Conn, uuid string, event notice.Event, args ...any) {
		t.Helper()
		if len(args) == 0 {
			args = []any{string(notice.ServerRefused), uint32(8)}
		}
		if err := from.Emit(notice.Path, notice.Interface+"."+notice.Signal, append([]any{uuid, string(event)}, args...)...); err != nil {
			t.Fatal(err)
		}
	}
	// Not from a service, not for this person, not as it should be: none of these is shown before the one that is.
	say(system.Connect(t), nm.uuid, notice.Failed)
	say(early, "of somebody else", notice.Failed)
	say(early, nm.uuid, notice.Failed, "too short")
	say(early, nm.uuid, notice.Failed)
	const body = "There is no virtual hub “OFFICE” on vpn.example. Check the hub in the settings of the connection."
	await(t, shown, "SoftEther VPN|0|VPN “Work & <b>Play</b>” could not connect|"+body+"|1")
	say(service, nm.uuid, notice.Ended, string(notice.ServerRefused), uint32(9))
	await(t, shown, "SoftEther VPN|42|VPN “Work & <b>Play</b>” was disconnected|vpn.example did not accept user “joe” with this password. Check both. "+
		"RADIUS and NT domain accounts need that authentication method: choose it in the settings of the connection.|1")
	say(service, nm.uuid, notice.Connected)
	await(t, shown, "close 42")

	system.Stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it stays without a system bus")
	}
}

func await(t *testing.T, shown recorder, want string) {
	t.Helper()
	select {
	case got := <-shown:
		if got != want {
			t.Errorf("shown %q\nwant  %q", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("not shown: %s", want)
	}
}

func awaitName(t *testing.T, conn *dbus.Conn, name string) {
	t.Helper()
	for range 600 {
		var has bool
		if conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&has) == nil && has {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("nobody took the name %s", name)
}

// Desktops hide what looks like markup, or show it.
func TestBodiesHaveNoMarkup(t *testing.T) {
	if got := markup.Replace("<b>a</b> & b"); got != "&lt;b&gt;a&lt;/b&gt; &amp; b" {
		t.Error(got)
	}
}

// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const (
	uuid       = "6f7c2b0a-0000-4000-8000-000000000001"
	collection = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
)

var allNames = []string{"password", "key-password", "proxy-password"}

// A home is a session bus with a real gnome-keyring-daemon, whose login keyring is unlocked.
type home struct {
	t       *testing.T
	address string
	conn    *dbus.Conn
}

func newHome(t *testing.T) *home {
	t.Helper()
	dir, err := os.MkdirTemp("", "home") // t.TempDir may be longer than the 108 bytes of a socket address
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	h := &home{t: t, address: bus(t, dir)}
	h.start(dir, "keyring password", "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	if h.conn, err = dbus.Connect(h.address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.conn.Close() })
	for end := time.Now().Add(leaktest.Patience); ; time.Sleep(20 * time.Millisecond) {
		var alias dbus.ObjectPath
		err := h.conn.Object(keyringName, path).Call(service+".ReadAlias", dbus.FlagNoAutoStart, "default").Store(&alias)
		if err == nil && alias == collection {
			return h
		}
		if time.Now().After(end) {
			t.Fatalf("gnome-keyring-daemon has default collection %q: %v", alias, err)
		}
	}
}

// bus starts a session bus that starts no services.
func bus(t *testing.T, dir string) string {
	t.Helper()
	conf := filepath.Join(dir, "bus.conf")
	address := "unix:path=" + filepath.Join(dir, "bus")
	text := `<busconfig><type>session</type><listen>` + address + `</listen><auth>EXTERNAL</auth>
	<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>`
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &home{t: t}
	h.start(dir, "", "dbus-daemon", "--config-file="+conf, "--nofork", "--nopidfile")
	for end := time.Now().Add(leaktest.Patience); ; time.Sleep(10 * time.Millisecond) {
		if c, err := dbus.Connect(address); err == nil {
			c.Close()
			return address
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// start runs a program until the end of the test.
func (h *home) start(dir, stdin string, args ...string) {
	h.t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "DBUS_SESSION_BUS_ADDRESS=" + h.address}
	cmd.Stdin = strings.NewReader(stdin)
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// store keeps a secret as an agent does.
func (h *home) store(uuid, name, value string) {
	h.t.Helper()
	s, err := openSession(h.t.Context(), h.conn.Object(keyringName, path))
	if err != nil {
		h.t.Fatal(err)
	}
	properties := map[string]dbus.Variant{
		"org.freedesktop.Secret.Item.Label": dbus.MakeVariant("VPN " + name + " secret for Office"),
		"org.freedesktop.Secret.Item.Attributes": dbus.MakeVariant(map[string]string{
			"connection-uuid": uuid, "setting-name": "vpn", "setting-key": name,
			"xdg:schema": "org.freedesktop.NetworkManager.Connection",
		}),
	}
	var item, ask dbus.ObjectPath
	err = h.conn.Object(keyringName, collection).Call("org.freedesktop.Secret.Collection.CreateItem", 0, properties,
		secret{Session: s, Params: []byte{}, Value: []byte(value), ContentType: "text/plain"}, true).Store(&item, &ask)
	if err != nil || item == "/" {
		h.t.Fatalf("storing %s gives item %s, prompt %s, %v", name, item, ask, err)
	}
}

func (h *home) lock() {
	h.t.Helper()
	var locked []dbus.ObjectPath
	var ask dbus.ObjectPath
	err := h.conn.Object(keyringName, path).Call(service+".Lock", 0, []dbus.ObjectPath{collection}).Store(&locked, &ask)
	if err != nil || len(locked) != 1 {
		h.t.Fatalf("locked %v, prompt %s, %v", locked, ask, err)
	}
}

func (h *home) secrets() map[string]string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	found, err := Secrets(ctx, h.address, uuid, allNames)
	if err != nil {
		h.t.Error(err)
	}
	return found
}

func TestSecretsOfTheConnectionAreFound(t *testing.T) {
	h := newHome(t)
	h.store(uuid, "password", "pässword 密码")
	h.store(uuid, "proxy-password", strings.Repeat("sixteen letters!", 4)) // whole blocks
	h.store("another connection", "key-password", "not this one")
	want := map[string]string{"password": "pässword 密码", "proxy-password": strings.Repeat("sixteen letters!", 4)}
	if diff := cmp.Diff(want, h.secrets()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The keyring would ask for its password, in a window of its own.
func TestSecretThatCanBeNoPasswordIsRefused(t *testing.T) {
	h := newHome(t)
	h.store(uuid, "password", strings.Repeat("x", maxSecret+1))
	if found, err := Secrets(t.Context(), h.address, uuid, []string{"password"}); err == nil || len(found) > 0 {
		t.Errorf("found %d secrets, %v", len(found), err)
	}
}

func TestLockedKeyringIsLeftAlone(t *testing.T) {
	h := newHome(t)
	h.store(uuid, "password", "x")
	h.lock()
	begin := time.Now()
	if got := h.secrets(); len(got) > 0 {
		t.Errorf("found %d secrets", len(got))
	}
	if took := time.Since(begin); took > 30*time.Second { // a question nobody answers is for ever
		t.Errorf("it took %v", took)
	}
}

func TestSessionWithoutKeyring(t *testing.T) {
	dir, err := os.MkdirTemp("", "home")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	h := &home{t: t, address: bus(t, dir)}
	if got := h.secrets(); len(got) > 0 {
		t.Errorf("found %d secrets", len(got))
	}
}

func TestBusThatIsNotThere(t *testing.T) {
	if _, err := Secrets(t.Context(), "unix:path=/nonexistent", uuid, allNames); err == nil || !strings.Contains(err.Error(), "/nonexistent") {
		t.Errorf("got %v", err)
	}
}

func TestBusThatNeverAnswers(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := Secrets(ctx, "unix:path="+socket, uuid, allNames)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(leaktest.Patience):
		t.Fatal("still waiting after its deadline")
	}
}

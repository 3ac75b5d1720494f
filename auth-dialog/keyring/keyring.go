// SPDX-License-Identifier: Apache-2.0

// Package keyring reads the secrets that agents keep for a VPN connection from the user's keyring: nm-applet
// and GNOME Shell store them there, but nm-applet does not pass them on (networkmanager.md 5.6).
//
// It uses the Secret Service API of freedesktop.org over D-Bus, read-only, and never raises a prompt: what is
// locked stays unread.
package keyring

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"
)

const (
	keyringName = "org.freedesktop.secrets"
	service     = "org.freedesktop.Secret.Service"
	item        = "org.freedesktop.Secret.Item"
	prompt      = "org.freedesktop.Secret.Prompt"
	path        = dbus.ObjectPath("/org/freedesktop/secrets")
	noPrompt    = dbus.ObjectPath("/")
	isLocked    = "org.freedesktop.Secret.Error.IsLocked"
	unknown     = "org.freedesktop.DBus.Error.ServiceUnknown"
	maxSecret   = 64 << 10 // longer ones are no passwords
	vpnSetting  = "vpn"
)

// Secrets returns those of the named secrets of the connection that are in the keyring, by name. address is
// that of the session bus. A computer without a keyring has none, which is not an error. The end of ctx ends
// every wait.
func Secrets(ctx context.Context, address, uuid string, names []string) (map[string]string, error) {
	// Not a session bus found by godbus, which might start one.
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("connecting to the session bus %s: %w", address, errors.Join(err, ctx.Err()))
	}
	defer conn.Close()
	k := reader{ctx: ctx, conn: conn, service: conn.Object(keyringName, path)}
	found := map[string]string{}
	for _, n := range names {
		value, ok, err := k.secret(uuid, n)
		if err != nil {
			return found, fmt.Errorf("looking up %s of connection %s in the keyring: %w", n, uuid, err)
		}
		if ok {
			found[n] = value
		}
	}
	return found, nil
}

// A reader is one conversation with the keyring.
type reader struct {
	ctx     context.Context
	conn    *dbus.Conn
	service dbus.BusObject
	session dbus.ObjectPath // "" until something is to be read
}

// secret returns one secret, false if the keyring does not have it or may not reveal it.
func (k *reader) secret(uuid, name string) (string, bool, error) {
	// As nm-applet and GNOME Shell store them; the connection's display name is there as well, but may change.
	attributes := map[string]string{"connection-uuid": uuid, "setting-name": vpnSetting, "setting-key": name}
	var open, locked []dbus.ObjectPath
	err := k.service.CallWithContext(k.ctx, service+".SearchItems", 0, attributes).Store(&open, &locked)
	if isError(err, unknown) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	if len(open) == 0 && len(locked) > 0 {
		if open, err = k.unlock(locked); err != nil {
			return "", false, err
		}
	}
	if len(open) == 0 {
		return "", false, nil
	}
	if k.session == "" {
		if k.session, err = openSession(k.ctx, k.service); err != nil {
			return "", false, err
		}
	}
	var found secret
	err = k.conn.Object(k.service.Destination(), open[0]).CallWithContext(k.ctx, item+".GetSecret", 0, k.session).Store(&found)
	if isError(err, isLocked) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	if len(found.Value) > maxSecret {
		return "", false, fmt.Errorf("the keyring's secret has %d bytes, more than %d", len(found.Value), maxSecret)
	}
	return string(found.Value), true, nil
}

// secret is the result of GetSecret: (oayays).
type secret struct {
	Session       dbus.ObjectPath
	Params, Value []byte
	ContentType   string
}

// openSession opens the session through which secrets are read. They cross the session bus as they are. The
// API also has a key exchange (1024-bit Diffie-Hellman, AES), which hides them from whoever watches the bus.
// But only the person's own programs and root can do that, and these may just as well ask the keyring;
// besides, agents send the same secrets to NetworkManager in the clear.
func openSession(ctx context.Context, keyring dbus.BusObject) (dbus.ObjectPath, error) {
	var output dbus.Variant
	var session dbus.ObjectPath
	err := keyring.CallWithContext(ctx, service+".OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&output, &session)
	return session, err
}

// unlock returns those items that the keyring unlocks without asking anyone.
func (k *reader) unlock(locked []dbus.ObjectPath) ([]dbus.ObjectPath, error) {
	var open []dbus.ObjectPath
	var ask dbus.ObjectPath
	if err := k.service.CallWithContext(k.ctx, service+".Unlock", 0, locked).Store(&open, &ask); err != nil {
		return nil, err
	}
	if ask != noPrompt {
		// The prompt is only shown on request; dismissing it spares the keyring keeping it.
		k.conn.Object(k.service.Destination(), ask).CallWithContext(k.ctx, prompt+".Dismiss", dbus.FlagNoReplyExpected)
	}
	return open, nil
}

func isError(err error, name string) bool {
	e, ok := errors.AsType[dbus.Error](err)
	return ok && e.Name == name
}

// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"errors"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"
)

// object has the methods of the interface, with the signatures that godbus derives
// from their Go types.
type object struct{ h Handler }

func (o *object) NeedSecrets(settings map[string]map[string]dbus.Variant) (string, *dbus.Error) {
	name, err := o.h.NeedSecrets(ownSecrets(settings))
	return name, reply(err)
}

func (o *object) Connect(sender dbus.Sender, settings map[string]map[string]dbus.Variant) *dbus.Error {
	return reply(o.h.Connect(string(sender), ownSecrets(settings), false))
}

// ConnectInteractive also receives details, which have been empty in every NetworkManager so far.
func (o *object) ConnectInteractive(sender dbus.Sender, settings map[string]map[string]dbus.Variant, _ map[string]dbus.Variant) *dbus.Error {
	return reply(o.h.Connect(string(sender), ownSecrets(settings), true))
}

func (o *object) NewSecrets(settings map[string]map[string]dbus.Variant) *dbus.Error {
	return reply(o.h.NewSecrets(ownSecrets(settings)))
}

func (o *object) Disconnect() *dbus.Error { return reply(o.h.Disconnect()) }

// reply maps a Go error to the D-Bus error of the contract. A nil *dbus.Error on failure would leave
// NetworkManager waiting for a configuration that never comes.
func reply(err error) *dbus.Error {
	if err == nil {
		return nil
	}
	name := ErrorFailed
	if e, ok := errors.AsType[*Error](err); ok {
		name = e.Name
	}
	return dbus.NewError(errorPrefix+string(name), []any{err.Error()})
}

var introspection = introspect.Interface{
	Name: Interface,
	Methods: []introspect.Method{
		{Name: "NeedSecrets", Args: []introspect.Arg{{Name: "settings", Type: "a{sa{sv}}", Direction: "in"}, {Name: "setting_name", Type: "s", Direction: "out"}}},
		{Name: "Connect", Args: []introspect.Arg{{Name: "connection", Type: "a{sa{sv}}", Direction: "in"}}},
		{Name: "ConnectInteractive", Args: []introspect.Arg{{Name: "connection", Type: "a{sa{sv}}", Direction: "in"}, {Name: "details", Type: "a{sv}", Direction: "in"}}},
		{Name: "NewSecrets", Args: []introspect.Arg{{Name: "connection", Type: "a{sa{sv}}", Direction: "in"}}},
		{Name: "Disconnect"},
	},
	Signals: []introspect.Signal{
		{Name: "StateChanged", Args: []introspect.Arg{{Name: "state", Type: "u"}}},
		{Name: "Failure", Args: []introspect.Arg{{Name: "reason", Type: "u"}}},
		{Name: "Config", Args: []introspect.Arg{{Name: "config", Type: "a{sv}"}}},
		{Name: "Ip4Config", Args: []introspect.Arg{{Name: "ip4config", Type: "a{sv}"}}},
		{Name: "Ip6Config", Args: []introspect.Arg{{Name: "ip6config", Type: "a{sv}"}}},
		{Name: "SecretsRequired", Args: []introspect.Arg{{Name: "message", Type: "s"}, {Name: "secrets", Type: "as"}}},
	},
	Properties: []introspect.Property{{Name: "State", Type: "u", Access: "read"}},
}

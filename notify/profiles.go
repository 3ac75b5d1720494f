// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"unicode"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/profile"
)

// A view is what is shown of a profile.
type view struct {
	name   string // connection.id, fit to be shown
	id     string // connection.id as it is
	uuid   string // connection.uuid
	device string // connection.interface-name
	data   map[string]string
	// wrong is what keeps the profile from being used, nil if nothing does.
	wrong error
}

// maxShownName is how many characters of a name in a profile are shown.
const maxShownName = 100

// value returns a value of vpn.data, or its default, fit to be shown.
func (v *view) value(key string) string {
	s := v.data[key]
	if k := profile.Lookup(key); s == "" && k != nil {
		s = k.Default
	}
	return shown(s)
}

// shown makes a name one short line, without characters that hide or reverse what is next to them.
func shown(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxShownName {
		return string(r[:maxShownName]) + "…"
	}
	return s
}

// profiles asks NetworkManager, which shows a profile to those it is for.
type profiles struct{ conn *dbus.Conn }

const (
	nmName       = "org.freedesktop.NetworkManager"
	settingsPath = "/org/freedesktop/NetworkManager/Settings"
	settingsName = nmName + ".Settings"
)

func (p *profiles) Of(uuid string) (*view, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerIn)
	defer cancel()
	var path dbus.ObjectPath
	if err := p.conn.Object(nmName, settingsPath).CallWithContext(ctx, settingsName+".GetConnectionByUuid", 0, uuid).Store(&path); err != nil {
		return nil, err
	}
	var settings map[string]map[string]dbus.Variant
	if err := p.conn.Object(nmName, path).CallWithContext(ctx, settingsName+".Connection.GetSettings", 0).Store(&settings); err != nil {
		return nil, err
	}
	return newView(settings), nil
}

func newView(settings map[string]map[string]dbus.Variant) *view {
	text := func(setting, property string) string {
		s, _ := settings[setting][property].Value().(string)
		return s
	}
	v := &view{name: shown(text("connection", "id")), id: text("connection", "id"), uuid: text("connection", "uuid"), device: shown(text("connection", "interface-name"))}
	v.data, _ = settings["vpn"]["data"].Value().(map[string]string)
	_, _, v.wrong = profile.Parse(profile.Source{
		ID: text("connection", "id"), UserName: text("vpn", "user-name"), InterfaceName: text("connection", "interface-name"),
		IPv4Method: text("ipv4", "method"), IPv6Method: text("ipv6", "method"), Data: v.data,
	})
	if user := text("vpn", "user-name"); v.data[profile.KeyUser] == "" && v.data != nil {
		v.data[profile.KeyUser] = user
	}
	return v
}

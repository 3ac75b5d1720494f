// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/po"
)

// desktop shows notifications according to the Desktop Notifications Specification.
type desktop struct{ conn *dbus.Conn }

const (
	notificationsName = "org.freedesktop.Notifications"
	notificationsPath = "/org/freedesktop/Notifications"
	answerIn          = 10 * time.Second
)

// markup escapes what a body must not contain.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// urgencyNormal is the specification's. GNOME shows lower ones only in its list.
const urgencyNormal byte = 1

func (d *desktop) Show(n notification, replaces uint32) (id uint32, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerIn)
	defer cancel()
	server := d.conn.Object(notificationsName, notificationsPath)
	var can []string
	if err := server.CallWithContext(ctx, notificationsName+".GetCapabilities", 0).Store(&can); err != nil {
		return 0, err
	}
	if slices.Contains(can, "body-markup") {
		n.body = markup.Replace(n.body)
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgencyNormal), "category": dbus.MakeVariant(n.category)}
	err = server.CallWithContext(ctx, notificationsName+".Notify", 0, po.T("SoftEther VPN"), replaces, n.icon, n.title, n.body,
		[]string{}, hints, int32(-1)).Store(&id)
	return id, err
}

// Close does not wait: if the notification is already gone, that does not matter.
func (d *desktop) Close(id uint32) {
	d.conn.Object(notificationsName, notificationsPath).Go(notificationsName+".CloseNotification", dbus.FlagNoReplyExpected, nil, id)
}

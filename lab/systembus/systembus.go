// SPDX-License-Identifier: Apache-2.0

// Package systembus configures a message bus as strict as a computer's system bus, for those who start a
// dbus-daemon of their own.
package systembus

import "strings"

// Nobody may own a name or call a method, as on Debian, unless RULES say so.
const config = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  RULES
</busconfig>
`

// Config returns the configuration file of a dbus-daemon that listens on the path socket. rules are further
// elements, as returned by [Include].
func Config(socket string, rules ...string) string {
	return strings.NewReplacer("SOCKET", socket, "RULES", strings.Join(rules, "\n  ")).Replace(config)
}

// Include returns the rule that includes those of a policy file.
func Include(file string) string { return "<include>" + file + "</include>" }

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"fmt"
	"strings"
)

const header = "#HostName,IP,Score,Ping,Speed,CountryLong,CountryShort,NumVpnSessions,Uptime,TotalUsers,TotalTraffic,LogType,Operator,Message,OpenVPN_ConfigData_Base64"

// config is an OpenVPN configuration as the list has it.
func config(lines ...string) string {
	return base64.StdEncoding.EncodeToString([]byte("# a comment; proto udp\r\ndev tun\r\n" + strings.Join(lines, "\r\n") + "\r\n<ca>\r\nremote 192.0.2.99 99\r\nproto udp\r\n</ca>\r\n"))
}

func tcp(port int) string { return config("proto tcp", fmt.Sprintf("remote 198.51.100.1 %d", port)) }

// row is a row of the list: address, ping, speed, country, code, sessions, uptime and the configuration.
func row(address, ping, speed, country, code, sessions, uptime, config string) string {
	return strings.Join([]string{"vpn1", address, "1234", ping, speed, country, code, sessions, uptime, "9", "99", "2weeks", "Someone's PC", "", config}, ",")
}

func japan(address string) string {
	return row(address, "12", "123456789", "Japan", "JP", "7", "172800000", tcp(443))
}

// listOf is a whole list of these rows.
func listOf(rows ...string) string {
	return "*vpn_servers\r\n" + header + "\r\n" + strings.Join(append(rows, "*"), "\r\n") + "\r\n"
}

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the connections of an office and of a full tunnel with nmcli. Passwords are asked for by "nmcli --ask connection up".
set -eu
nmcli connection add type vpn con-name Office-split vpn-type softether \
	vpn.data 'gateway=vpn.example.com, hub=OFFICE, user=joe, password-flags=1' \
	ipv4.never-default yes ipv6.never-default yes ipv4.dns-search office.example.com
nmcli connection add type vpn con-name Everything vpn-type softether \
	vpn.data 'gateway=vpn.example.com, hub=OFFICE, user=joe, password-flags=1, max-connections=8' \
	vpn.persistent yes ipv4.dns-priority -50 ipv6.dns-priority -50

// SPDX-License-Identifier: Apache-2.0

package main

// tail is the end of the page, with what no table contains.
const tail = `.SH ADDRESSES, ROUTES AND DNS
These are settings of NetworkManager, the same for every type of VPN; see
.BR nm\-settings (5).
With
.BR ipv4.method=auto ,
an address is requested by DHCP through the tunnel; with
.BR ipv6.method=auto ,
router advertisements are followed.
With any other method, nothing is requested from the network behind the tunnel.
A family whose
.B may\-fail
is yes, as it is by default, is not waited for once the other one is there; it joins later.
.PP
How addresses are obtained follows
.BR dhcp\-hostname " (unless vpn.data has a key of this name), " dhcp\-fqdn ,
.BR dhcp\-send\-hostname ", " dhcp\-client\-id ", " dhcp\-vendor\-class\-identifier ,
.BR dhcp\-timeout ", " dhcp\-reject\-servers ", " dhcp\-send\-release " and " dad\-timeout
of ipv4, and
.BR dhcp\-duid ", " dhcp\-iaid ", " token ", " addr\-gen\-mode " and " ip6\-privacy
of ipv6.
A property that cannot be followed is named in the log.
The name of this computer is sent only if one of them gives it.
.PP
.B nmcli \-f DHCP4
stays empty: NetworkManager shows there only the leases of its own client.
Address, routes, DNS and search domains are under
.BR "nmcli \-f IP4 connection show" ;
the whole lease, with the server, its times, WINS and time servers, is in the log after
.BR "nmcli general logging level KEEP domains VPN_PLUGIN:DEBUG" .
.PP
.B ipv4.never\-default=yes
makes a split tunnel: only the networks announced by the DHCP server or listed in
.B ipv4.routes
are reached through it.
That holds for IPv6, too, and for routes that are a default route in pieces, such as 0.0.0.0/1 and 128.0.0.0/1:
such routes are left out.
Without it, a connection whose network offers no default route says so, as traffic to other networks then stays outside the VPN.
.PP
While IPv4 has its default route in the tunnel and the VPN has no IPv6, IPv6 is blocked; see
.BR block\-ipv6 .
.PP
In a full tunnel, names should be asked of the VPN's name servers alone.
Connections that were imported, edited in a settings program or made by
.BR nm\-softether\-vpngate (1)
have
.B ipv4.dns\-priority=\-50
and
.B ipv6.dns\-priority=\-50
for that; give it to those made with
.BR nmcli (1).
Otherwise the local network's name servers are asked when those of the VPN do not answer.
.PP
.BR nm\-softether\-strict (1)
blocks all traffic outside the VPN, whether it is connected or not.
.PP
The name of the virtual network device is
.B connection.interface\-name
if set, else se0, se1 and so on.
.SH THE SERVER'S CERTIFICATE
It is verified before a password is sent.
If it cannot be verified, you are asked once whether to trust it, and shown its fingerprint.
The answers are yes and no, in any language of the dialogs, y and n; after anything else you are asked again.
A yes is stored as the secret
.BI trust\-sha256\- FINGERPRINT =yes
(64 hexadecimal digits without colons) and applies from then on.
If nobody can be asked, the connection fails and the log shows the fingerprint.
If the server later presents another certificate than the one you trusted, you are not asked again: the connection fails.
.PP
To read the fingerprint on the server, its administrator uses
.PP
.nf
openssl s_client \-connect localhost:443 </dev/null | openssl x509 \-noout \-fingerprint \-sha256
.fi
.PP
or with
.B ServerCertGet
of vpncmd, which writes the certificate to a file:
.PP
.nf
vpncmd localhost /SERVER /CMD ServerCertGet server.crt
openssl x509 \-noout \-fingerprint \-sha256 \-in server.crt
.fi
.SH SERVERS OF OTHER VERSIONS
Servers of version 5.02 (since June 2022) shorten the TCP segments inside the tunnel, to 1309 bytes over IPv4, as soon as they grant UDP acceleration,
whether or not it is used.
With
.BR udp\-acceleration=no ,
segments have their full length, 1460 bytes.
.SH EXAMPLES
A connection, and its first use:
.PP
.nf
nmcli connection add type vpn con\-name Office vpn\-type softether \e
      vpn.data 'gateway=vpn.example.com, hub=OFFICE, user=joe'
nmcli \-\-ask connection up Office
.fi
.PP
Accept only the server certificate with this fingerprint:
.PP
.nf
nmcli connection modify Office +vpn.data server\-cert\-sha256=FINGERPRINT
.fi
.PP
Forget the server certificate that you trusted, to be asked again:
.PP
.nf
nmcli connection modify Office \-vpn.secrets trust\-sha256\-FINGERPRINT
.fi
.PP
Store the password, for a computer that connects without anybody logged in
(without the plus signs, everything else stored there would be lost):
.PP
.nf
nmcli connection modify Office +vpn.data password\-flags=0 +vpn.secrets password=SECRET
.fi
.PP
An office by split tunnel: only its networks, and only its names, through the VPN:
.PP
.nf
nmcli connection modify Office ipv4.never\-default yes ipv6.never\-default yes \e
      ipv4.dns\-search office.example.com
.fi
.PP
A full tunnel that carries all names, reconnects without end, and besides blocks what would be sent while it is down, see
.BR nm\-softether\-strict (1):
.PP
.nf
nmcli connection modify Office ipv4.dns\-priority \-50 ipv6.dns\-priority \-50 vpn.persistent yes
nm\-softether\-strict on Office
.fi
.PP
The fastest relay of VPN Gate in Japan, see
.BR nm\-softether\-vpngate (1):
.PP
.nf
nm\-softether\-vpngate add \-\-country JP
.fi
.PP
Through a proxy that wants a password:
.PP
.nf
nmcli connection modify Office +vpn.data proxy\-type=http \e
      +vpn.data proxy\-server=proxy.example.com:3128 +vpn.data proxy\-user=joe
.fi
.PP
With a certificate instead of a password; the PKCS#12 file has certificate and key:
.PP
.nf
nmcli connection modify Office +vpn.data auth\-type=certificate +vpn.data cert=/home/joe/joe.p12 \e
      connection.permissions user:joe
.fi
.PP
A computer without a person, in the VPN whenever its network connection
.I Wired
is up (NetworkManager has no autoconnect for VPNs themselves):
.PP
.nf
nmcli connection modify Office +vpn.data password\-flags=0 +vpn.secrets password=SECRET vpn.persistent yes
nmcli connection modify Wired +connection.secondaries Office
.fi
.PP
A certificate that an administrator has pinned for everybody, so that nobody is asked and no other is accepted:
.PP
.nf
nmcli connection modify Office +vpn.data server\-cert\-check=pin +vpn.data server\-cert\-sha256=FINGERPRINT
.fi
.PP
Files to start from (keyfiles, a script for nmcli, Ansible, cloud\-init, a .vpn file) are in the folder
.I examples
of the documentation.
.SH SEE ALSO
.BR nm\-softether\-status (1),
.BR nm\-softether\-strict (1),
.BR nm\-softether\-vpngate (1),
.BR nm\-softether\-service (8),
.BR nmcli (1),
.BR nm\-settings (5),
.BR nm\-settings\-keyfile (5),
.BR NetworkManager (8)
`

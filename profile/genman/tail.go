// SPDX-License-Identifier: Apache-2.0

package main

// tail is the end of the page, which says what no table holds.
const tail = `.SH ADDRESSES, ROUTES AND DNS
These are settings of NetworkManager itself, the same for every kind of VPN; see
.BR nm\-settings (5).
With
.B ipv4.method=auto
an address is asked for by DHCP through the tunnel,
with
.B ipv6.method=auto
router advertisements are followed.
Any other method leaves the network behind the tunnel unasked.
.B ipv4.never\-default=yes
makes a split tunnel: only the networks named by the DHCP server or in
.B ipv4.routes
are reached through it.
The name of the virtual network device is
.B connection.interface\-name
if set, else se0, se1 and so on.
.SH THE SERVER'S CERTIFICATE
It is checked before a password leaves the computer.
If it does not verify and a person can be asked, they are asked once, with the fingerprint.
The answers are yes and no, in any language of the dialogs, y and n; anything else trusts nobody and asks again.
A yes is kept as the secret
.BI trust\-sha256\- FINGERPRINT =yes
(64 hexadecimal digits without colons) and decides from then on.
If nobody can be asked, the connection fails and the log shows the fingerprint.
A certificate that differs from a fingerprint kept earlier is never a question, but an error.
.PP
An administrator reads the fingerprint on the server:
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
.SH EXAMPLES
A connection, and its first use:
.PP
.nf
nmcli connection add type vpn con\-name Office vpn\-type softether \e
      vpn.data 'gateway=vpn.example.com, hub=OFFICE, user=joe'
nmcli \-\-ask connection up Office
.fi
.PP
Accept exactly one certificate of the server:
.PP
.nf
nmcli connection modify Office +vpn.data server\-cert\-sha256=FINGERPRINT
.fi
.PP
Forget the certificate that was trusted when asked, to be asked again:
.PP
.nf
nmcli connection modify Office \-vpn.secrets trust\-sha256\-FINGERPRINT
.fi
.PP
Store the password for a machine that starts without a person
(without the plus signs everything else stored there would be forgotten):
.PP
.nf
nmcli connection modify Office +vpn.data password\-flags=0 +vpn.secrets password=SECRET
.fi
.SH SEE ALSO
.BR nmcli (1),
.BR nm\-settings (5),
.BR nm\-settings\-keyfile (5),
.BR NetworkManager (8)
`

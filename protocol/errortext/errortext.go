// SPDX-License-Identifier: Apache-2.0

// Package errortext has sentences for the error codes of SoftEther servers (softether-protocol.md 14): what
// each means and what to do. They are English; whoever shows one to a person translates it with package po.
package errortext

// Of returns one or two sentences about a code.
func Of(code uint32) string {
	switch text, ok := reached[code]; {
	case ok:
		return text
	case others[code] != "":
		return others[code]
	case code < firstUnknown:
		return management
	}
	return unknown
}

// firstUnknown is the first number that no server version covered here uses.
const firstUnknown = 153

// Codes without an entry: either answers to management commands, which no login gets, or codes of a newer server.
//
//po:extract values
const (
	management = "The server answered with an error that belongs to server management. Ask its administrator to look at the server log."
	unknown    = "The server refused the connection with an error that this program does not know. Look up its number in the server's log or documentation."
)

const (
	askLicence = "The server has a problem with its licence. Tell its administrator."
	askCard    = "The smart card or security token could not be used. Check that it is inserted, that the PIN is correct, and that it contains the certificate and the key."
	askEdition = "The server runs a special edition that does not accept this program. Ask its administrator which client is needed."
	askCluster = "The cluster could not assign a server to this session. Try again; if the error persists, tell the administrator."
	askTLS     = "No encrypted connection to the server could be established. Check the address and the port, and whether the server's TLS settings are up to date."
)

// reached are the codes that servers send to a client, and those of other failures that a person is told
// about in the same words.
//
//po:extract map
var reached = map[uint32]string{
	0:   "The server reported no error.",
	1:   "The server could not be reached. Check its address and port, and your network connection.",
	2:   "There is no SoftEther VPN server at this address. Check the address and the port.",
	3:   "The server closed the connection. If this happens again, look at the server log.",
	4:   "The server did not understand the request. Please report this with the server's version.",
	5:   "The server did not recognize this program as a VPN client. A proxy or a firewall in between may be changing the traffic.",
	7:   "The server does not accept this authentication method. Choose another one in the settings of the connection.",
	8:   "The server has no virtual hub with this name. Check the virtual hub in the settings of the connection.",
	10:  "The virtual hub is offline. Ask its administrator to put it online.",
	11:  "The server removed the session. Connect again; if it is removed again, ask the administrator.",
	12:  "This user is not allowed to connect: the account has expired or is disabled, or this server is a cluster member. Ask the administrator, or use the address of the cluster controller.",
	13:  "The session has ended on the server. Connect again.",
	14:  "The session does not accept this connection. Connect again.",
	16:  "The virtual hub has reached its maximum number of sessions. Try again later, or ask the administrator to raise the limit.",
	17:  "The proxy could not be reached. Check the proxy's address and port.",
	18:  "The proxy refused or failed to connect to the VPN server. Check the proxy type, and whether the proxy allows this address and port.",
	19:  "The proxy did not accept the credentials. Check the proxy's user name and password.",
	20:  "This user already has the maximum number of sessions. End another session, or wait a minute until an interrupted one times out.",
	21:  askLicence,
	23:  "The server reported an internal error. If the error persists, ask its administrator to look at the server log.",
	33:  "This server does not allow VPN clients. Ask its administrator to enable them.",
	38:  management,
	48:  askCluster,
	49:  askCluster,
	51:  "Users without a password can only log in from the server itself. Ask the administrator to set a password.",
	52:  "This user does not have the required permission. Ask the administrator.",
	63:  "The server has reached its maximum number of users. Tell its administrator.",
	77:  "The server does not support this certificate's key. It must be an RSA key of 1024, 1536, 2048, 3072 or 4096 bits.",
	81:  "The VPN is blocked by security software. Ask its administrator.",
	86:  askEdition,
	87:  "The virtual hub requires a newer client. Ask its administrator to lower the required build number.",
	89:  askEdition,
	103: askLicence,
	104: askLicence,
	105: "The server does not accept sessions at the moment. Try again later, or ask its administrator.",
	109: "The virtual hub does not accept connections from your IP address. Connect from another network, or ask the administrator.",
	111: "The server is out of memory. Tell its administrator.",
	113: "The server reported a fatal error. Ask its administrator to look at the server log.",
	114: askLicence,
	115: "The server cannot verify its licence over the Internet. Tell its administrator.",
	116: askLicence,
	118: askLicence,
	119: askLicence,
	120: askLicence,
	121: askEdition,
	122: askEdition,
	123: "The server is a beta version that has expired. Ask its administrator to update it.",
	124: askEdition,
	125: askEdition,
	126: "The session has reached the time limit set by the server. Connect again if you still need the VPN.",
	127: "The virtual hub accepts only a particular client program. Ask its administrator which one.",
	128: askLicence,
	129: askLicence,
	130: askLicence,
	138: "The server cannot use this password for this authentication method. Ask the administrator to set it again.",
	143: "This edition of the server does not support RADIUS or certificate authentication. Choose another authentication method, or ask the administrator.",
	147: askEdition,
	150: askTLS,
	151: askTLS,
	152: askTLS,
}

// others are codes that the official client uses for itself, and those whose sentence names a key: a person
// is told in other words. They are for the log.
var others = map[uint32]string{
	6:   "The connection was cancelled.",
	9:   "The user name, the password or the certificate is wrong, or this user needs another authentication method. Check them; RADIUS and NT domain accounts need plain-password.",
	15:  "The session already has the highest number of TCP connections allowed. Use a lower number (max-connections).",
	22:  "The virtual network device does not work. Check that the tun module is loaded and that /dev/net/tun exists.",
	24:  askCard,
	25:  "The smart card's PIN is wrong. Enter the correct PIN; the card is locked after several wrong attempts.",
	26:  askCard,
	27:  askCard,
	28:  askCard,
	39:  askCard,
	40:  askCard,
	68:  "This user's password is not stored on the VPN server. Change it where the account is managed.",
	69:  "The old password is wrong. Enter it again.",
	85:  "The server certificate is not trusted. Ask the administrator for its fingerprint or for the CA certificate, and enter it in the settings of the connection.",
	101: "The clocks of this computer and of the server differ too much. Set the date and time.",
	106: "The server certificate has expired, or this computer's clock is wrong. Check the clock; if it is right, ask the administrator to renew the certificate.",
	107: "This user is not allowed to use monitoring mode. Turn it off (monitor-mode), or ask the administrator.",
	108: "This user is not allowed to bridge or route. Turn off bridge or router mode (bridge-mode), or ask the administrator.",
	131: "Several VPN servers share this address. Say which one you mean, as in address/name.",
	148: "The computer is going to sleep. The connection is restored when it wakes up.",
	149: "The server certificate was issued for another host name. Use that name as the server, or enter the certificate's fingerprint in the settings of the connection.",
}

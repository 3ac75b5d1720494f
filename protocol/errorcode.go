// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"

	"network-manager-softether/po"
)

// An ErrorCode is the number in the "error" element of a server's answer
// (softether-protocol.md 14; Cedar/Cedar.h). Codes that the official client only
// produces itself are in the table too, so that there is one vocabulary.
type ErrorCode uint32

// The codes this program names. Servers may send others.
const (
	CodeNone               ErrorCode = 0
	CodeConnectFailed      ErrorCode = 1
	CodeServerIsNotVPN     ErrorCode = 2
	CodeDisconnected       ErrorCode = 3
	CodeProtocolError      ErrorCode = 4
	CodeUserCancel         ErrorCode = 6
	CodeAuthTypeRefused    ErrorCode = 7
	CodeHubNotFound        ErrorCode = 8
	CodeAuthFailed         ErrorCode = 9
	CodeHubStopping        ErrorCode = 10
	CodeSessionRemoved     ErrorCode = 11
	CodeAccessDenied       ErrorCode = 12
	CodeSessionTimeout     ErrorCode = 13
	CodeInvalidProtocol    ErrorCode = 14
	CodeTooManyConnections ErrorCode = 15
	CodeHubIsBusy          ErrorCode = 16
	CodeProxyUnreachable   ErrorCode = 17
	CodeProxyError         ErrorCode = 18
	CodeProxyAuthFailed    ErrorCode = 19
	CodeTooManyUserSession ErrorCode = 20
	CodeDeviceDriver       ErrorCode = 22
	CodeNullPasswordLocal  ErrorCode = 51
	CodeNotRSA1024         ErrorCode = 77
	CodeCertNotTrusted     ErrorCode = 85
	CodeVersionInvalid     ErrorCode = 87
	CodeServerCertExpired  ErrorCode = 106
	CodeMonitorModeDenied  ErrorCode = 107
	CodeBridgeModeDenied   ErrorCode = 108
	CodeIPAddressDenied    ErrorCode = 109
	CodeAutoDisconnected   ErrorCode = 126
	CodePasswordReset      ErrorCode = 138
	CodeSuspending         ErrorCode = 148
	CodeHostnameMismatch   ErrorCode = 149
)

// A Kind says which part of a connection an error code belongs to.
type Kind uint8

const (
	// KindConnect is about the way to the server or the server's own state.
	KindConnect Kind = iota
	// KindLogin is about who the user is: asking for other credentials, or an
	// administrator, can help.
	KindLogin
	// KindLocal is about this computer.
	KindLocal
)

// String returns "connect", "login" or "local".
func (k Kind) String() string {
	switch k {
	case KindLogin:
		return "login"
	case KindLocal:
		return "local"
	default:
		return "connect"
	}
}

// A Retry says whether and when trying again by itself makes sense.
type Retry uint8

const (
	// RetryNo means that a person has to change something first.
	RetryNo Retry = iota
	// RetryNormal means after the usual interval.
	RetryNormal
	// RetryLater means after 60 s: the server is full or switched off.
	RetryLater
	// RetryNow means at once, with a full login.
	RetryNow
)

// String returns "no", "normal", "later" or "now".
func (r Retry) String() string {
	switch r {
	case RetryNormal:
		return "normal"
	case RetryLater:
		return "later"
	case RetryNow:
		return "now"
	default:
		return "no"
	}
}

// String returns the name of c as in the SoftEther sources without its prefix,
// such as "AUTH_FAILED", or "ERROR_n" for a code without an entry of its own.
func (c ErrorCode) String() string {
	if e, ok := errorCodes[c]; ok {
		return e.name
	}
	return fmt.Sprintf("ERROR_%d", uint32(c))
}

// Text returns one or two sentences for people: the cause and what to do.
func (c ErrorCode) Text() string { return po.T(c.entry().text) }

// Kind returns the part of the connection that c is about.
func (c ErrorCode) Kind() Kind { return c.entry().kind }

// Retry returns whether a new attempt without a person makes sense.
func (c ErrorCode) Retry() Retry { return c.entry().retry }

func (c ErrorCode) entry() errorEntry {
	if e, ok := errorCodes[c]; ok {
		return e
	}
	if c < firstUnknownCode {
		return managementEntry
	}
	return unknownEntry
}

type errorEntry struct {
	name  string
	kind  Kind
	retry Retry
	text  string
}

// firstUnknownCode is the first number no covered server version uses.
const firstUnknownCode ErrorCode = 153

// Codes without an entry: either answers to management commands, which no login
// gets, or codes of a newer server.
//
//po:extract text
var (
	managementEntry = errorEntry{kind: KindConnect, retry: RetryNo,
		text: "The server answered with an error that belongs to server management. Ask its administrator to look at the server log."}
	unknownEntry = errorEntry{kind: KindConnect, retry: RetryLater,
		text: "The server refused for a reason this program does not know. Look the number up in the server's log or documentation."}
)

const (
	askLicence = "The server has a problem with its licence. Its administrator has to solve it."
	askCard    = "The smart card or key token could not be used. Check that it is inserted, that the PIN is right and that it holds certificate and key."
	askEdition = "The server runs a special edition that does not accept this program. Ask its administrator which client is needed."
	askCluster = "The servers of the cluster could not agree on one for this session. Try again; if it stays so, tell the administrator."
	askTLS     = "No encrypted channel could be agreed with the server. Check address and port, and whether the server's TLS settings are up to date."
)

// errorCodes is softether-protocol.md 14 as a table.
//
//po:extract 3
var errorCodes = map[ErrorCode]errorEntry{
	0:   {"NO_ERROR", KindConnect, RetryNormal, "The server reported no error."},
	1:   {"CONNECT_FAILED", KindConnect, RetryNormal, "The server could not be reached. Check its address and port, and your network."},
	2:   {"SERVER_IS_NOT_VPN", KindConnect, RetryNo, "What answers at this address is not a SoftEther VPN server. Check address and port."},
	3:   {"DISCONNECTED", KindConnect, RetryNormal, "The server ended the connection. If that happens again, see the server log."},
	4:   {"PROTOCOL_ERROR", KindConnect, RetryNo, "The server did not understand the request. Please report this with the server's version."},
	5:   {"CLIENT_IS_NOT_VPN", KindConnect, RetryNo, "The server did not take this program for a VPN client. A proxy or firewall on the way may change the traffic."},
	6:   {"USER_CANCEL", KindLocal, RetryNo, "The connection was cancelled."},
	7:   {"AUTHTYPE_NOT_SUPPORTED", KindLogin, RetryNo, "The server does not accept this kind of authentication. Choose another one in the connection's settings."},
	8:   {"HUB_NOT_FOUND", KindConnect, RetryNo, "The server has no virtual hub of that name. Check the hub in the connection's settings."},
	9:   {"AUTH_FAILED", KindLogin, RetryNo, "User name, password or certificate is wrong, or this user needs another kind of authentication. Check them; accounts on RADIUS or an NT domain need plain-password."},
	10:  {"HUB_STOPPING", KindConnect, RetryLater, "The virtual hub is switched off. It has to be put online by its administrator."},
	11:  {"SESSION_REMOVED", KindConnect, RetryNormal, "The server removed the session. Connect again; if it is removed again, ask the administrator."},
	12:  {"ACCESS_DENIED", KindLogin, RetryNo, "This user may not connect: the account has expired or is blocked, or this server only takes sessions sent to it by its cluster controller. Ask the administrator, or use the controller's address."},
	13:  {"SESSION_TIMEOUT", KindConnect, RetryNow, "The server no longer knows the session. A new login is needed."},
	14:  {"INVALID_PROTOCOL", KindConnect, RetryNow, "The session does not take this kind of connection. A new login is needed."},
	15:  {"TOO_MANY_CONNECTION", KindConnect, RetryLater, "The session has all the parallel TCP connections it may have. Lower max-connections."},
	16:  {"HUB_IS_BUSY", KindConnect, RetryLater, "The virtual hub has reached its limit of sessions. Try again later or ask the administrator for a higher limit."},
	17:  {"PROXY_CONNECT_FAILED", KindConnect, RetryNormal, "The proxy could not be reached. Check the proxy's address and port."},
	18:  {"PROXY_ERROR", KindConnect, RetryNormal, "The proxy refused or failed to connect to the VPN server. Check the proxy type and whether it allows this address and port."},
	19:  {"PROXY_AUTH_FAILED", KindLogin, RetryNo, "The proxy did not accept the credentials. Check the proxy's user name and password."},
	20:  {"TOO_MANY_USER_SESSION", KindConnect, RetryLater, "This user is already connected as often as the server allows. End another session, or wait a minute for a lost one to time out."},
	21:  {"LICENSE_ERROR", KindConnect, RetryLater, askLicence},
	22:  {"DEVICE_DRIVER_ERROR", KindLocal, RetryNo, "The virtual network device does not work. Check that the tun module is loaded and /dev/net/tun exists."},
	23:  {"INTERNAL_ERROR", KindConnect, RetryNormal, "The server met an internal error. If it stays so, its administrator has to look at the server log."},
	24:  {"SECURE_DEVICE_OPEN_FAILED", KindLogin, RetryNo, askCard},
	25:  {"SECURE_PIN_LOGIN_FAILED", KindLogin, RetryNo, "The PIN of the smart card is wrong. Enter the right one; several wrong ones lock the card."},
	26:  {"SECURE_NO_CERT", KindLogin, RetryNo, askCard},
	27:  {"SECURE_NO_PRIVATE_KEY", KindLogin, RetryNo, askCard},
	28:  {"SECURE_28", KindLogin, RetryNo, askCard},
	33:  {"NOT_SUPPORTED", KindConnect, RetryNo, "VPN clients are not allowed on this server. Ask its administrator to enable that function."},
	38:  {"INVALID_PARAMETER", KindConnect, RetryNo, managementEntry.text},
	39:  {"SECURE_39", KindLogin, RetryNo, askCard},
	40:  {"SECURE_40", KindLogin, RetryNo, askCard},
	48:  {"CONNECT_TO_FARM_CONTROLLER", KindConnect, RetryNormal, askCluster},
	49:  {"COULD_NOT_HOST_HUB_ON_FARM", KindConnect, RetryNormal, askCluster},
	51:  {"NULL_PASSWORD_LOCAL_ONLY", KindLogin, RetryNo, "Users without a password may only log in from the server itself. Ask the administrator to set a password."},
	52:  {"NOT_ENOUGH_RIGHT", KindLogin, RetryNo, "This user may not do that. Ask the administrator."},
	63:  {"TOO_MANY_USER", KindConnect, RetryNo, "The server has reached its limit of users. Its administrator has to solve it."},
	68:  {"USER_AUTHTYPE_NOT_PASSWORD", KindLogin, RetryNo, "This user has no password on the server that could be changed. Change it where the account lives."},
	69:  {"OLD_PASSWORD_WRONG", KindLogin, RetryNo, "The old password is wrong. Enter it again."},
	77:  {"NOT_RSA_1024", KindLogin, RetryNo, "The server cannot use this certificate's key. It has to be an RSA key of 1024, 1536, 2048, 3072 or 4096 bits."},
	81:  {"SE_VPN_BLOCK", KindConnect, RetryNo, "A security product blocks the VPN. Ask the administrator of that product."},
	85:  {"CERT_NOT_TRUSTED", KindConnect, RetryNo, "The server's certificate is not trusted. Compare its fingerprint with the administrator's and pin it, or set the CA that issued it."},
	86:  {"PRODUCT_CODE_INVALID", KindConnect, RetryNo, askEdition},
	87:  {"VERSION_INVALID", KindConnect, RetryNo, "The virtual hub asks for a newer client. Ask its administrator to lower the required build."},
	89:  {"VPN_CODE_INVALID", KindConnect, RetryNo, askEdition},
	101: {"BAD_CLOCK", KindConnect, RetryNo, "The clocks of this computer and the server differ too much. Set the date and time."},
	103: {"CLIENT_LICENSE_NOT_ENOUGH", KindConnect, RetryLater, askLicence},
	104: {"BRIDGE_LICENSE_NOT_ENOUGH", KindConnect, RetryLater, askLicence},
	105: {"SERVER_CANT_ACCEPT", KindConnect, RetryLater, "The server takes no sessions at the moment. Try again later or ask its administrator."},
	106: {"SERVER_CERT_EXPIRES", KindConnect, RetryNo, "The server's certificate is out of date. Check this computer's clock; else the administrator has to renew it."},
	107: {"MONITOR_MODE_DENIED", KindConnect, RetryNo, "This user may not use monitor mode. Switch monitor-mode off or ask the administrator."},
	108: {"BRIDGE_MODE_DENIED", KindConnect, RetryNo, "This user may not bridge or route. Switch bridge-mode off or ask the administrator."},
	109: {"IP_ADDRESS_DENIED", KindConnect, RetryNo, "The virtual hub does not accept connections from your IP address. Connect from another network or ask the administrator."},
	111: {"MEMORY_NOT_ENOUGH", KindConnect, RetryNormal, "The server is out of memory. Its administrator has to look at it."},
	113: {"FATAL", KindConnect, RetryNormal, "The server met a fatal error. Its administrator has to look at the server log."},
	114: {"LICENSE_114", KindConnect, RetryNo, askLicence},
	115: {"SERVER_INTERNET_FAILED", KindConnect, RetryLater, "The server cannot check its licence over the Internet. Its administrator has to look at its network."},
	116: {"LICENSE_116", KindConnect, RetryNo, askLicence},
	118: {"LICENSE_118", KindConnect, RetryNo, askLicence},
	119: {"LICENSE_119", KindConnect, RetryNo, askLicence},
	120: {"LICENSE_120", KindConnect, RetryNo, askLicence},
	121: {"NOT_ADMINPACK_SERVER", KindConnect, RetryNo, askEdition},
	122: {"NOT_ADMINPACK_SERVER_NET", KindConnect, RetryNo, askEdition},
	123: {"BETA_EXPIRES", KindConnect, RetryNo, "The server is a beta version whose time is over. Its administrator has to update it."},
	124: {"BRANDED_C_TO_S", KindConnect, RetryNo, askEdition},
	125: {"BRANDED_C_FROM_S", KindConnect, RetryNo, askEdition},
	126: {"AUTO_DISCONNECTED", KindConnect, RetryNo, "The time the server allows for one session is over. Connect again when you need it."},
	127: {"CLIENT_ID_REQUIRED", KindConnect, RetryNo, "The virtual hub only accepts one particular client program. Ask its administrator which."},
	128: {"TOO_MANY_USERS_CREATED", KindConnect, RetryNo, askLicence},
	129: {"LICENSE_129", KindConnect, RetryNo, askLicence},
	130: {"LICENSE_130", KindConnect, RetryNo, askLicence},
	131: {"NAT_T_TWO_OR_MORE", KindConnect, RetryNo, "Several VPN servers share this address. Name the wanted one, as in address/name."},
	138: {"MSCHAP2_PASSWORD_NEED_RESET", KindLogin, RetryNo, "The password has to be set anew before it can be used this way. Ask the administrator."},
	143: {"NOT_SUPPORTED_AUTH_ON_OPENSOURCE", KindLogin, RetryNo, "This server's edition cannot check RADIUS or certificate logins. Choose another kind of authentication or ask the administrator."},
	147: {"NOT_SUPPORTED_FUNCTION_ON_OPENSOURCE", KindConnect, RetryNo, askEdition},
	148: {"SUSPENDING", KindConnect, RetryNow, "The computer went to sleep. The connection comes back when it wakes up."},
	149: {"HOSTNAME_MISMATCH", KindConnect, RetryNo, "The server's certificate is for another host name. Use the name in the certificate, or pin the certificate."},
	150: {"SSL_PROTOCOL_VERSION", KindConnect, RetryNo, askTLS},
	151: {"SSL_SHARED_CIPHER", KindConnect, RetryNo, askTLS},
	152: {"SSL_HANDSHAKE", KindConnect, RetryNo, askTLS},
}

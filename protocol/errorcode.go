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
		text: "The server refused the connection with an error that this program does not know. Look up its number in the server's log or documentation."}
)

const (
	askLicence = "The server has a problem with its licence. Tell its administrator."
	askCard    = "The smart card or security token could not be used. Check that it is inserted, that the PIN is correct, and that it contains the certificate and the key."
	askEdition = "The server runs a special edition that does not accept this program. Ask its administrator which client is needed."
	askCluster = "The cluster could not assign a server to this session. Try again; if the error persists, tell the administrator."
	askTLS     = "No encrypted connection to the server could be established. Check the address and the port, and whether the server's TLS settings are up to date."
)

// errorCodes is softether-protocol.md 14 as a table.
//
//po:extract 3
var errorCodes = map[ErrorCode]errorEntry{
	0:   {"NO_ERROR", KindConnect, RetryNormal, "The server reported no error."},
	1:   {"CONNECT_FAILED", KindConnect, RetryNormal, "The server could not be reached. Check its address and port, and your network connection."},
	2:   {"SERVER_IS_NOT_VPN", KindConnect, RetryNo, "There is no SoftEther VPN server at this address. Check the address and the port."},
	3:   {"DISCONNECTED", KindConnect, RetryNormal, "The server closed the connection. If this happens again, look at the server log."},
	4:   {"PROTOCOL_ERROR", KindConnect, RetryNo, "The server did not understand the request. Please report this with the server's version."},
	5:   {"CLIENT_IS_NOT_VPN", KindConnect, RetryNo, "The server did not recognize this program as a VPN client. A proxy or a firewall in between may be changing the traffic."},
	6:   {"USER_CANCEL", KindLocal, RetryNo, "The connection was cancelled."},
	7:   {"AUTHTYPE_NOT_SUPPORTED", KindLogin, RetryNo, "The server does not accept this authentication method. Choose another one in the settings of the connection."},
	8:   {"HUB_NOT_FOUND", KindConnect, RetryNo, "The server has no virtual hub with this name. Check the virtual hub in the settings of the connection."},
	9:   {"AUTH_FAILED", KindLogin, RetryNo, "The user name, the password or the certificate is wrong, or this user needs another authentication method. Check them; RADIUS and NT domain accounts need plain-password."},
	10:  {"HUB_STOPPING", KindConnect, RetryLater, "The virtual hub is offline. Ask its administrator to put it online."},
	11:  {"SESSION_REMOVED", KindConnect, RetryNormal, "The server removed the session. Connect again; if it is removed again, ask the administrator."},
	12:  {"ACCESS_DENIED", KindLogin, RetryNo, "This user is not allowed to connect: the account has expired or is disabled, or this server is a cluster member. Ask the administrator, or use the address of the cluster controller."},
	13:  {"SESSION_TIMEOUT", KindConnect, RetryNow, "The session has ended on the server. Connect again."},
	14:  {"INVALID_PROTOCOL", KindConnect, RetryNow, "The session does not accept this connection. Connect again."},
	15:  {"TOO_MANY_CONNECTION", KindConnect, RetryLater, "The session already has the highest number of TCP connections allowed. Use a lower number (max-connections)."},
	16:  {"HUB_IS_BUSY", KindConnect, RetryLater, "The virtual hub has reached its maximum number of sessions. Try again later, or ask the administrator to raise the limit."},
	17:  {"PROXY_CONNECT_FAILED", KindConnect, RetryNormal, "The proxy could not be reached. Check the proxy's address and port."},
	18:  {"PROXY_ERROR", KindConnect, RetryNormal, "The proxy refused or failed to connect to the VPN server. Check the proxy type, and whether the proxy allows this address and port."},
	19:  {"PROXY_AUTH_FAILED", KindLogin, RetryNo, "The proxy did not accept the credentials. Check the proxy's user name and password."},
	20:  {"TOO_MANY_USER_SESSION", KindConnect, RetryLater, "This user already has the maximum number of sessions. End another session, or wait a minute until an interrupted one times out."},
	21:  {"LICENSE_ERROR", KindConnect, RetryLater, askLicence},
	22:  {"DEVICE_DRIVER_ERROR", KindLocal, RetryNo, "The virtual network device does not work. Check that the tun module is loaded and that /dev/net/tun exists."},
	23:  {"INTERNAL_ERROR", KindConnect, RetryNormal, "The server reported an internal error. If the error persists, ask its administrator to look at the server log."},
	24:  {"SECURE_DEVICE_OPEN_FAILED", KindLogin, RetryNo, askCard},
	25:  {"SECURE_PIN_LOGIN_FAILED", KindLogin, RetryNo, "The smart card's PIN is wrong. Enter the correct PIN; the card is locked after several wrong attempts."},
	26:  {"SECURE_NO_CERT", KindLogin, RetryNo, askCard},
	27:  {"SECURE_NO_PRIVATE_KEY", KindLogin, RetryNo, askCard},
	28:  {"SECURE_28", KindLogin, RetryNo, askCard},
	33:  {"NOT_SUPPORTED", KindConnect, RetryNo, "This server does not allow VPN clients. Ask its administrator to enable them."},
	38:  {"INVALID_PARAMETER", KindConnect, RetryNo, managementEntry.text},
	39:  {"SECURE_39", KindLogin, RetryNo, askCard},
	40:  {"SECURE_40", KindLogin, RetryNo, askCard},
	48:  {"CONNECT_TO_FARM_CONTROLLER", KindConnect, RetryNormal, askCluster},
	49:  {"COULD_NOT_HOST_HUB_ON_FARM", KindConnect, RetryNormal, askCluster},
	51:  {"NULL_PASSWORD_LOCAL_ONLY", KindLogin, RetryNo, "Users without a password can only log in from the server itself. Ask the administrator to set a password."},
	52:  {"NOT_ENOUGH_RIGHT", KindLogin, RetryNo, "This user does not have the required permission. Ask the administrator."},
	63:  {"TOO_MANY_USER", KindConnect, RetryNo, "The server has reached its maximum number of users. Tell its administrator."},
	68:  {"USER_AUTHTYPE_NOT_PASSWORD", KindLogin, RetryNo, "This user's password is not stored on the VPN server. Change it where the account is managed."},
	69:  {"OLD_PASSWORD_WRONG", KindLogin, RetryNo, "The old password is wrong. Enter it again."},
	77:  {"NOT_RSA_1024", KindLogin, RetryNo, "The server does not support this certificate's key. It must be an RSA key of 1024, 1536, 2048, 3072 or 4096 bits."},
	81:  {"SE_VPN_BLOCK", KindConnect, RetryNo, "The VPN is blocked by security software. Ask its administrator."},
	85:  {"CERT_NOT_TRUSTED", KindConnect, RetryNo, "The server certificate is not trusted. Ask the administrator for its fingerprint or for the CA certificate, and enter it in the settings of the connection."},
	86:  {"PRODUCT_CODE_INVALID", KindConnect, RetryNo, askEdition},
	87:  {"VERSION_INVALID", KindConnect, RetryNo, "The virtual hub requires a newer client. Ask its administrator to lower the required build number."},
	89:  {"VPN_CODE_INVALID", KindConnect, RetryNo, askEdition},
	101: {"BAD_CLOCK", KindConnect, RetryNo, "The clocks of this computer and of the server differ too much. Set the date and time."},
	103: {"CLIENT_LICENSE_NOT_ENOUGH", KindConnect, RetryLater, askLicence},
	104: {"BRIDGE_LICENSE_NOT_ENOUGH", KindConnect, RetryLater, askLicence},
	105: {"SERVER_CANT_ACCEPT", KindConnect, RetryLater, "The server does not accept sessions at the moment. Try again later, or ask its administrator."},
	106: {"SERVER_CERT_EXPIRES", KindConnect, RetryNo, "The server certificate has expired, or this computer's clock is wrong. Check the clock; if it is right, ask the administrator to renew the certificate."},
	107: {"MONITOR_MODE_DENIED", KindConnect, RetryNo, "This user is not allowed to use monitoring mode. Turn it off (monitor-mode), or ask the administrator."},
	108: {"BRIDGE_MODE_DENIED", KindConnect, RetryNo, "This user is not allowed to bridge or route. Turn off bridge or router mode (bridge-mode), or ask the administrator."},
	109: {"IP_ADDRESS_DENIED", KindConnect, RetryNo, "The virtual hub does not accept connections from your IP address. Connect from another network, or ask the administrator."},
	111: {"MEMORY_NOT_ENOUGH", KindConnect, RetryNormal, "The server is out of memory. Tell its administrator."},
	113: {"FATAL", KindConnect, RetryNormal, "The server reported a fatal error. Ask its administrator to look at the server log."},
	114: {"LICENSE_114", KindConnect, RetryNo, askLicence},
	115: {"SERVER_INTERNET_FAILED", KindConnect, RetryLater, "The server cannot verify its licence over the Internet. Tell its administrator."},
	116: {"LICENSE_116", KindConnect, RetryNo, askLicence},
	118: {"LICENSE_118", KindConnect, RetryNo, askLicence},
	119: {"LICENSE_119", KindConnect, RetryNo, askLicence},
	120: {"LICENSE_120", KindConnect, RetryNo, askLicence},
	121: {"NOT_ADMINPACK_SERVER", KindConnect, RetryNo, askEdition},
	122: {"NOT_ADMINPACK_SERVER_NET", KindConnect, RetryNo, askEdition},
	123: {"BETA_EXPIRES", KindConnect, RetryNo, "The server is a beta version that has expired. Ask its administrator to update it."},
	124: {"BRANDED_C_TO_S", KindConnect, RetryNo, askEdition},
	125: {"BRANDED_C_FROM_S", KindConnect, RetryNo, askEdition},
	126: {"AUTO_DISCONNECTED", KindConnect, RetryNo, "The session has reached the time limit set by the server. Connect again if you still need the VPN."},
	127: {"CLIENT_ID_REQUIRED", KindConnect, RetryNo, "The virtual hub accepts only a particular client program. Ask its administrator which one."},
	128: {"TOO_MANY_USERS_CREATED", KindConnect, RetryNo, askLicence},
	129: {"LICENSE_129", KindConnect, RetryNo, askLicence},
	130: {"LICENSE_130", KindConnect, RetryNo, askLicence},
	131: {"NAT_T_TWO_OR_MORE", KindConnect, RetryNo, "Several VPN servers share this address. Say which one you mean, as in address/name."},
	138: {"MSCHAP2_PASSWORD_NEED_RESET", KindLogin, RetryNo, "The server cannot use this password for this authentication method. Ask the administrator to set it again."},
	143: {"NOT_SUPPORTED_AUTH_ON_OPENSOURCE", KindLogin, RetryNo, "This edition of the server does not support RADIUS or certificate authentication. Choose another authentication method, or ask the administrator."},
	147: {"NOT_SUPPORTED_FUNCTION_ON_OPENSOURCE", KindConnect, RetryNo, askEdition},
	148: {"SUSPENDING", KindConnect, RetryNow, "The computer is going to sleep. The connection is restored when it wakes up."},
	149: {"HOSTNAME_MISMATCH", KindConnect, RetryNo, "The server certificate was issued for another host name. Use that name as the server, or enter the certificate's fingerprint in the settings of the connection."},
	150: {"SSL_PROTOCOL_VERSION", KindConnect, RetryNo, askTLS},
	151: {"SSL_SHARED_CIPHER", KindConnect, RetryNo, askTLS},
	152: {"SSL_HANDSHAKE", KindConnect, RetryNo, askTLS},
}

// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"

	"network-manager-softether/protocol/errortext"
)

// An ErrorCode is the number in the "error" element of a server's answer (softether-protocol.md 14;
// Cedar/Cedar.h). Codes that only the official client itself produces are in the table too, so that there is
// one vocabulary.
type ErrorCode uint32

// The codes this program names. Servers may send others.
const (
	CodeNone               ErrorCode = 0
	CodeConnectFailed      ErrorCode = 1
	CodeServerIsNotVPN     ErrorCode = 2
	CodeDisconnected       ErrorCode = 3
	CodeProtocolError      ErrorCode = 4
	CodeUserCancel         ErrorCode = 6
	CodeHubNotFound        ErrorCode = 8
	CodeAuthFailed         ErrorCode = 9
	CodeHubStopping        ErrorCode = 10
	CodeAccessDenied       ErrorCode = 12
	CodeSessionTimeout     ErrorCode = 13
	CodeTooManyConnections ErrorCode = 15
	CodeProxyUnreachable   ErrorCode = 17
	CodeProxyError         ErrorCode = 18
	CodeProxyAuthFailed    ErrorCode = 19
	CodeTooManyUserSession ErrorCode = 20
	CodeNotRSA1024         ErrorCode = 77
	CodeCertNotTrusted     ErrorCode = 85
	CodeServerCertExpired  ErrorCode = 106
	CodeAutoDisconnected   ErrorCode = 126
	CodePasswordReset      ErrorCode = 138
	CodeHandshake          ErrorCode = 152
)

// A Kind says which part of a connection an error code belongs to.
type Kind uint8

const (
	// KindConnect concerns the path to the server or the server's own state.
	KindConnect Kind = iota
	// KindLogin concerns who the user is: other credentials, or an administrator, can help.
	KindLogin
	// KindLocal concerns this computer.
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
	// RetryLater means at growing intervals: the server is full or switched off.
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
func (c ErrorCode) Text() string { return errortext.Of(uint32(c)) }

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
}

// firstUnknownCode is the first number that no server version covered here uses.
const firstUnknownCode ErrorCode = 153

// Codes without an entry: either answers to management commands, which no login
// gets, or codes of a newer server.
var (
	managementEntry = errorEntry{kind: KindConnect, retry: RetryNo}
	unknownEntry    = errorEntry{kind: KindConnect, retry: RetryLater}
)

// errorCodes is softether-protocol.md 14 as a table; package errortext has the sentences.
var errorCodes = map[ErrorCode]errorEntry{
	0:   {"NO_ERROR", KindConnect, RetryNormal},
	1:   {"CONNECT_FAILED", KindConnect, RetryNormal},
	2:   {"SERVER_IS_NOT_VPN", KindConnect, RetryNo},
	3:   {"DISCONNECTED", KindConnect, RetryNormal},
	4:   {"PROTOCOL_ERROR", KindConnect, RetryNo},
	5:   {"CLIENT_IS_NOT_VPN", KindConnect, RetryNo},
	6:   {"USER_CANCEL", KindLocal, RetryNo},
	7:   {"AUTHTYPE_NOT_SUPPORTED", KindLogin, RetryNo},
	8:   {"HUB_NOT_FOUND", KindConnect, RetryNo},
	9:   {"AUTH_FAILED", KindLogin, RetryNo},
	10:  {"HUB_STOPPING", KindConnect, RetryLater},
	11:  {"SESSION_REMOVED", KindConnect, RetryNormal},
	12:  {"ACCESS_DENIED", KindLogin, RetryNo},
	13:  {"SESSION_TIMEOUT", KindConnect, RetryNow},
	14:  {"INVALID_PROTOCOL", KindConnect, RetryNow},
	15:  {"TOO_MANY_CONNECTION", KindConnect, RetryLater},
	16:  {"HUB_IS_BUSY", KindConnect, RetryLater},
	17:  {"PROXY_CONNECT_FAILED", KindConnect, RetryNormal},
	18:  {"PROXY_ERROR", KindConnect, RetryNormal},
	19:  {"PROXY_AUTH_FAILED", KindLogin, RetryNo},
	20:  {"TOO_MANY_USER_SESSION", KindConnect, RetryLater},
	21:  {"LICENSE_ERROR", KindConnect, RetryLater},
	22:  {"DEVICE_DRIVER_ERROR", KindLocal, RetryNo},
	23:  {"INTERNAL_ERROR", KindConnect, RetryNormal},
	24:  {"SECURE_DEVICE_OPEN_FAILED", KindLogin, RetryNo},
	25:  {"SECURE_PIN_LOGIN_FAILED", KindLogin, RetryNo},
	26:  {"SECURE_NO_CERT", KindLogin, RetryNo},
	27:  {"SECURE_NO_PRIVATE_KEY", KindLogin, RetryNo},
	28:  {"SECURE_28", KindLogin, RetryNo},
	33:  {"NOT_SUPPORTED", KindConnect, RetryNo},
	38:  {"INVALID_PARAMETER", KindConnect, RetryNo},
	39:  {"SECURE_39", KindLogin, RetryNo},
	40:  {"SECURE_40", KindLogin, RetryNo},
	48:  {"CONNECT_TO_FARM_CONTROLLER", KindConnect, RetryNormal},
	49:  {"COULD_NOT_HOST_HUB_ON_FARM", KindConnect, RetryNormal},
	51:  {"NULL_PASSWORD_LOCAL_ONLY", KindLogin, RetryNo},
	52:  {"NOT_ENOUGH_RIGHT", KindLogin, RetryNo},
	63:  {"TOO_MANY_USER", KindConnect, RetryNo},
	68:  {"USER_AUTHTYPE_NOT_PASSWORD", KindLogin, RetryNo},
	69:  {"OLD_PASSWORD_WRONG", KindLogin, RetryNo},
	77:  {"NOT_RSA_1024", KindLogin, RetryNo},
	81:  {"SE_VPN_BLOCK", KindConnect, RetryNo},
	85:  {"CERT_NOT_TRUSTED", KindConnect, RetryNo},
	86:  {"PRODUCT_CODE_INVALID", KindConnect, RetryNo},
	87:  {"VERSION_INVALID", KindConnect, RetryNo},
	89:  {"VPN_CODE_INVALID", KindConnect, RetryNo},
	101: {"BAD_CLOCK", KindConnect, RetryNo},
	103: {"CLIENT_LICENSE_NOT_ENOUGH", KindConnect, RetryLater},
	104: {"BRIDGE_LICENSE_NOT_ENOUGH", KindConnect, RetryLater},
	105: {"SERVER_CANT_ACCEPT", KindConnect, RetryLater},
	106: {"SERVER_CERT_EXPIRES", KindConnect, RetryNo},
	107: {"MONITOR_MODE_DENIED", KindConnect, RetryNo},
	108: {"BRIDGE_MODE_DENIED", KindConnect, RetryNo},
	109: {"IP_ADDRESS_DENIED", KindConnect, RetryNo},
	111: {"MEMORY_NOT_ENOUGH", KindConnect, RetryNormal},
	113: {"FATAL", KindConnect, RetryNormal},
	114: {"LICENSE_114", KindConnect, RetryNo},
	115: {"SERVER_INTERNET_FAILED", KindConnect, RetryLater},
	116: {"LICENSE_116", KindConnect, RetryNo},
	118: {"LICENSE_118", KindConnect, RetryNo},
	119: {"LICENSE_119", KindConnect, RetryNo},
	120: {"LICENSE_120", KindConnect, RetryNo},
	121: {"NOT_ADMINPACK_SERVER", KindConnect, RetryNo},
	122: {"NOT_ADMINPACK_SERVER_NET", KindConnect, RetryNo},
	123: {"BETA_EXPIRES", KindConnect, RetryNo},
	124: {"BRANDED_C_TO_S", KindConnect, RetryNo},
	125: {"BRANDED_C_FROM_S", KindConnect, RetryNo},
	126: {"AUTO_DISCONNECTED", KindConnect, RetryNo},
	127: {"CLIENT_ID_REQUIRED", KindConnect, RetryNo},
	128: {"TOO_MANY_USERS_CREATED", KindConnect, RetryNo},
	129: {"LICENSE_129", KindConnect, RetryNo},
	130: {"LICENSE_130", KindConnect, RetryNo},
	131: {"NAT_T_TWO_OR_MORE", KindConnect, RetryNo},
	138: {"MSCHAP2_PASSWORD_NEED_RESET", KindLogin, RetryNo},
	143: {"NOT_SUPPORTED_AUTH_ON_OPENSOURCE", KindLogin, RetryNo},
	147: {"NOT_SUPPORTED_FUNCTION_ON_OPENSOURCE", KindConnect, RetryNo},
	148: {"SUSPENDING", KindConnect, RetryNow},
	149: {"HOSTNAME_MISMATCH", KindConnect, RetryNo},
	150: {"SSL_PROTOCOL_VERSION", KindConnect, RetryNo},
	151: {"SSL_SHARED_CIPHER", KindConnect, RetryNo},
	152: {"SSL_HANDSHAKE", KindConnect, RetryNo},
}

// SPDX-License-Identifier: Apache-2.0

// Package notice is what the service tells the people at the computer beyond what NetworkManager can: why a
// connection failed or ended, and that its session is lost or back.
//
// The service broadcasts it as a D-Bus signal on the system bus, where everybody may listen. So a notice
// contains nothing but the profile's UUID, words of this package and a number. Whoever may see the profile
// makes a sentence of it, with the names in that profile and in the person's language: see the program
// nm-softether-notify.
package notice

// The signal Told(s uuid, s event, s reason, u number).
const (
	Path      = "/org/freedesktop/NetworkManager/softether"
	Interface = "org.freedesktop.NetworkManager.softether.Notice"
	Signal    = "Told"
)

// A Notice is one such signal.
type Notice struct {
	UUID   string // UUID of the profile
	Event  Event
	Reason Reason // of Failed and Ended
	Number uint32 // as the reason says
}

// An Event is what has happened to a connection.
type Event string

// The events. Every connection that notices were sent about ends with Stopped, after Failed or Ended unless
// it ended as wanted.
const (
	Failed    Event = "failed" // before it was up
	Ended     Event = "ended"  // after that
	Lost      Event = "lost"   // the session, which is being restored
	Connected Event = "connected"
	Stopped   Event = "stopped"
)

// A Reason is why a connection failed or ended. New versions may have more.
type Reason string

// The reasons.
const (
	Other         Reason = "other"
	ServerRefused Reason = "server-refused" // the number is SoftEther's error code

	Unreachable  Reason = "unreachable"
	PortClosed   Reason = "port-closed"
	NoSuchHost   Reason = "no-such-host"
	DNSFailed    Reason = "dns-failed"
	TimedOut     Reason = "timed-out"
	NotSoftEther Reason = "not-softether"
	Malformed    Reason = "malformed-answer"
	TLSFailed    Reason = "tls-failed"
	NoEncryption Reason = "no-encryption"
	RedirectLoop Reason = "redirect-loop"
	SessionLost  Reason = "session-lost"

	ServerCertificate        Reason = "server-certificate" // does not verify, and nobody was there to be asked
	ServerCertificateChanged Reason = "server-certificate-changed"
	MemberCertificate        Reason = "member-certificate" // of another server of the cluster

	UserCertificate        Reason = "user-certificate" // cannot be read or used
	UserCertificateKey     Reason = "user-certificate-key"
	UserCertificateOther   Reason = "user-certificate-of-another-key"
	UserCertificateExpired Reason = "user-certificate-expired"
	UserCertificateEarly   Reason = "user-certificate-not-yet-valid"
	KeyPassword            Reason = "key-password"
	SecretsMissing         Reason = "secrets-missing" // and nobody was there to be asked
	FileMissing            Reason = "file-missing"    // the number is a File
	FileForbidden          Reason = "file-forbidden"  // the same
	FileUnusable           Reason = "file-unusable"   // the same

	ProxyUnreachable Reason = "proxy-unreachable"
	ProxyFailed      Reason = "proxy-failed"
	ProxyDenied      Reason = "proxy-denied"
	ProxyUserMissing Reason = "proxy-user-missing"

	NoAddress       Reason = "no-address"
	AddressUnusable Reason = "address-unusable"
	AddressLost     Reason = "address-lost"

	NoIPv6 Reason = "no-ipv6" // where the profile insists on it

	NoNetwork  Reason = "no-network" // below the VPN
	NoTUN      Reason = "no-tun"
	NameTaken  Reason = "name-taken"
	DeviceGone Reason = "device-gone"
	Settings   Reason = "settings" // a value in the profile
)

// The files that a profile names.
const (
	FileCert uint32 = iota
	FileKey
	FileCA
)

// SPDX-License-Identifier: Apache-2.0

package nmvpn

import "fmt"

// Names on the bus (networkmanager.md 0).
const (
	Path      = "/org/freedesktop/NetworkManager/VPN/Plugin"
	Interface = "org.freedesktop.NetworkManager.VPN.Plugin"

	errorPrefix = "org.freedesktop.NetworkManager.VPN.Error."
)

// State is NMVpnServiceState.
type State uint32

// The states of a plugin (networkmanager.md 2.3). SHUTDOWN (2) is unused.
const (
	StateUnknown  State = 0
	StateInit     State = 1
	StateStarting State = 3
	StateStarted  State = 4
	StateStopping State = 5
	StateStopped  State = 6
)

func (s State) String() string {
	switch s {
	case StateInit:
		return "init"
	case StateStarting:
		return "starting"
	case StateStarted:
		return "started"
	case StateStopping:
		return "stopping"
	case StateStopped:
		return "stopped"
	}
	return fmt.Sprintf("state %d", uint32(s))
}

// Failure is NMVpnPluginFailure: the three reasons NetworkManager can tell a user.
type Failure uint32

// The failures (networkmanager.md 2.3).
const (
	FailureLogin       Failure = 0
	FailureConnect     Failure = 1
	FailureBadIPConfig Failure = 2
)

func (f Failure) String() string {
	switch f {
	case FailureLogin:
		return "login failed"
	case FailureConnect:
		return "connect failed"
	case FailureBadIPConfig:
		return "bad IP configuration"
	}
	return fmt.Sprintf("failure %d", uint32(f))
}

// ErrorName is the last part of an error name under org.freedesktop.NetworkManager.VPN.Error.
type ErrorName string

// The errors that a method call can be answered with (networkmanager.md 2.4). NetworkManager treats them all
// alike, but people who read the journal do not.
const (
	ErrorFailed             ErrorName = "Failed"
	ErrorStoppingInProgress ErrorName = "StoppingInProgress"
	ErrorAlreadyStopped     ErrorName = "AlreadyStopped"
	ErrorWrongState         ErrorName = "WrongState"
	ErrorBadArguments       ErrorName = "BadArguments"
	ErrorLaunchFailed       ErrorName = "LaunchFailed"
	ErrorInvalidConnection  ErrorName = "InvalidConnection"
)

// An Error is the answer to a method call that was itself wrong. Whatever the network or the server causes is
// never an Error: it is a [Failure] followed by [StateStopped].
type Error struct {
	Name ErrorName
	Text string
}

func (e *Error) Error() string { return e.Text }

// Errorf returns an [*Error] with a formatted text.
func Errorf(name ErrorName, format string, args ...any) *Error {
	return &Error{Name: name, Text: fmt.Sprintf(format, args...)}
}

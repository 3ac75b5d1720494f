// SPDX-License-Identifier: Apache-2.0

package nmvpn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"
	"github.com/godbus/dbus/v5/prop"

	"network-manager-softether/service/notice"
)

// Settings is a connection as NetworkManager sends it: setting, property, value. It may contain secrets:
// never log one.
type Settings map[string]map[string]dbus.Variant

// A Handler carries out NetworkManager's calls. Every call arrives in a goroutine of its own and must be
// answered within 10 s, or NetworkManager gives up the activation. An error that is an [*Error] keeps its
// name, any other becomes [ErrorFailed].
type Handler interface {
	// NeedSecrets returns the name of the setting that lacks a secret, "vpn", or "".
	NeedSecrets(Settings) (string, error)
	// Connect starts a connection. caller is the unique bus name of the caller; unless interactive is set,
	// Plugin.SecretsRequired must not be used.
	Connect(caller string, s Settings, interactive bool) error
	// NewSecrets is the answer to Plugin.SecretsRequired: the whole connection again.
	NewSecrets(Settings) error
	Disconnect() error
}

// ErrNameTaken is returned by [Serve] when somebody else owns the bus name.
var ErrNameTaken = errors.New("the bus name is taken: is another instance of the service running?")

// ErrNotAllowed is returned by [Serve] when the policy of the bus does not let this user own the name.
var ErrNotAllowed = errors.New("the policy of the system bus refuses the name")

// A Plugin is the exported object. Its methods send signals; they are safe for concurrent use, but their
// order is up to the caller.
type Plugin struct {
	conn  *dbus.Conn
	props *prop.Properties
	log   *slog.Logger
}

// Serve exports the plugin on conn and then takes the name, in this order: NetworkManager calls within a
// millisecond of the name's appearance. ready is called in between, and has to provide what h needs to
// answer. The state is [StateInit].
func Serve(conn *dbus.Conn, name string, h Handler, log *slog.Logger, ready func(*Plugin)) (*Plugin, error) {
	p := &Plugin{conn: conn, log: log}
	obj := &object{h}
	if err := conn.Export(obj, Path, Interface); err != nil {
		return nil, fmt.Errorf("export %s: %w", Interface, err)
	}
	var err error
	p.props, err = prop.Export(conn, Path, prop.Map{Interface: {
		"State": {Value: uint32(StateInit), Emit: prop.EmitTrue},
	}})
	if err != nil {
		return nil, fmt.Errorf("export properties: %w", err)
	}
	node := &introspect.Node{Name: Path, Interfaces: []introspect.Interface{
		introspect.IntrospectData, prop.IntrospectData, introspection,
	}}
	if err := conn.Export(introspect.NewIntrospectable(node), Path, "org.freedesktop.DBus.Introspectable"); err != nil {
		return nil, fmt.Errorf("export introspection: %w", err)
	}
	ready(p)
	reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue)
	if refused := new(dbus.Error); errors.As(err, refused) && refused.Name == "org.freedesktop.DBus.Error.AccessDenied" {
		return nil, fmt.Errorf("%w %s (is the D-Bus policy of network-manager-softether installed?): %w", ErrNotAllowed, name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("take the bus name %s: %w", name, err)
	}
	if reply != dbus.RequestNameReplyPrimaryOwner {
		return nil, fmt.Errorf("%s: %w", name, ErrNameTaken)
	}
	p.emit("StateChanged", uint32(StateInit))
	return p, nil
}

// StateChanged announces s, which also becomes the property State.
func (p *Plugin) StateChanged(s State) {
	p.emit("StateChanged", uint32(s))
	p.props.SetMust(Interface, "State", uint32(s))
}

// Failure announces the reason for the next [StateStopped]. By itself it ends nothing.
func (p *Plugin) Failure(f Failure) { p.emit("Failure", uint32(f)) }

// Config announces the tunnel; it must come before IP4Config and IP6Config.
func (p *Plugin) Config(c Config) { p.emit("Config", c.dict()) }

// IP4Config announces the IPv4 configuration, which replaces the previous one.
func (p *Plugin) IP4Config(c IPConfig) { p.emit("Ip4Config", c.dict4()) }

// IP6Config announces the IPv6 configuration, which replaces the previous one.
func (p *Plugin) IP6Config(c IPConfig) { p.emit("Ip6Config", c.dict6()) }

// SecretsRequired asks the user, through NetworkManager's agents, for the secrets named
// by hints; NewSecrets is the answer. Nothing answers if nobody can be asked:
// NetworkManager then ends the activation.
func (p *Plugin) SecretsRequired(message string, hints []string) {
	p.emit("SecretsRequired", Text(message), hints)
}

// Notice broadcasts a notice to the people at the computer.
func (p *Plugin) Notice(n notice.Notice) {
	err := p.conn.Emit(notice.Path, notice.Interface+"."+notice.Signal, Text(n.UUID), string(n.Event), string(n.Reason), n.Number)
	if err != nil {
		p.log.Warn("D-Bus signal not sent", "signal", notice.Signal, "error", err)
	}
}

func (p *Plugin) emit(signal string, args ...any) {
	if err := p.conn.Emit(Path, Interface+"."+signal, args...); err != nil {
		p.log.Warn("D-Bus signal not sent", "signal", signal, "error", err)
	}
}

// flushTimeout bounds the round trip of [Plugin.Flush].
const flushTimeout = 2 * time.Second

// Flush waits until the bus has taken every signal sent so far: what a process still holds when it exits is
// lost.
func (p *Plugin) Flush() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	if err := p.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetId", 0).Err; err != nil {
		p.log.Debug("D-Bus flush failed", "error", err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"network-manager-softether/profile"
	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
)

// NeedSecrets tells NetworkManager whether it has to get secrets before Connect. A faulty profile is no
// reason to ask for secrets, and an error here would be shown as "no valid secrets": Connect refuses it with
// the right words.
func (c *connection) NeedSecrets(s nmvpn.Settings) (setting string, err error) {
	err = c.call(func() error {
		c.about.setConnection(source(s).UUID)
		p, warnings, perr := profile.Parse(source(s))
		c.warn(warnings)
		if perr != nil {
			c.log.Debug("profile not usable, Connect will say so", "error", perr)
			return nil
		}
		c.login.lacking = nil
		if missing := p.MissingSecrets(); len(missing) > 0 {
			c.log.Info("secrets needed", "secrets", missing)
			c.login.lacking = p
			setting = "vpn"
			c.login.asking = question{time.Now(), errSecretsMissing}
			if c.phase == idle {
				c.waitForConnect()
			}
		}
		return nil
	})
	return setting, err
}

// Connect checks the profile and starts the first attempt; everything else is reported by signals.
func (c *connection) Connect(caller string, s nmvpn.Settings, interactive bool) error {
	return c.call(func() error {
		if c.phase != idle {
			return nmvpn.Errorf(nmvpn.ErrorWrongState, "a connection is already %v in this process", c.phase)
		}
		c.waitForConnect() // after a refused Connect, Disconnect or the timer ends the process
		if err := unfinished(s); err != nil {
			c.failAfterReply(s, err)
			return nil
		}
		p, err := c.parse(s)
		if err != nil {
			c.log.Error("VPN connection failed: the profile is not usable", "error", err)
			c.tellUnusable(s)
			return err
		}
		stopTimer(&c.quit)
		c.watchGround()
		c.login.lacking = nil
		c.profile, c.login.interactive = p, interactive
		c.owners = uidsOf(p.Users, c.log)
		c.log.Info("connecting", "profile", p.ID, "server", p.Gateway.String(), "hub", p.Hub, "user", p.User,
			"auth", p.AuthType, "interactive", interactive, "caller", caller)
		// NetworkManager does not call Disconnect when it stops or crashes.
		c.unwatch = c.nm.WatchPeer(caller, func() {
			c.post(func() { c.peerGone("NetworkManager has left the bus") })
		})
		c.editWhileAsking()
		c.startConnecting()
		return nil
	})
}

// unfinished returns the error of a profile that lacks a user or a server, as .vpn files that are passed on
// often do. If the bus call failed, its owner would only see "failed to start"; instead the connection is
// accepted and then fails.
func unfinished(s nmvpn.Settings) error {
	if _, ok := s["vpn"]; !ok {
		return nil
	}
	_, _, err := profile.Parse(source(s))
	if missing, ok := errors.AsType[*profile.MissingError](err); ok && (missing.Key == profile.KeyUser || missing.Key == profile.KeyGateway) {
		return missing
	}
	return nil
}

// failAfterReply ends a connection that cannot be tried, after NetworkManager has had its reply.
func (c *connection) failAfterReply(s nmvpn.Settings, err error) {
	c.about.setConnection(source(s).UUID)
	stopTimer(&c.quit)
	c.enter(connecting)
	era := c.attempts.era
	c.after(replyFirst, func() {
		if era == c.attempts.era && c.phase == connecting {
			c.tellUnusable(s)
			c.fail(nmvpn.FailureConnect, err)
		}
	})
}

// peerGone ends the connection when nobody is left to use it.
func (c *connection) peerGone(why string) {
	if c.phase != stopped {
		c.log.Warn(why + ", disconnecting")
		c.stop()
	}
}

// NewSecrets brings the answer to what ask has asked.
func (c *connection) NewSecrets(s nmvpn.Settings) error {
	return c.call(func() error {
		if c.phase != asking {
			return nmvpn.Errorf(nmvpn.ErrorWrongState, "no secrets were asked for")
		}
		p, err := c.parse(s)
		if err != nil {
			c.log.Error("the new secrets came with a profile that is not usable", "error", err)
			return err
		}
		c.profile = p
		c.answered()
		return nil
	})
}

// Disconnect ends the connection, in any phase, before it returns.
func (c *connection) Disconnect() error {
	return c.call(func() error {
		switch c.phase {
		case stopped:
			return nmvpn.Errorf(nmvpn.ErrorAlreadyStopped, "the VPN connection has ended already")
		case connecting:
			c.interrupted()
			c.nm.Failure(nmvpn.FailureConnect)
		case asking:
			c.notice("disconnecting: there was no answer")
			c.tellUnasked()
			c.nm.Failure(nmvpn.FailureConnect)
		case idle:
			c.tellUnasked()
			c.unasked("NetworkManager wants no connection any more")
		default:
			c.notice("disconnecting, as NetworkManager asked", "was", c.phase.String())
		}
		c.stop()
		return nil
	})
}

// interrupted logs what a connection was doing when NetworkManager ended it: because its timer expired, and
// then something was too slow, or because the user wanted it.
func (c *connection) interrupted() {
	r := c.attempts.running
	if r == nil {
		return // failAfterReply has not had its turn
	}
	waited := time.Since(r.since)
	at := r.stuckAt()
	if waited < c.profile.Timeout-time.Second {
		c.notice("disconnecting while connecting", "after", waited.Round(time.Millisecond), "at", at)
		return
	}
	c.logFailure(nmvpn.FailureConnect, fmt.Errorf("no connection within %v (vpn.timeout): %w: %v", c.profile.Timeout, protocol.ErrTimeout, at))
}

// unasked logs that no Connect is coming. If secrets were missing, that is a failure that nobody else
// explains.
func (c *connection) unasked(why string, attrs ...any) {
	if c.login.lacking == nil {
		c.log.Info(why, attrs...)
		return
	}
	missing, name := c.login.lacking.MissingSecrets(), c.login.lacking.ShellName()
	c.log.Error("VPN connection failed: nobody could be asked for "+strings.Join(missing, ", "),
		"remedy", fmt.Sprintf("nmcli --ask connection up %s, or store it: nmcli connection modify %s vpn.secrets %s=...", name, name, missing[0]))
}

// remember keeps the secrets in s together with earlier ones, the newer ones taking precedence, and puts all
// of them into s.
func (c *connection) remember(s nmvpn.Settings) {
	all := maps.Clone(c.login.secrets)
	if all == nil {
		all = make(map[string]string)
	}
	maps.Copy(all, value[map[string]string](s["vpn"], "secrets"))
	c.login.secrets = all
	s["vpn"]["secrets"] = dbus.MakeVariant(all)
}

// warn logs warnings about the profile, each once: NetworkManager passes the same profile several times, and
// a connection may fail at each of them.
func (c *connection) warn(warnings []profile.Warning) {
	for _, w := range warnings {
		if said := w.String(); !slices.Contains(c.warned, said) {
			c.warned = append(c.warned, said)
			c.log.Warn("profile: " + said)
		}
	}
}

// parse turns settings into a profile, its warnings into log lines and its errors into those that D-Bus has
// for them.
func (c *connection) parse(s nmvpn.Settings) (*profile.Profile, error) {
	if _, ok := s["vpn"]; !ok {
		return nil, nmvpn.Errorf(nmvpn.ErrorInvalidConnection, "the connection has no vpn setting")
	}
	c.remember(s)
	c.about.setConnection(source(s).UUID)
	p, warnings, err := profile.Parse(source(s))
	c.warn(warnings)
	if missing, ok := errors.AsType[*profile.MissingError](err); ok {
		return nil, nmvpn.Errorf(nmvpn.ErrorInvalidConnection, "%v", missing)
	}
	if err != nil {
		return nil, nmvpn.Errorf(nmvpn.ErrorBadArguments, "%v", err)
	}
	return p, nil
}

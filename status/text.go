// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"network-manager-softether/po"
)

// text returns what people see.
func text(found []connection, now time.Time) string {
	var b strings.Builder
	for i, c := range found {
		if i > 0 {
			b.WriteByte('\n')
		}
		block(&b, &c, now)
	}
	return b.String()
}

func block(b *strings.Builder, c *connection, now time.Time) {
	title := po.F(textReconnecting, plain(c.ID), plain(c.Interface))
	if c.Session != nil {
		title = po.F(textUp, plain(c.ID), plain(c.Interface), lasting(now.Sub(time.Unix(c.Session.Since, 0))))
	}
	b.WriteString(title + "\n")
	type line struct{ head, text string }
	lines := []line{{textServer, c.Server}}
	if s := c.Session; s != nil {
		lines[0].text = po.F(textServerAt, c.Server, s.ServerAddress)
		lines = append(lines,
			line{textSoftware, po.F(textVersion, s.ServerProduct, s.ServerVersion/100, s.ServerVersion%100, s.ServerBuild)})
	}
	lines = append(lines, line{textHub, c.Hub}, line{textUser, c.User})
	if s := c.Session; s != nil {
		lines = append(lines, line{textSession, s.Name},
			line{textEncryption, s.TLS + ", " + s.Cipher},
			line{textCertificate, s.Certificate},
			line{textConnections, connections(s)},
			line{textUDP, udp(s)})
	}
	lines = append(lines,
		line{textAddresses, strings.Join(c.Addresses, ", ")},
		line{textReceived, po.F(textTraffic, volume(c.ReceivedBytes), c.ReceivedFrames)},
		line{textSent, po.F(textTraffic, volume(c.SentBytes), c.SentFrames)},
		line{textOvercome, po.F(textRecoveries, c.Reattachments, c.NewLogins)})
	for _, l := range lines {
		if l.text != "" {
			b.WriteString("  " + po.F(textLine, po.T(l.head), plain(l.text)) + "\n")
		}
	}
}

func connections(s *session) string {
	text := po.F(textOf, s.Connections, s.MaxConnections)
	if s.HalfDuplex {
		text += ", " + po.T(textHalfDuplex)
	}
	if s.Compression {
		text += ", " + po.T(textCompressed)
	}
	return text
}

// udpTexts has a text for each state of protocol.UDPState.
var udpTexts = map[string]string{
	"none": textUDPNone, "reserve": textUDPReserve, "silent": textUDPSilent, "ready": textUDPReady, "carrying": textUDPCarrying,
}

func udp(s *session) string {
	text, known := udpTexts[s.UDP]
	if !known {
		return s.UDP
	}
	if s.UDPVersion == 0 {
		return po.T(text)
	}
	return po.F(textUDPVersion, po.T(text), s.UDPVersion)
}

// lasting formats a duration in its two largest units.
func lasting(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return po.F(textSeconds, d/time.Second)
	case d < time.Hour:
		return po.F(textMinutes, d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return po.F(textHours, d/time.Hour, d%time.Hour/time.Minute)
	}
	return po.F(textDays, d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// volume formats a number of bytes in the unit that leaves one to three digits before the point.
func volume(n uint64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), 0
	for f >= 999.95 && unit < len(units)-1 {
		f /= 1000
		unit++
	}
	return fmt.Sprintf("%.1f %s", f, units[unit])
}

var units = []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}

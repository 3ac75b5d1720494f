// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"net/netip"
	"strings"
	"time"

	"network-manager-softether/po"
)

// A list is VPN Gate's list of relays. Every row that is not empty is counted in exactly one of relays, noTCP
// and damaged.
type list struct {
	relays   []relay
	noTCP    int  // rows of relays without a TCP port: only OpenVPN over UDP
	damaged  int  // rows that make no sense
	complete bool // the end mark was found
}

// Bounds on a row.
const (
	maxRows    = 20_000    // the real list has about 100
	maxRow     = 256 << 10 // bytes; real ones have about 10,000, nearly all of it the OpenVPN configuration
	maxCountry = 40        // characters
	maxWord    = 80        // characters
	maxPing    = 1_000_000 // ms
	maxUptime  = 100 * 365 * 24 * time.Hour
)

// Columns by their names in the second line of the list.
const (
	colAddress  = "IP"
	colScore    = "Score"
	colPing     = "Ping"
	colSpeed    = "Speed"
	colCountry  = "CountryLong"
	colCode     = "CountryShort"
	colSessions = "NumVpnSessions"
	colUptime   = "Uptime"
	colLogs     = "LogType"
	colOperator = "Operator"
	colConfig   = "OpenVPN_ConfigData_Base64"
)

// needed are the columns without which a list is of no use.
var needed = []string{colAddress, colPing, colSpeed, colCountry, colCode, colSessions, colUptime, colConfig}

var errNotList error = po.Message(textErrNotList)

// parseList reads the list as VPN Gate serves it: a line "*vpn_servers", a line "#HostName,IP,...", one row
// of comma-separated values per relay, and a line "*". A row that makes no sense is counted, but is not an
// error. Columns are found by name.
func parseList(data []byte) (*list, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	first, data := line(data)
	if strings.TrimSpace(string(first)) != "*vpn_servers" {
		return nil, errNotList
	}
	header, data := line(data)
	columns, width, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	l := &list{}
	for len(data) > 0 {
		var row []byte
		row, data = line(data)
		if len(row) == 0 {
			continue
		}
		if row[0] == '*' {
			l.complete = true
			break
		}
		if len(l.relays)+l.noTCP+l.damaged == maxRows {
			return nil, po.Errorf(textErrRows, maxRows)
		}
		r, err := parseRow(row, columns, width)
		switch {
		case errors.Is(err, errNoTCP):
			l.noTCP++
		case err != nil:
			l.damaged++
		default:
			l.relays = append(l.relays, r)
		}
	}
	return l, nil
}

// line cuts off the first line, without its end.
func line(data []byte) (first, rest []byte) {
	first, rest, _ = bytes.Cut(data, []byte("\n"))
	return bytes.TrimSuffix(first, []byte("\r")), rest
}

// parseHeader returns the positions of the columns and how many there are.
func parseHeader(header []byte) (map[string]int, int, error) {
	names, err := fields(bytes.TrimPrefix(header, []byte("#")))
	if err != nil || len(header) == 0 || header[0] != '#' {
		return nil, 0, errNotList
	}
	columns := make(map[string]int)
	for i, name := range names {
		if _, twice := columns[name]; !twice {
			columns[name] = i
		}
	}
	for _, name := range needed {
		if _, ok := columns[name]; !ok {
			return nil, 0, po.Errorf(textErrColumns, name)
		}
	}
	return columns, len(names), nil
}

// fields splits one line. Line by line, a stray quotation mark damages one row instead of all that follow.
func fields(row []byte) ([]string, error) {
	if len(row) > maxRow {
		return nil, errDamaged
	}
	if bytes.IndexByte(row, '"') < 0 { // nearly always the case
		return strings.Split(string(row), ","), nil
	}
	r := csv.NewReader(bytes.NewReader(row))
	r.LazyQuotes = true
	return r.Read()
}

var (
	errDamaged = errors.New("damaged row")
	errNoTCP   = errors.New("no TCP port")
)

// parseRow reads one row; the error is errNoTCP, or the row is damaged.
func parseRow(row []byte, columns map[string]int, width int) (relay, error) {
	if bytes.Count(row, []byte(",")) < width-1 {
		return relay{}, errDamaged
	}
	values, err := fields(row)
	if err != nil || len(values) != width {
		return relay{}, errDamaged
	}
	get := func(name string) string {
		if i, ok := columns[name]; ok {
			return values[i]
		}
		return ""
	}
	addr, err := netip.ParseAddr(get(colAddress))
	if addr = addr.Unmap(); err != nil || !public(addr) {
		return relay{}, errDamaged
	}
	r := relay{
		addr: addr, code: countryCode(get(colCode)), country: shown(get(colCountry), maxCountry),
		logs: shown(get(colLogs), maxWord), operator: shown(get(colOperator), maxWord),
	}
	var uptime int64 // ms
	for _, n := range []struct {
		to   *int64
		name string
		most int64
	}{
		{&r.score, colScore, 1e15},
		{&r.speed, colSpeed, 1e15},
		{&r.ping, colPing, maxPing},
		{&r.sessions, colSessions, 1e9},
		{&uptime, colUptime, maxUptime.Milliseconds()},
	} {
		var ok bool
		if *n.to, ok = number(get(n.name), n.most); !ok {
			return relay{}, errDamaged
		}
	}
	r.uptime = max(0, time.Duration(uptime)*time.Millisecond)
	r.speed, r.score = max(0, r.speed), max(0, r.score)
	config, err := base64.StdEncoding.DecodeString(get(colConfig))
	if err != nil {
		return relay{}, errDamaged
	}
	var ok bool
	if r.port, ok = tcpPort(string(config)); !ok {
		return relay{}, errNoTCP
	}
	return r, nil
}

// number reads decimal digits up to a bound; "-" and an empty text mean unknown.
func number(s string, most int64) (int64, bool) {
	if s == "" || s == "-" {
		return unknown, true
	}
	var n int64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > most {
			return 0, false
		}
	}
	return n, true
}

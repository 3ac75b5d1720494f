// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
)

// jsonRelay is a relay for programs. The names are part of the interface: data/nm-softether-vpngate.1 lists
// them. Numbers that the list does not give are null.
type jsonRelay struct {
	Address  string `json:"address"`
	Port     uint16 `json:"port"`
	Code     string `json:"country_code"`
	Country  string `json:"country"`
	Speed    *int64 `json:"speed_bps"`
	Ping     *int64 `json:"ping_ms"`
	Sessions *int64 `json:"sessions"`
	Uptime   *int64 `json:"uptime_s"`
	Score    int64  `json:"score"`
	Logs     string `json:"logs"`
	Operator string `json:"operator"`
}

type jsonList struct {
	Relays   []jsonRelay `json:"relays"`
	NoTCP    int         `json:"without_tcp"`
	Damaged  int         `json:"damaged"`
	Complete bool        `json:"complete"`
}

// jsonAdded is the answer of add.
type jsonAdded struct {
	Name    string `json:"name"`
	UUID    string `json:"uuid"`
	Address string `json:"address"`
	Port    uint16 `json:"port"`
	Added   bool   `json:"added"` // false: it already existed
}

// known turns n into a pointer, nil if n is unknown.
func known(n, unknown int64) *int64 {
	if n == unknown {
		return nil
	}
	return &n
}

func jsonOf(l *list, chosen []relay) jsonList {
	out := jsonList{Relays: []jsonRelay{}, NoTCP: l.noTCP, Damaged: l.damaged, Complete: l.complete}
	for _, r := range chosen {
		out.Relays = append(out.Relays, jsonRelay{
			Address: r.addr.String(), Port: r.port, Code: r.code, Country: r.country,
			Speed: known(r.speed, 0), Ping: known(r.ping, unknown), Sessions: known(r.sessions, unknown),
			Uptime: known(int64(r.uptime.Seconds()), 0), Score: r.score, Logs: r.logs, Operator: r.operator,
		})
	}
	return out
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
